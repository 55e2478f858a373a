/** What `check` says of what keeps the daemon from its start, or from reading. */

import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCheck } from '../../support/checked.js';
import { numbered } from '../../support/log.js';
import { runOnce, type Settings, settings } from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';

/** `status what: detail → fix` of what is not well where this is in the configuration. */
async function faultsOf(more: Settings): Promise<readonly string[]> {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  await writeFile(path, numbered(1));
  const { faults } = await runCheck(settings(folder, [path], more));
  return faults.filter(fault => !fault.startsWith('warning database'));
}

test('a key that cannot sign, without a word of it', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'key.pem');
  await writeFile(path, '-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----\n');
  const [fault] = await faultsOf({ archive: { to: `file:${folder}/archive`, signingKeyFile: path } });
  expect(fault).toMatch(/^failure archive: archive\.signingKey: \S+ does not contain a readable private key/);
  // Never over a key that is there.
  expect(fault).toContain(
    `→ let the user of the shipper read it; if there is no key yet: openssl genpkey -algorithm ed25519 -out ${path}`,
  );
  expect(fault).not.toContain('s3cret');
});

test('the key before it, which the daemon reads, too', async () => {
  const folder = await temporaryFolder();
  const key = join(folder, 'key.pem');
  const { privateKey } = generateKeyPairSync('ed25519');
  await writeFile(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const archive = { to: `file:${folder}/archive`, signingKey: `file:${key}` };
  const previousSigningKey = 'file:/nowhere/old.pem';
  const [fault] = await faultsOf({ archive: { ...archive, previousSigningKey } });
  const text =
    'archive.previousSigningKey: /nowhere/old.pem does not contain a readable private key (ENOENT)';
  expect(fault).toMatch(`failure archive: ${text} →`);
  const path = join(folder, 'a.csv');
  await writeFile(path, '');
  const { code, output } = await runOnce(
    folder,
    settings(folder, [path], { archive: { ...archive, previousSigningKey } }),
  );
  expect(code).toBe(2);
  expect(output).toContain(text);
  expect((await faultsOf({ archive })).filter(one => one.includes('archive'))).toEqual([]);
});

test('a state folder that cannot be looked into: the other findings are there, too', async () => {
  const directory = join(await temporaryFolder(), 'state');
  await writeFile(directory, '');
  expect(await faultsOf({ state: { directory } })).toEqual([
    expect.stringMatching(/^failure state: \S+\/state cannot be written \(ENOTDIR\) →/),
    expect.stringMatching(/^warning escrow/),
  ]);
});

test('columns of people that nobody reads', async () => {
  const path = join(await temporaryFolder(), 'people.csv');
  await writeFile(path, 'id,name,phone,e-mail\nZ990001,Kari,1,2\n');
  expect(await faultsOf({ identity: [{ directory: path }] })).toContainEqual(
    expect.stringMatching(/^warning directory: \S+people\.csv: columns not read: phone, e-mail →/),
  );
});

test('a token that cannot be read', async () => {
  const http = { url: 'http://127.0.0.1:1/{id}', fields: { name: '/name' }, tokenFile: '/nowhere/token' };
  const recipient = 'age1un8ee8uyjgj9rdhde3ktrvr00rz86d9a3q9qttn38kfe45h0hyfsw9q57m';
  expect(await faultsOf({ identity: [{ http }], redact: { escrowTo: [recipient] } })).toEqual([
    'warning identity: /nowhere/token cannot be read (ENOENT) → fix tokenFile, or write the token there, readable by the user of the shipper',
  ]);
});

test('a folder that does not exist: fix the pattern', async () => {
  const { faults } = await runCheck(settings(await temporaryFolder(), ['/nowhere/*.csv']));
  expect(faults).toContain(
    'failure source: /nowhere (ENOENT) → it does not exist (yet): fix source.files, or log_directory',
  );
});
