import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Forgery, sha256, withStatement } from '../support/forgery.js';
import { append } from '../support/log.js';
import { eventually, runCommand, runOnce, type Settings, Shipper, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';
import { serveTsa, Tsa } from '../support/tsa.js';

async function witnessed(runs: number, more: Settings = {}) {
  const folder = await temporaryFolder();
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const [keyFile, publicFile] = [join(folder, 'key.pem'), join(folder, 'public.pem')];
  await writeFile(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await writeFile(publicFile, publicKey.export({ type: 'spki', format: 'pem' }));
  const [archive, witness] = [join(folder, 'archive'), join(folder, 'witness')];
  const config = settings(folder, [join(folder, 'log.csv')], {
    archive: { to: `file:${archive}`, signingKeyFile: keyFile, witness: `file:${witness}`, ...more },
  });
  const ship = async (run: number) => {
    await append(join(folder, 'log.csv'), run * 3 + 1, run * 3 + 3);
    return await runOnce(folder, config);
  };
  for (let run = 0; run < runs; run++) expect((await ship(run)).code).toBe(0);
  const verify = async (...given: string[]) => {
    const args = ['verify', `file:${archive}`, '--public-key', publicFile, '--json', ...given];
    const { code, output } = await runCommand(args);
    return { code, result: JSON.parse(output) };
  };
  return { folder, config, archive, witness, keyFile, ship, verify, forgery: () => Forgery.open(archive) };
}

const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort();

test('the witness has the line of each seal, and verify compares them', async () => {
  const { witness, verify, forgery } = await witnessed(2);
  const { objects } = await forgery();
  const seals = objects.map(({ lines }) => `${lines.at(-1)}\n`);
  const files = await filesIn(witness);
  const have = await Promise.all(files.map(file => readFile(file, 'utf8')));
  expect(have.map(sha256).sort()).toEqual(seals.map(sha256).sort());
  for (const [index, file] of files.entries()) {
    const { chain, seq } = JSON.parse(have[index] ?? '');
    expect(file).toBe(join(witness, 'instance=samples', 'node=test', `${chain}-${seq}.json`));
  }
  expect(await verify('--witness', `file:${witness}`)).toMatchObject({
    code: 0,
    result: { verdict: 'whole', parts: [{ seals: { total: 2, witnessed: 2, anchored: 0 } }] },
  });
});

test('a cut end is found, and so is a chain that was rewritten with the leaked key', async () => {
  const { archive, witness, keyFile, verify, forgery } = await witnessed(3);
  const cut = await forgery();
  await rm(join(archive, cut.object(2).path));
  expect((await verify()).code).toBe(0);
  expect(await verify('--witness', `file:${witness}`)).toMatchObject({
    code: 1,
    result: { failure: { code: 'tail', what: expect.stringContaining('the witness') } },
  });
  const rewritten = cut;
  rewritten.edit(1, 2, event => withStatement(event, 'SELECT 1'));
  rewritten.rebuild(0, createPrivateKey(await readFile(keyFile)));
  await rewritten.save(archive);
  expect((await verify()).code).toBe(0);
  expect(await verify('--witness', `file:${witness}`)).toMatchObject({
    code: 1,
    result: { failure: { code: 'anchor', what: expect.stringContaining('the witness') } },
  });
});

test('while the witness is away nothing else waits, and it gets what it missed', async () => {
  const { folder, config, archive, witness, verify } = await witnessed(0);
  await writeFile(witness, 'in its place');
  await append(join(folder, 'log.csv'), 1, 3);
  const shipper = await Shipper.start(folder, {
    ...config,
    archive: { ...Object(config.archive), segment: { maxAge: '300ms' } },
  });
  await eventually(async () => (await filesIn(archive).catch(() => [])).length > 0);
  await shipper.eventuallyLogged('delivery-failed');
  expect(await shipper.isReady()).toBe(true);
  const lag = (sink: string) => shipper.metric(`pgaudit_shipper_sink_lag_events{sink="${sink}"}`);
  await eventually(async () => (await lag('archive')) === 0);
  expect(await lag('witness')).toBeGreaterThan(0);
  await rm(witness);
  await eventually(async () => (await filesIn(witness).catch(() => [])).length > 0);
  expect(await shipper.stop()).toBe(0);
  expect((await verify('--witness', `file:${witness}`)).code).toBe(0);
});

test('it gets the stamps, too', async () => {
  const tsa = new Tsa(join(await temporaryFolder(), 'tsa'), 'ec');
  const { url } = await serveTsa(tsa);
  const { witness } = await witnessed(1, { timestamp: { url, every: 'seal', ca: tsa.ca } });
  const [seal = '', stamp = ''] = await filesIn(witness);
  expect(stamp).toBe(seal.replace('.json', '.tsr'));
  const line = (await readFile(seal, 'utf8')).trimEnd();
  expect(tsa.accepts(await readFile(stamp), sha256(line))).toBe(true);
});

test('a witness without seals, and one with something else, are bad usage', async () => {
  const { witness, verify } = await witnessed(1);
  const [seal = ''] = await filesIn(witness);
  await chmod(seal, 0o600);
  await writeFile(seal, '{}\n');
  expect((await verify('--witness', `file:${witness}`)).code).toBe(2);
  await rm(seal);
  expect((await verify('--witness', `file:${witness}`)).code).toBe(2);
});

test.each([
  ['added later', [false, true]],
  ['taken away, and added again', [true, false, false, true]],
] as const)('a witness that is %s gets the seals from then on', async (_name, runs) => {
  const { folder, config, witness, verify } = await witnessed(0);
  const { witness: _, ...without } = Object(config.archive);
  for (const [run, isThere] of runs.entries()) {
    await append(join(folder, 'log.csv'), run * 3 + 1, run * 3 + 3);
    const { code } = await runOnce(folder, isThere ? config : { ...config, archive: without });
    expect(code).toBe(0);
  }
  expect((await filesIn(witness)).length).toBeGreaterThanOrEqual(runs.filter(Boolean).length);
  expect((await verify('--witness', `file:${witness}`)).result.failure).toBeNull();
});
