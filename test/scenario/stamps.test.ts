import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { Forgery, sha256, withStatement } from '../support/forgery.js';
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
import { serveTsa, Tsa } from '../support/tsa.js';

async function stamped(every = 'seal', segment: Settings = {}) {
  const folder = await temporaryFolder();
  const tsa = new Tsa(join(folder, 'tsa'), 'ec');
  const server = await serveTsa(tsa);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const [keyFile, publicFile] = [join(folder, 'key.pem'), join(folder, 'public.pem')];
  await writeFile(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await writeFile(publicFile, publicKey.export({ type: 'spki', format: 'pem' }));
  const config: Settings = settings(folder, [join(folder, 'log.csv')], {
    archive: {
      to: `file:${join(folder, 'archive')}`,
      segment,
      signingKeyFile: keyFile,
      timestamp: { url: server.url, every, ca: tsa.ca },
    },
  });
  const archive = join(folder, 'archive');
  const names = async (suffix: string): Promise<string[]> =>
    (await readdir(archive, { recursive: true })).filter(name => name.endsWith(suffix)).sort();
  const verify = (...more: string[]) =>
    runCommand([
      'verify',
      `file:${archive}`,
      '--public-key',
      publicFile,
      '--tsa-ca',
      tsa.ca,
      '--json',
      ...more,
    ]);
  const ship = async (from: number, to: number) => {
    await append(join(folder, 'log.csv'), from, to);
    return await runOnce(folder, config);
  };
  return { folder, tsa, server, config, archive, keyFile, names, verify, ship };
}

test('a seal is stamped beside its object, and verify checks it', async () => {
  const { ship, names, verify } = await stamped();
  expect((await ship(1, 3)).code).toBe(0);
  const [object = ''] = await names('.gz');
  expect(await names('.tsr')).toEqual([`${object}.tsr`]);
  const { code, output } = await verify();
  expect({ code, result: JSON.parse(output) }).toMatchObject({
    code: 0,
    result: { verdict: 'whole', warnings: [], parts: [{ seals: { total: 1, stamped: 1 } }] },
  });
});

test('an outage delays nothing, and afterwards only the newest seals are stamped', async () => {
  const { ship, names, verify, server } = await stamped();
  server.answer = () => ({ status: 503, body: Buffer.alloc(0) });
  for (const run of [0, 1]) expect((await ship(run * 3 + 1, run * 3 + 3)).code).toBe(0);
  expect(await names('.gz')).toHaveLength(2);
  expect(await names('.tsr')).toEqual([]);
  server.answer = null;
  expect((await ship(7, 9)).code).toBe(0);
  const [first = '', , last = ''] = await names('.gz');
  const stamps = await names('.tsr');
  expect(stamps).toContain(`${last}.tsr`);
  expect(stamps).not.toContain(`${first}.tsr`);
  expect((await verify()).code).toBe(0);
});

test('an outage is a problem as long as it lasts', async () => {
  const { folder, config, names, server } = await stamped('seal', { maxAge: '300ms' });
  server.answer = () => ({ status: 200, body: Buffer.from('maintenance') });
  await append(join(folder, 'log.csv'), 1, 3);
  const shipper = await Shipper.start(folder, config);
  const problems = async (): Promise<string[]> =>
    (JSON.parse((await shipper.get('/internal/status.json')).body).problems ?? []).map(
      ({ code }: { code: string }) => code,
    );
  await eventually(async () => (await problems()).includes('stamp-missing'));
  expect(await shipper.isReady()).toBe(true);
  server.answer = null;
  await eventually(
    async () => (await names('.tsr')).length > 0 && !(await problems()).includes('stamp-missing'),
  );
  expect(shipper.logged('stamping-failed')).toHaveLength(1);
  expect(shipper.logged('stamping-recovered')).toHaveLength(1);
});

test('with an interval, seals in between have no stamp of their own', async () => {
  const { ship, names, server } = await stamped('1h');
  for (const run of [0, 1, 2]) expect((await ship(run * 3 + 1, run * 3 + 3)).code).toBe(0);
  expect(await names('.tsr')).toEqual([`${(await names('.gz'))[0]}.tsr`]);
  expect(server.requests).toBe(1);
});

test('after the clock was set back a stamp does not wait until it has caught up', async () => {
  const { folder, ship, names } = await stamped('1h');
  const stampedAt = Date.now() + 365 * 24 * 60 * 60_000;
  expect((await ship(1, 3)).code).toBe(0);
  await writeFile(join(folder, 'state', 'stamps.json'), JSON.stringify({ v: 1, waiting: null, stampedAt }));
  expect((await ship(4, 6)).code).toBe(0);
  expect(await names('.tsr')).toHaveLength(2);
});

test('a chain that is rewritten with the leaked key does not fit its stamps', async () => {
  const { ship, names, verify, archive, keyFile } = await stamped();
  for (const run of [0, 1]) expect((await ship(run * 3 + 1, run * 3 + 3)).code).toBe(0);
  const stamps = await Promise.all((await names('.tsr')).map(name => readFile(join(archive, name))));
  const forgery = await Forgery.open(archive);
  forgery.edit(0, 2, event => withStatement(event, 'SELECT 1'));
  forgery.rebuild(0, createPrivateKey(await readFile(keyFile)));
  await forgery.save(archive);
  expect((await verify()).code).toBe(0);
  for (const [index, { path }] of forgery.objects.entries())
    await writeFile(join(archive, `${path}.tsr`), stamps[index] ?? '');
  const { code, output } = await verify();
  expect({ code, failure: JSON.parse(output).failure }).toMatchObject({
    code: 1,
    failure: { code: 'stamp' },
  });
});

test('a stamp that is much younger than its seal is a warning: the seal may be back-dated', async () => {
  const { ship, verify, archive, keyFile, tsa } = await stamped();
  for (const run of [0, 1]) expect((await ship(run * 3 + 1, run * 3 + 3)).code).toBe(0);
  const key = createPrivateKey(await readFile(keyFile));
  /** The warnings if the last seal's time is moved, everything signed again, and new stamps are got now. */
  const warnings = async (by: number): Promise<unknown> => {
    const forgery = await Forgery.open(archive);
    const time = new Date(Date.now() + by).toISOString();
    forgery.edit(-1, forgery.object(-1).lines.length, event => ({ ...event, time }));
    forgery.rebuild(0, key);
    await forgery.save(archive);
    for (const { path, lines } of forgery.objects)
      await writeFile(join(archive, `${path}.tsr`), tsa.stamp(sha256(lines.at(-1) ?? '')));
    return JSON.parse((await verify()).output).warnings;
  };
  const warning = (what: string) =>
    expect.objectContaining({ code: 'stamp', what: expect.stringContaining(what) });
  const minute = 60_000;
  expect(await warnings(0)).toEqual([]);
  expect(await warnings(-130 * minute)).toContainEqual(warning('younger than their seals'));
  expect(await warnings(10 * minute)).toContainEqual(warning('older than their seals'));
});

test('which seals come after the last stamp is said', async () => {
  const { ship, names, verify, archive } = await stamped();
  for (const run of [0, 1, 2]) expect((await ship(run * 3 + 1, run * 3 + 3)).code).toBe(0);
  const limits = async (): Promise<string> => JSON.parse((await verify()).output).limits.join('\n');
  expect(await limits()).not.toContain('the last time stamp');
  for (const name of (await names('.tsr')).slice(1)) await rm(join(archive, name));
  expect(await limits()).toMatch(
    /seals after the last time stamp were written, .*: 2 of \d{8}T\d{6}Z-[0-9a-f]{4}, from event 12 of \d{4}-/,
  );
});

test('a stamp of another authority, and one that belongs to no object', async () => {
  const { ship, names, verify, archive, folder } = await stamped();
  expect((await ship(1, 3)).code).toBe(0);
  const [name = ''] = await names('.tsr');
  const other = new Tsa(join(folder, 'other'), 'ec');
  expect((await runCommand(['verify', `file:${archive}`, '--tsa-ca', other.ca])).code).toBe(1);
  await rename(join(archive, name), join(archive, name.replace('ndjson.gz.tsr', 'other.tsr')));
  expect((await verify()).code).toBe(3);
});

test('a stamp that is too large to be one is not read', async () => {
  const { ship, names, verify, archive } = await stamped();
  expect((await ship(1, 3)).code).toBe(0);
  const [name = ''] = await names('.tsr');
  await truncate(join(archive, name), 8 * 2 ** 30);
  const { code, output } = await verify();
  expect({ code, failure: JSON.parse(output).failure }).toMatchObject({
    code: 1,
    failure: { code: 'stamp' },
  });
});

test('check gets a stamp, and says what is wrong if it cannot', async () => {
  const { folder, config, server } = await stamped();
  const check = async () =>
    (await runCommand(['check', '--config', await writeConfig(folder, config), '--json'])).output;
  expect(await check()).toContain('O=Test, CN=Test TSA gives time stamps');
  server.answer = () => ({ status: 403, body: Buffer.alloc(0) });
  expect(await check()).toContain('fix archive.timestamp');
});

test('certificates that cannot be read stop the start', async () => {
  const { folder, config } = await stamped();
  const archive = {
    ...Object(config.archive),
    timestamp: { url: 'http://127.0.0.1:1/', ca: join(folder, 'none.pem') },
  };
  const { code, output } = await runOnce(folder, { ...config, archive });
  expect({ code, output }).toMatchObject({
    code: 2,
    output: expect.stringContaining('archive.timestamp.ca'),
  });
});
