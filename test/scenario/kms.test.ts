import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as grpc from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { KEY_NAME, startKms } from '../support/kms-server.js';
import { append } from '../support/log.js';
import {
  eventually,
  runCommand,
  runOnce,
  type Settings,
  Shipper,
  settings,
  writeConfig,
} from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

async function shippingWith(signing: Settings) {
  const folder = await temporaryFolder();
  const archive = join(folder, 'archive');
  const configWith = (more: Settings): Settings =>
    settings(folder, [join(folder, 'log.csv')], {
      archive: { to: `file:${archive}`, ...more },
    });
  const config = configWith(signing);
  const objects = async (): Promise<string[]> =>
    (await readdir(archive, { recursive: true }).catch(() => [])).filter(name => name.endsWith('.gz')).sort();
  const lines = async (): Promise<string[]> =>
    (
      await Promise.all(
        (await objects()).map(async name => gunzipSync(await readFile(join(archive, name))).toString()),
      )
    )
      .join('')
      .split('\n')
      .filter(Boolean);
  const verify = async (...keys: string[]) =>
    (await runCommand(['verify', `file:${archive}`, ...keys.flatMap(key => ['--public-key', key])])).code;
  return { folder, archive, config, configWith, objects, lines, verify };
}

async function textsIn(folder: string): Promise<string> {
  const names = await readdir(folder);
  return (await Promise.all(names.map(name => readFile(join(folder, name), 'utf8')))).join('');
}

async function publicPem(folder: string, name: string, key: KeyObject): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, key.export({ type: 'spki', format: 'pem' }));
  return path;
}

async function privatePem(folder: string, name: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const path = join(folder, name);
  await writeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return { setting: `file:${path}`, public: await publicPem(folder, `${name}.pub`, publicKey) };
}

test.each(['EC_SIGN_ED25519', 'EC_SIGN_P256_SHA256'] as const)(
  'seals are signed by a key in Cloud KMS: %s',
  async algorithm => {
    const kms = await startKms(algorithm);
    const { folder, config, verify, lines } = await shippingWith({
      signingKey: `kms:${KEY_NAME}`,
      signingKeyEndpoint: kms.endpoint,
    });
    await append(join(folder, 'log.csv'), 1, 3);
    expect((await runOnce(folder, config)).code).toBe(0);
    expect(await verify(await publicPem(folder, 'kms.pem', kms.publicKey))).toBe(0);
    const other = generateKeyPairSync('ed25519').publicKey;
    expect(await verify(await publicPem(folder, 'other.pem', other))).toBe(1);
    const seals = (await lines()).map(line => JSON.parse(line)).filter(({ kind }) => kind === 'seal');
    expect(seals.map(({ seal }) => seal.key)).toEqual(
      seals.map(() => expect.stringMatching(/^[0-9a-f]{64}$/)),
    );
    const { code, output } = await runCommand([
      'check',
      '--config',
      await writeConfig(folder, config),
      '--json',
    ]);
    expect({ code, output }).toMatchObject({ output: expect.stringContaining('signs the seals') });
  },
);

describe('while Cloud KMS is down', () => {
  test.each([
    ['it refuses', grpc.status.UNAVAILABLE],
    ['it does not answer', 'stall'],
    ['bytes change on the way', 'flip'],
  ] as const)('%s: the segment goes on, and the seal comes when it can', async (_name, fault) => {
    const kms = await startKms();
    const { folder, config, objects, verify } = await shippingWith({
      segment: { maxAge: '300ms' },
      signingKey: `kms:${KEY_NAME}`,
      signingKeyEndpoint: kms.endpoint,
    });
    await append(join(folder, 'log.csv'), 1, 3);
    expect((await runOnce(folder, config)).code).toBe(0);
    const before = (await objects()).length;
    kms.fault = fault;
    await append(join(folder, 'log.csv'), 4, 6);
    const shipper = await Shipper.start(folder, config);
    await shipper.eventuallyLogged('signing-failed');
    await append(join(folder, 'log.csv'), 7, 9);
    await eventually(async () => (await textsIn(join(folder, 'logging'))).includes('/9"'));
    expect(await objects()).toHaveLength(before);
    const { problems } = JSON.parse((await shipper.get('/internal/status.json')).body);
    expect(problems).toMatchObject([{ code: 'seal-unsigned' }]);
    kms.fault = null;
    await eventually(async () => (await objects()).length > before);
    await shipper.eventuallyLogged('signing-recovered');
    expect(await shipper.stop()).toBe(0);
    expect(await verify(await publicPem(folder, 'kms.pem', kms.publicKey))).toBe(0);
  });

  test('at the end: what is not sealed stays in the journal for the next start', async () => {
    const kms = await startKms();
    const { folder, config, objects, verify } = await shippingWith({
      signingKey: `kms:${KEY_NAME}`,
      signingKeyEndpoint: kms.endpoint,
    });
    await append(join(folder, 'log.csv'), 1, 3);
    expect((await runOnce(folder, config)).code).toBe(0);
    kms.fault = grpc.status.PERMISSION_DENIED;
    await append(join(folder, 'log.csv'), 4, 6);
    const { output } = await runOnce(folder, config);
    expect(output).toContain('grant roles/cloudkms.signerVerifier');
    expect(await objects()).toHaveLength(1);
    kms.fault = null;
    expect((await runOnce(folder, config)).code).toBe(0);
    expect(await verify(await publicPem(folder, 'kms.pem', kms.publicKey))).toBe(0);
  });
});

