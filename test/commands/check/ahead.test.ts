/** A state folder from an old copy would fork the chain: `check` says so before the start. */

import { generateKeyPairSync } from 'node:crypto';
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCheck } from '../../support/checked.js';
import { startCloud } from '../../support/cloud.js';
import { append } from '../../support/log.js';
import { runOnce, settings } from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';

test.each(['a folder', 'a bucket'])('a state that is older than the archive in %s', async where => {
  const folder = await temporaryFolder();
  const [path, state, copy] = [join(folder, 'a.csv'), join(folder, 'state'), join(folder, 'copy')];
  const config = settings(folder, [path], where === 'a folder' ? {} : (await startCloud()).settings);
  const faults = async (): Promise<string[]> =>
    (await runCheck(config)).faults.filter(fault => fault.includes('an old copy'));
  await append(path, 1, 3);
  await runOnce(folder, config);
  await cp(state, copy, { recursive: true });
  await append(path, 4, 6);
  await runOnce(folder, config);
  expect(await faults()).toEqual([]);
  await rm(state, { recursive: true });
  await cp(copy, state, { recursive: true });
  expect(await faults()).toEqual([
    expect.stringContaining('failure state: it is an old copy: the archive has'),
  ]);
});

test('with a signing key, what that key has not signed is no evidence, for check as for the daemon', async () => {
  const folder = await temporaryFolder();
  const [path, state, copy] = [join(folder, 'a.csv'), join(folder, 'state'), join(folder, 'copy')];
  const keyFile = join(folder, 'key.pem');
  const { privateKey } = generateKeyPairSync('ed25519');
  await writeFile(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const to = `file:${join(folder, 'archive')}`;
  const signed = settings(folder, [path], { archive: { to, signingKey: `file:${keyFile}` } });
  await append(path, 1, 3);
  await runOnce(folder, signed);
  await cp(state, copy, { recursive: true });
  await append(path, 4, 6);
  expect((await runOnce(folder, settings(folder, [path], { archive: { to } }))).code).toBe(0);
  await rm(state, { recursive: true });
  await cp(copy, state, { recursive: true });
  expect((await runCheck(signed)).faults.filter(fault => fault.includes('an old copy'))).toEqual([]);
  expect((await runOnce(folder, signed)).code).toBe(0);
});
