/** The history of rows of a real server, beside its log. */

import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { expect, test } from 'vitest';
import type { ThrowawayPostgres } from '../../demo/postgres.js';
import { KARI, OLA, rowSettings, serverWithHistory } from '../support/rows.js';
import { archived, logged, runCommand, runOnce, Shipper } from '../support/shipper.js';
import { often } from '../support/soak.js';
import { temporaryFolder } from '../support/temp.js';

const KONTO = [
  'CREATE TABLE konto (id int PRIMARY KEY, saldo numeric(20,2), eier text, passord text)',
  "SELECT row_history.watch('konto')",
];

test('old and new values, by whom, and with which SQL', async () => {
  const postgres = await serverWithHistory(KONTO);
  await postgres.query('app', "INSERT INTO konto VALUES (1, 1, 'a', 'x'), (2, 2, 'b', 'y')");
  const kari = await postgres.connect(KARI);
  await kari.query("INSERT INTO konto VALUES (4, 100.10, 'Per', 'hemmelig')");
  await kari.query('UPDATE konto SET saldo = saldo + $1 WHERE id > $2', ['12345678901.05', 1]);
  await kari.query('BEGIN');
  await kari.query('DELETE FROM konto WHERE id = 4');
  await kari.query('ROLLBACK');
  await kari.end();
  const ola = await postgres.connect(OLA);
  await ola.query('DELETE FROM konto WHERE id = 4');
  await ola.end();
  const folder = await temporaryFolder();
  expect(await runOnce(folder, rowSettings(folder, postgres))).toMatchObject({ code: 0 });
  const events = await archived(folder);
  const rows = events.filter(({ kind }) => kind === 'row');
  const sql = (id: string): unknown => events.find(event => event.id === id)?.audit?.statement;
  expect(rows.map(({ actor, row }) => [actor?.user, row?.operation, row?.key, row?.old, row?.new])).toEqual([
    [KARI, 'INSERT', { id: 4 }, undefined, { id: 4, saldo: '100.10', eier: 'Per', passord: '<redacted>' }],
    [KARI, 'UPDATE', { id: 2 }, { saldo: '2.00' }, { saldo: '12345678903.05' }],
    [KARI, 'UPDATE', { id: 4 }, { saldo: '100.10' }, { saldo: '12345679001.15' }],
    [
      OLA,
      'DELETE',
      { id: 4 },
      { id: 4, saldo: '12345679001.15', eier: 'Per', passord: '<redacted>' },
      undefined,
    ],
  ]);
  expect(rows.map(({ row }) => sql(row?.statement ?? ''))).toEqual([
    "INSERT INTO konto VALUES (4, 100.10, 'Per', 'hemmelig')",
    'UPDATE konto SET saldo = saldo + $1 WHERE id > $2',
    'UPDATE konto SET saldo = saldo + $1 WHERE id > $2',
    'DELETE FROM konto WHERE id = 4',
  ]);
  const verified = await runCommand(['verify', join(folder, 'archive')]);
  expect(verified.code, verified.output).toBe(0);
  const found = await runCommand([
    'search',
    join(folder, 'archive'),
    ...['--row', 'konto id=4', '--format', 'csv', '--timezone', 'UTC'],
  ]);
  expect(found.output).toContain('INSERT');
  const table = await runCommand([
    'search',
    join(folder, 'archive'),
    '--row',
    'konto id=2',
    '--format',
    'long',
  ]);
  expect(table.output).toContain('parameter $1                  12345678901.05');
});

test('columns with hostile names and values; the original is encrypted, and stays in the archive', async () => {
  const postgres = await serverWithHistory([
    `CREATE TABLE "r,"",kind" ("__proto__" text, "escrow" text, "row" jsonb, "session" jsonb, "kind" text, "id" text PRIMARY KEY, pwd text)`,
    `SELECT row_history.watch('"r,"",kind"')`,
  ]);
  const values = `'p', 'open', '{"escrow":"open"}', '{"id":"6b.1"}', 'seal', E'=1+1\n<b>', 'S3CR3T'`;
  await postgres.query(KARI, `INSERT INTO "r,"",kind" VALUES (${values})`);
  const folder = await temporaryFolder();
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const config = rowSettings(folder, postgres, { redact: { escrowTo: [recipient] } });
  expect(await runOnce(folder, config)).toMatchObject({ code: 0 });
  const [event] = await archived(folder, 'row');
  const expected = {
    ...JSON.parse('{"__proto__":"p"}'),
    ...{ escrow: 'open', row: { escrow: 'open' }, session: { id: '6b.1' }, kind: 'seal', id: '=1+1\n<b>' },
  };
  expect(event?.row?.table).toBe('public."r,"",kind"');
  expect(JSON.stringify(sorted(event?.row?.new))).toBe(
    JSON.stringify(sorted({ ...expected, pwd: '<redacted>' })),
  );
  const [entry] = await logged(folder, 'row');
  expect(entry?.row?.new).toEqual(event?.row?.new);
  expect(event?.row?.escrow?.length).toBeGreaterThan(100);
  expect(entry?.row).not.toHaveProperty('escrow');
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const original = await decrypter.decrypt(Buffer.from(event?.row?.escrow ?? '', 'base64'), 'text');
  expect(JSON.parse(original)).toMatchObject({ old: null, new: { pwd: 'S3CR3T' } });
  const verified = await runCommand(['verify', join(folder, 'archive')]);
  expect(verified.code, verified.output).toBe(0);
  const proved = await runCommand([
    'prove',
    join(folder, 'archive'),
    event?.id ?? '',
    '--out',
    join(folder, 'proof.json'),
  ]);
  expect(proved.code, proved.output).toBe(0);
});