describe('a change of key', () => {
  test('is vouched for by the old one, whose last seal covers the event that names the new one', async () => {
    const { folder, configWith, lines, verify } = await shippingWith({});
    const [first, second] = [await privatePem(folder, 'first.pem'), await privatePem(folder, 'second.pem')];
    const ship = async (run: number, signing: Settings) => {
      await append(join(folder, 'log.csv'), run * 3 + 1, run * 3 + 3);
      expect((await runOnce(folder, configWith(signing))).code).toBe(0);
    };
    await ship(0, { signingKey: first.setting });
    await ship(1, { signingKey: second.setting, previousSigningKey: first.setting });
    await ship(2, { signingKey: second.setting, previousSigningKey: first.setting });
    await ship(3, { signingKey: second.setting });
    const events = (await lines()).map(line => JSON.parse(line));
    const seals = events.filter(({ kind }) => kind === 'seal');
    const [old, , fresh] = seals.map(({ seal }) => seal.key);
    expect(seals.map(({ seal }) => seal.key)).toEqual([old, old, fresh, fresh]);
    const changes = events.filter(({ kind }) => kind === 'config');
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({ config: { changes: [{ what: 'key', before: old, after: fresh }] } });
    expect(changes[0].seq).toBeLessThan(seals[1].seq);
    expect(changes[0].seq).toBeGreaterThan(seals[0].seq);
    expect(await verify(first.public, `${second.public}@${seals[2].seq}`)).toBe(0);
    expect(await verify(first.public)).toBe(1);
  });

  test('a seal that is due at the start is not taken for the one that covers the event', async () => {
    const { folder, configWith, lines } = await shippingWith({});
    const [first, second] = [await privatePem(folder, 'first.pem'), await privatePem(folder, 'second.pem')];
    await append(join(folder, 'log.csv'), 1, 3);
    expect((await runOnce(folder, configWith({ signingKey: first.setting }))).code).toBe(0);
    const killed = await Shipper.start(folder, configWith({ signingKey: first.setting }));
    await append(join(folder, 'log.csv'), 4, 20);
    await eventually(async () => (await textsIn(join(folder, 'logging'))).includes('/20"'));
    await killed.kill();
    const segment = { maxAge: '100ms' };
    const change = { signingKey: second.setting, previousSigningKey: first.setting, segment };
    expect((await runOnce(folder, configWith(change))).code).toBe(0);
    const events = (await lines()).map(line => JSON.parse(line));
    const announced = events.find(({ kind }) => kind === 'config');
    const covering = events.find(({ kind, seq }) => kind === 'seal' && seq > announced.seq);
    expect(covering.seal.key).toBe(announced.config.changes[0].before);
  });

  test('without the old one the event is there all the same', async () => {
    const { folder, configWith, lines } = await shippingWith({});
    const [first, second] = [await privatePem(folder, 'first.pem'), await privatePem(folder, 'second.pem')];
    for (const [run, { setting }] of [first, second, second].entries()) {
      await append(join(folder, 'log.csv'), run * 3 + 1, run * 3 + 3);
      expect((await runOnce(folder, configWith({ signingKey: setting }))).code).toBe(0);
    }
    const changes = (await lines()).filter(line => line.includes('"kind":"config"'));
    expect(changes).toHaveLength(1);
  });
});

test('bad settings are named', async () => {
  const { folder, configWith } = await shippingWith({});
  const codeOf = async (signing: Settings) => await runOnce(folder, configWith(signing));
  expect(await codeOf({ signingKey: 'kms:projects/p' })).toMatchObject({
    code: 2,
    output: expect.stringContaining('archive.signingKey'),
  });
  expect(await codeOf({ signingKey: 'file:/nowhere.pem' })).toMatchObject({
    code: 2,
    output: expect.stringContaining('/nowhere.pem'),
  });
  expect(await codeOf({ signingKey: 'file:/a', signingKeyFile: '/a' })).toMatchObject({
    code: 2,
    output: expect.stringContaining('together'),
  });
  await rm(folder, { recursive: true, force: true });
});
