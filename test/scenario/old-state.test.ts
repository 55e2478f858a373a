/** The state folder is an old copy: the daemon does not start, as it would write other events under known numbers. */

import { copyFile, cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { objectsIn } from '../support/archive.js';
import { startCloud } from '../support/cloud.js';
import { append, numbersOf, range } from '../support/log.js';
import { archived, eventually, runOnce, type Settings, Shipper, settings } from '../support/shipper.js';
import { startSilentServer } from '../support/silent-server.js';
import { temporaryFolder } from '../support/temp.js';

/** A state as it was after 1 to 3; 4 to 6 are archived. */
async function restore(
  own: Settings,
  patience: Settings = {},
): Promise<{ folder: string; path: string; config: Settings }> {
  const folder = await temporaryFolder();
  const [path, state, copy] = [join(folder, 'a.csv'), join(folder, 'state'), join(folder, 'copy')];
  const config = settings(folder, [path], { ...own, state: { directory: state, ...patience } });
  await append(path, 1, 3);
  expect((await runOnce(folder, config)).code).toBe(0);
  await cp(state, copy, { recursive: true });
  await append(path, 4, 6);
  expect((await runOnce(folder, config)).code).toBe(0);
  await rm(state, { recursive: true });
  await cp(copy, state, { recursive: true });
  return { folder, path, config };
}

test('a local archive: no start until the old state is moved away; then the chain is taken up', async () => {
  const { folder, path, config } = await restore({});
  await append(path, 7, 9);
  const refused = await runOnce(folder, config);
  expect(refused.code).not.toBe(0);
  const last = Math.max(...(await archived(folder)).map(({ seq }) => seq));
  expect(refused.output).toContain(`up to seq ${last}, and the state ends at `);
  expect(refused.output).toContain('put back the newest state folder, or move this one away');
  expect(numbersOf(await archived(folder))).toEqual(range(1, 6));
  await rm(join(folder, 'state'), { recursive: true });
  expect((await runOnce(folder, config)).code).toBe(0);
  // One chain: otherwise readArchive fails.
  expect(numbersOf(await archived(folder))).toEqual(range(1, 9));
});

test('the same with Cloud Storage; an account that may not read it is not kept from starting', async () => {
  const cloud = await startCloud();
  const { folder, path, config } = await restore(cloud.settings);
  await append(path, 7, 9);
  expect((await runOnce(folder, config)).output).toContain('is an old copy');
  expect(numbersOf(cloud.logged())).toEqual(range(1, 6));
  cloud.storage.mayRead = false;
  expect((await runOnce(folder, config)).code).toBe(0);
});

test('an object whose name only claims to be newer is no evidence: anybody who may create objects can put it there', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  const config = settings(folder, [path]);
  await append(path, 1, 3);
  await runOnce(folder, config);
  const [object = ''] = await objectsIn(join(folder, 'archive'));
  const claim = object.replace(/-\d{16}-\d{16}-/, '-0000000000000900-0000000000000901-');
  await copyFile(object, claim);
  await append(path, 4, 6);
  expect((await runOnce(folder, config)).code).toBe(0);
  await rm(claim);
  expect(numbersOf(await archived(folder))).toEqual(range(1, 6));
});

test('a daemon that waits for no archive looks all the same', async () => {
  const { folder, config } = await restore({}, { takeUpTimeout: '0s' });
  expect((await runOnce(folder, config)).output).toContain('is an old copy');
});

test('SIGTERM while it looks into an archive that never answers ends it at once, and nothing is written', async () => {
  const cloud = await startCloud();
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  const config = settings(folder, [path], cloud.settings);
  await append(path, 1, 3);
  expect((await runOnce(folder, config)).code).toBe(0);
  const checkpoint = async (): Promise<string> =>
    await readFile(join(folder, 'state', 'checkpoint.json'), 'utf8');
  const before = await checkpoint();
  const { endpoint, connections } = await startSilentServer();
  const archive = { to: 'gs://archive-bucket', endpoint };
  const shipper = await Shipper.start(folder, { ...config, archive });
  await eventually(async () => connections.size > 0);
  expect(await shipper.stop()).toBe(0);
  expect(await checkpoint()).toBe(before);
});
