/** Originals of redacted texts are kept for those who have the key, and for nobody else. */

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { expect, test } from 'vitest';
import { auditMessage, csvRecord, writeMessage } from '../support/csvlog.js';
import { archived, logged, runCommand, runOnce, settings, writeConfig } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

async function keyPair(): Promise<{ identity: string; recipient: string }> {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/** The output of `base64 -d | age -d`. */
async function opened(escrow: unknown, identity: string): Promise<string> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return await decrypter.decrypt(Buffer.from(String(escrow), 'base64'), 'text');
}

const SECRET = "ALTER ROLE x PASSWORD 'S3CR3T'";
const WEAPON = "WITH t(password) AS (VALUES ('S3CR3T')) UPDATE konto SET navn = t.password FROM t";

test('each auditor opens each original; log entries, state and log have none', async () => {
  const folder = await temporaryFolder();
  const [one, two, stranger] = [await keyPair(), await keyPair(), await keyPair()];
  const audit = (statement: string, ...parameters: string[]): string => writeMessage(statement, parameters);
  const forged = { message: writeMessage('UPDATE u SET password = $1', ['S3CR3T']), context: 'PL/pgSQL' };
  const log = [
    csvRecord({ sessionLine: 1, message: audit(WEAPON) }),
    csvRecord({ sessionLine: 2, message: audit('UPDATE u SET password = $1', 'S3CR3T') }),
    csvRecord({ sessionLine: 3, message: audit('UPDATE konto SET a = 1') }),
    csvRecord({ sessionLine: 4, ...forged }),
  ];
  await writeFile(join(folder, 'a.csv'), log.join(''));
  const redact = { escrowTo: [one.recipient, two.recipient] };
  const { code, output } = await runOnce(folder, settings(folder, [join(folder, 'a.csv')], { redact }));
  expect(code).toBe(0);

  const [first, second, third] = await archived(folder, 'statement');
  const [suspect] = await archived(folder, 'suspect');
  for (const { identity } of [one, two]) {
    expect(await opened(first?.audit?.escrow, identity)).toBe(audit(WEAPON));
    expect(await opened(second?.audit?.escrow, identity)).toBe(audit('UPDATE u SET password = $1', 'S3CR3T'));
    expect(await opened(suspect?.suspect?.escrow, identity)).toBe(forged.message);
  }
  await expect(opened(first?.audit?.escrow, stranger.identity)).rejects.toThrow();
  expect(third?.audit).not.toHaveProperty('escrow');
  const entries = JSON.stringify(await logged(folder));
  expect(entries).toContain('<redacted>');
  expect(entries + output).not.toMatch(/"escrow":"|S3CR3T/);
  expect((await runCommand(['verify', join(folder, 'archive')])).code).toBe(0);
});

test('a secret in application_name is not in the archive', async () => {
  const folder = await temporaryFolder();
  const columns = { application: 'postgres://ola:S3CR3T@db/x' };
  await writeFile(
    join(folder, 'a.csv'),
    csvRecord({ ...columns, message: writeMessage('UPDATE konto SET a = 1') }),
  );
  await runOnce(folder, settings(folder, [join(folder, 'a.csv')]));
  expect(await archived(folder, 'statement')).toMatchObject([
    { session: { application: 'postgres://ola:<redacted>@db/x' } },
  ]);
});

test('the text of an earlier record comes with its original', async () => {
  const folder = await temporaryFolder();
  const { identity, recipient } = await keyPair();
  const text = "INSERT INTO u (password) SELECT 'S3CR3T' FROM v";
  const read = auditMessage(['SESSION', '7', '1', 'READ', 'SELECT', '', '', text, '<none>']);
  const again = ['<previously logged>', '<previously logged>'];
  const write = auditMessage(['SESSION', '7', '1', 'WRITE', 'INSERT', '', '', ...again]);
  const log = [csvRecord({ sessionLine: 1, message: read }), csvRecord({ sessionLine: 2, message: write })];
  await writeFile(join(folder, 'a.csv'), log.join(''));
  const redact = { escrowTo: [recipient] };
  await runOnce(folder, settings(folder, [join(folder, 'a.csv')], { redact }));
  const [event] = await archived(folder, 'statement');
  expect(event?.audit?.statement).not.toContain('S3CR3T');
  expect(await opened(event?.audit?.escrow, identity)).toBe(read);
});

test('the original of a record over 1 MiB, a statement or a suspect, comes whole from the process that read it', async () => {
  const folder = await temporaryFolder();
  const { identity, recipient } = await keyPair();
  const statement = `${WEAPON} -- ${'ærlig "talt", '.repeat(100_000)}`;
  const forged = { message: writeMessage(statement), context: 'PL/pgSQL' };
  const plain = `UPDATE konto SET a = '${'x'.repeat(1_200_000)}'`;
  const log = [
    csvRecord({ sessionLine: 1, message: writeMessage(statement) }),
    csvRecord({ sessionLine: 2, ...forged }),
    csvRecord({ sessionLine: 3, message: writeMessage(plain, [], 3) }),
  ];
  await writeFile(join(folder, 'a.csv'), log.join(''));
  const config = settings(folder, [join(folder, 'a.csv')], { redact: { escrowTo: [recipient] } });
  const { code, output } = await runOnce(folder, config);
  expect(code).toBe(0);
  const [first, second] = await archived(folder, 'statement');
  const [suspect] = await archived(folder, 'suspect');
  expect((await opened(first?.audit?.escrow, identity)) === writeMessage(statement)).toBe(true);
  expect((await opened(suspect?.suspect?.escrow, identity)) === forged.message).toBe(true);
  expect(second?.audit?.statement === plain).toBe(true);
  expect(second?.audit).not.toHaveProperty('escrow');
  const entries = JSON.stringify(await logged(folder));
  expect(/"escrow":"|S3CR3T/.test(entries + output)).toBe(false);
});

test('a change of the keys is reported, once', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  await writeFile(path, csvRecord({ message: writeMessage(SECRET) }));
  const [one, two] = [await keyPair(), await keyPair()];
  const run = async (...escrowTo: string[]): Promise<void> => {
    expect((await runOnce(folder, settings(folder, [path], { redact: { escrowTo } }))).code).toBe(0);
  };
  await run();
  await run(one.recipient);
  await run(one.recipient);
  await run(one.recipient, two.recipient);
  await run();
  const changes = (await archived(folder, 'config')).flatMap(({ config }) => Object(config).changes);
  const change = { what: 'escrow', name: 'redact.escrowTo' };
  expect(changes).toEqual([
    { ...change, before: null, after: one.recipient },
    { ...change, before: one.recipient, after: `${one.recipient}, ${two.recipient}` },
    { ...change, before: `${one.recipient}, ${two.recipient}`, after: null },
  ]);
  await writeFile(join(folder, 'state', 'escrow.json'), '{');
  expect((await runOnce(folder, settings(folder, [path]))).output).toContain('escrow.json cannot be parsed');
  await rm(join(folder, 'state', 'escrow.json'));
});

test('an invalid key is a fault of the configuration', async () => {
  const folder = await temporaryFolder();
  const escrowTo = ['age1notakey', `age1${'q'.repeat(58)}`];
  for (const one of escrowTo) {
    const config = await writeConfig(folder, settings(folder, ['x'], { redact: { escrowTo: [one] } }));
    const { code, output } = await runCommand(['run', '--once', '--config', config]);
    expect([code, output]).toEqual([2, expect.stringContaining('redact.escrowTo')]);
  }
  expect(await readFile(join(folder, 'config.yaml'), 'utf8')).toContain('age1');
});