/** By column; a spread would lose one that is called `__proto__`. */
function sorted(values: object = {}): [string, unknown][] {
  return Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
}

const KILLS = often(20, 100);

/** What one person did in transactions that were committed: by the mark in each row. */
type Done = Map<string, string>;

/** Changes with unique marks, in transactions that overlap, fail, are rolled back in part, or as a whole. */
async function work(postgres: ThrowawayPostgres, user: string, mark: string, done: Done): Promise<void> {
  const client = await postgres.connect(user);
  for (let n = 0; n < 12; n++) {
    const made: [string, string][] = [];
    const run = async (text: string, of: string): Promise<void> => {
      await client.query(text.replace('$', `'${of}'`));
      made.push([of, text.replace('$', `'${of}'`)]);
    };
    const [first, second, third] = [1, 2, 3].map(part => `${mark}-${n}-${part}`);
    await client.query('BEGIN');
    await run('INSERT INTO merke (tekst) VALUES ($)', first ?? '');
    await client.query('SAVEPOINT s');
    await run('INSERT INTO merke (tekst) VALUES ($)', second ?? '');
    if (n % 3 === 0) {
      await client.query('ROLLBACK TO s');
      made.pop();
    }
    if (n % 4 === 0) await sleep(randomInt(50));
    await run(`UPDATE merke SET tekst = $ WHERE tekst = '${first}'`, third ?? '');
    const isKept = n % 5 !== 0;
    await client.query(isKept ? 'COMMIT' : 'ROLLBACK');
    if (isKept) for (const [of, text] of made) done.set(of, text);
  }
  await client.end();
}

test('each committed change of a row by a person, once, through kills (I1)', {
  timeout: 60_000 + KILLS * 30_000,
}, async () => {
  const postgres = await serverWithHistory([
    'CREATE TABLE merke (id serial PRIMARY KEY, tekst text)',
    "SELECT row_history.watch('merke')",
  ]);
  const folder = await temporaryFolder();
  const config = rowSettings(folder, postgres);
  const done: Done = new Map();
  const long = await postgres.connect(OLA);
  for (let kill = 0; kill < KILLS; kill++) {
    // Begins before the others of its round, and is committed after those of the next.
    if (kill % 3 === 0) await long.query('BEGIN');
    const text = `INSERT INTO merke (tekst) VALUES ('long-${kill}')`;
    await long.query(text);
    done.set(`long-${kill}`, text);
    const shipper = await Shipper.start(folder, config);
    await Promise.all([
      work(postgres, KARI, `kari-${kill}`, done),
      work(postgres, OLA, `ola-${kill}`, done),
      work(postgres, 'app', `app-${kill}`, new Map()),
      sleep(randomInt(2500)).then(() => shipper.kill()),
    ]);
    if (kill % 3 === 2) await long.query('COMMIT');
  }
  await long.query('COMMIT');
  await long.end();
  expect(await runOnce(folder, config)).toMatchObject({ code: 0 });
  const events = await archived(folder);
  const sql = new Map(events.map(({ id, audit }) => [id, audit?.statement]));
  const rows = events.filter(({ kind }) => kind === 'row');
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  const shipped = rows.map(({ row }) => [String(row?.new?.tekst), sql.get(row?.statement ?? '')]);
  expect(shipped.sort()).toEqual([...done].sort());
  expect(rows.filter(({ actor }) => actor?.user === 'app')).toEqual([]);
  expect(done.size).toBeGreaterThan(KILLS * 30);
  const verified = await runCommand(['verify', join(folder, 'archive')]);
  expect(verified.code, verified.output).toBe(0);
});
