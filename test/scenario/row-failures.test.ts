/** The history of rows through failover, restore, lost state, and what holds it back. */

import { execFileSync } from 'node:child_process';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ThrowawayPostgres } from '../../demo/postgres.js';
import { KARI, OLA, rowSettings, script, serverWithHistory } from '../support/rows.js';
import {
  archived,
  eventually,
  logged,
  oneSegment,
  runCommand,
  runOnce,
  type Settings,
  Shipper,
  severalSettings,
} from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const TABLE = ['CREATE TABLE t (n int)', "SELECT row_history.watch('t')"];

async function insert(postgres: ThrowawayPostgres, ...numbers: readonly number[]): Promise<void> {
  await postgres.query(KARI, ...numbers.map(n => `INSERT INTO t VALUES (${n})`));
}

/** The numbers in the order of the archive, which must be whole. */
async function shipped(folder: string): Promise<number[]> {
  const verified = await runCommand(['verify', join(folder, 'archive')]);
  expect(verified.code, verified.output).toBe(0);
  return (await archived(folder, 'row')).map(({ row }) => Number(row?.new?.n));
}

async function run(folder: string, config: Settings): Promise<void> {
  const { code, output } = await runOnce(folder, config);
  expect(code, output).toBe(0);
}

async function becomeStandby(postgres: ThrowawayPostgres): Promise<void> {
  await postgres.stop();
  const signal = join(postgres.folder, 'data', 'standby.signal');
  await writeFile(signal, '');
  await chmod(signal, 0o666);
  await postgres.startAgain();
}

/** The cluster becomes a standby that is promoted: it goes on with another timeline. */
async function failOver(postgres: ThrowawayPostgres): Promise<void> {
  await becomeStandby(postgres);
  await postgres.query('postgres', 'SELECT pg_promote()');
}

test('beside a standby nobody says what is recorded: a table that was not is for the primary to tell of (I12)', async () => {
  const postgres = await serverWithHistory(TABLE);
  const folder = await temporaryFolder();
  const config = rowSettings(folder, postgres);
  await postgres.query('postgres', 'ALTER TABLE t DISABLE TRIGGER ALL');
  await run(folder, config);
  await becomeStandby(postgres);
  await run(folder, config);
  await run(folder, config);
  const changes = (await archived(folder, 'config')).flatMap(({ config: changed }) => changed?.changes ?? []);
  expect(changes.at(-1)).toEqual({ what: 'rows', name: 'public.t', before: 'disabled', after: null });
  const { output } = await runCommand(['verify', join(folder, 'archive'), '--json']);
  const [{ notRecorded, coveredUntil }] = JSON.parse(output).instances;
  expect(notRecorded.length).toBe(1);
  expect(notRecorded[0].to < coveredUntil).toBe(true);
});

test('after a failover, what was read is known, and what was not is read (I1)', async () => {
  const postgres = await serverWithHistory(TABLE);
  const folder = await temporaryFolder();
  const settings = rowSettings(folder, postgres);
  await insert(postgres, 1, 2);
  await run(folder, settings);
  await insert(postgres, 3);
  await failOver(postgres);
  await insert(postgres, 4);
  await run(folder, settings);
  await insert(postgres, 5);
  await run(folder, settings);
  await failOver(postgres);
  await insert(postgres, 6);
  await run(folder, settings);
  expect(await shipped(folder)).toEqual([1, 2, 3, 4, 5, 6]);
  const timelines = (await archived(folder, 'row')).map(({ row }) => row?.timeline);
  expect(timelines).toEqual([1, 1, 2, 2, 2, 3]);
});

test('after a restore, transactions with the numbers of lost ones are read, too (I1)', async () => {
  const postgres = await serverWithHistory(TABLE);
  const folder = await temporaryFolder();
  const config = rowSettings(folder, postgres);
  await insert(postgres, 1);
  await run(folder, config);
  await postgres.stop();
  const data = join(postgres.folder, 'data');
  const backup = join(postgres.folder, 'backup');
  copy(data, backup);
  await postgres.startAgain();
  await insert(postgres, 2, 3, 4, 5, 6);
  await run(folder, config);
  await postgres.stop();
  await rm(data, { recursive: true });
  copy(backup, data);
  await postgres.startAgain();
  // With the same timeline: rows could not be told from those that are lost.
  await insert(postgres, 7);
  const ended = await runOnce(folder, config);
  expect(ended).toMatchObject({ code: 1, output: expect.stringContaining('rows-set-back') });
  await failOver(postgres);
  await run(folder, config);
  expect(await shipped(folder)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  const numbers = (await archived(folder, 'row')).map(({ row }) => Number(row?.transaction));
  expect(numbers.at(-1)).toBeLessThan(numbers.at(-2) ?? 0);
});

test('another database is read from its beginning, and so is the first one when it comes back (I1)', async () => {
  const postgres = await serverWithHistory(TABLE);
  await postgres.query('postgres', 'CREATE DATABASE annen TEMPLATE template0');
  const other = await postgres.connect('postgres', { database: 'annen' });
  for (const sql of [await script(), ...TABLE, 'GRANT ALL ON t TO PUBLIC', 'INSERT INTO t VALUES (1)'])
    await other.query(sql);
  await other.query(`SET SESSION AUTHORIZATION "${KARI}"`);
  const folder = await temporaryFolder();
  const config = rowSettings(folder, postgres, { filter: { personalUsers: ['^postgres$', '^Z'] } });
  const rows = { database: `postgres://shipper@127.0.0.1:${postgres.port}/annen` };
  await insert(postgres, 2, 3);
  await run(folder, config);
  await run(folder, { ...config, rows });
  await other.query('INSERT INTO t VALUES (4)');
  await other.end();
  await run(folder, { ...config, rows });
  await insert(postgres, 5);
  await run(folder, config);
  expect(await shipped(folder)).toEqual([2, 3, 1, 4, 5]);
});

test('a daemon that lost its state goes on where the archive ends (I1)', async () => {
  const postgres = await serverWithHistory(TABLE);
  const folder = await temporaryFolder();
  const config = rowSettings(folder, postgres);
  await insert(postgres, 1, 2);
  await run(folder, config);
  await rm(join(folder, 'state'), { recursive: true });
  await insert(postgres, 3);
  await run(folder, config);
  expect(await shipped(folder)).toEqual([1, 2, 3]);
});

test('rows behind a transaction that has not ended wait for it; so does a database that is down (I1)', async () => {
  const postgres = await serverWithHistory(TABLE, { max_prepared_transactions: '5' });
  const folder = await temporaryFolder();
  const config = rowSettings(folder, postgres);
  await postgres.query(KARI, 'BEGIN', 'INSERT INTO t VALUES (1)', "PREPARE TRANSACTION 'p'");
  await insert(postgres, 2);
  await run(folder, config);
  expect(await shipped(folder)).toEqual([]);
  await postgres.query(KARI, "COMMIT PREPARED 'p'");
  const shipper = await Shipper.start(folder, config);
  await eventually(async () => (await archived(folder, 'row')).length === 2);
  await postgres.stop();
  await eventually(async () => (await shipper.get('/internal/status.json')).body.includes('rows-unreadable'));
  await postgres.startAgain();
  await insert(postgres, 3);
  await eventually(async () => (await archived(folder, 'row')).length === 3);
  await eventually(
    async () => !(await shipper.get('/internal/status.json')).body.includes('rows-unreadable'),
  );
  await shipper.stop();
  expect(await shipped(folder)).toEqual([1, 2, 3]);
});

test('a single run that cannot read the history fails, and ships what the log has (I12)', async () => {
  const postgres = await serverWithHistory(TABLE);
  const folder = await temporaryFolder();
  await insert(postgres, 1);
  const rows = { database: 'postgres://shipper@127.0.0.1:1/postgres' };
  const ended = await runOnce(folder, rowSettings(folder, postgres, { rows }));
  expect(ended).toMatchObject({ code: 1, output: expect.stringContaining('rows-unreadable') });
  expect((await archived(folder, 'statement')).length).toBe(1);
  await postgres.query('postgres', 'REVOKE SELECT ON row_history.state FROM row_history_reader');
  expect((await runOnce(folder, rowSettings(folder, postgres))).code).toBe(1);
  await postgres.query('postgres', 'GRANT SELECT ON row_history.state TO row_history_reader');
  await run(folder, rowSettings(folder, postgres));
  expect(await shipped(folder)).toEqual([1]);
});

test('a trigger that somebody switches off is a problem, and in the archive (I12)', async () => {
  const postgres = await serverWithHistory([
    ...TABLE,
    'CREATE TABLE u (n int)',
    "SELECT row_history.watch('u')",
  ]);
  const folder = await temporaryFolder();
  const config = rowSettings(folder, postgres);
  await postgres.query('postgres', 'ALTER TABLE u DISABLE TRIGGER ALL');
  await run(folder, config);
  await postgres.query('postgres', 'ALTER TABLE t DISABLE TRIGGER ALL', 'ALTER TABLE u ENABLE TRIGGER ALL');
  await run(folder, config);
  await postgres.query(
    'postgres',
    "SELECT row_history.watch('t')",
    "SELECT row_history.services('app', 'annen')",
  );
  await run(folder, config);
  const changes = (await archived(folder, 'config')).flatMap(({ config: changed }) => changed?.changes ?? []);
  expect(changes).toEqual([
    { what: 'rows', name: 'public.t', before: null, after: 'watched' },
    { what: 'rows', name: 'public.u', before: null, after: 'disabled' },
    { what: 'rows', name: 'services', before: '', after: 'app' },
    { what: 'rows', name: 'public.t', before: 'watched', after: 'disabled' },
    { what: 'rows', name: 'public.u', before: 'disabled', after: 'not-always' },
    { what: 'rows', name: 'public.t', before: 'disabled', after: 'watched' },
    { what: 'rows', name: 'public.u', before: 'not-always', after: 'watched' },
    { what: 'rows', name: 'services', before: 'app', after: 'annen, app' },
  ]);
  const verified = await runCommand(['verify', join(folder, 'archive'), '--json']);
  expect(verified.code).toBe(3);
  const [{ notRecorded }] = JSON.parse(verified.output).instances;
  expect(notRecorded.map(({ table, why }: { table: string; why: string }) => [table, why])).toEqual([
    ['public.u', 'disabled'],
    ['public.t', 'disabled'],
    ['public.u', 'not-always'],
  ]);
  const text = await runCommand(['verify', join(folder, 'archive')]);
  expect(text.output).toContain('rows of public.t were not recorded: disabled');
});

test('who is a service for the filter, or a person that nobody knows, is dropped and counted (I3)', async () => {
  const postgres = await serverWithHistory([
    ...TABLE,
    'CREATE ROLE appell LOGIN',
    'CREATE ROLE ukjent LOGIN',
  ]);
  const folder = await temporaryFolder();
  for (const user of ['appell', 'ukjent', OLA]) await postgres.query(user, 'INSERT INTO t VALUES (1)');
  await run(folder, rowSettings(folder, postgres, oneSegment(folder)));
  const [seal] = await archived(folder, 'seal');
  expect(seal?.seal).toMatchObject({
    rows: [
      { records: { read: 3, shipped: 1, dropped: { 'service-user': 1, 'other-user': 1 }, rejected: {} } },
    ],
    events: { row: 1 },
  });
});

/** A month of long ago, with a row in it. */
async function oldMonth(postgres: ThrowawayPostgres): Promise<void> {
  await postgres.query(
    'postgres',
    'SET ROLE row_history_owner',
    `CREATE TABLE row_history.change_2020_01 PARTITION OF row_history.change
       FOR VALUES FROM ('2020-01-01 00:00+00') TO ('2020-02-01 00:00+00')`,
    `INSERT INTO row_history.change (id, transaction, virtual_transaction, changed_at, statement_at, login, session_start, pid,
       database, operation, schema_name, table_name, masked, shortened, new)
     VALUES (gen_random_uuid(), pg_current_xact_id(), '1/1', '2020-01-02', '2020-01-02', '${KARI}', '2020-01-02', 1,
       'postgres', 'INSERT', 'public', 't', '{}', '{}', '{"n": 1}')`,
  );
}

async function hasOldMonth(postgres: ThrowawayPostgres): Promise<boolean> {
  const client = await postgres.connect('postgres');
  const { rows } = await client.query("SELECT to_regclass('row_history.change_2020_01') IS NOT NULL AS has");
  await client.end();
  return rows[0]?.has === true;
}

test('a month is dropped once its rows are in the archive, and never before', async () => {
  const postgres = await serverWithHistory(TABLE);
  const folder = await temporaryFolder();
  const rows = { database: `postgres://shipper@127.0.0.1:${postgres.port}/postgres`, keep: '1d' };
  const config = rowSettings(folder, postgres, { rows });
  await run(folder, config);
  await oldMonth(postgres);
  // Something that is no folder is in the way of the archive.
  await rename(join(folder, 'archive'), join(folder, 'elsewhere'));
  await writeFile(join(folder, 'archive'), '');
  const shipper = await Shipper.start(folder, config);
  await eventually(async () => (await logged(folder, 'seal')).some(({ seal }) => seal?.events.row === 1));
  await shipper.kill();
  expect(await hasOldMonth(postgres)).toBe(true);
  await rm(join(folder, 'archive'));
  await rename(join(folder, 'elsewhere'), join(folder, 'archive'));
  await run(folder, config);
  await run(folder, config);
  expect(await hasOldMonth(postgres)).toBe(false);
  expect(await shipped(folder)).toEqual([1]);
});

test("another database's months are not dropped by the position in the one before", async () => {
  const postgres = await serverWithHistory(TABLE);
  await postgres.query('postgres', 'CREATE DATABASE annen');
  const other = await postgres.connect('postgres', { database: 'annen' });
  for (const sql of [await script(), ...TABLE]) await other.query(sql);
  await other.end();
  const folder = await temporaryFolder();
  const database = (name: string): string => `postgres://shipper@127.0.0.1:${postgres.port}/${name}`;
  // Sealed at its end, so that each run knows the position of the run before.
  const rowsOf = (name: string): Settings =>
    rowSettings(folder, postgres, { ...oneSegment(folder), rows: { database: database(name), keep: '1d' } });
  await oldMonth(postgres);
  const later = await postgres.connect('postgres', { database: 'annen' });
  await later.query('INSERT INTO t VALUES (2)');
  await later.end();
  await run(folder, { ...rowsOf('annen'), filter: { personalUsers: ['^postgres$', '^Z'] } });
  await run(folder, rowsOf('postgres'));
  expect(await hasOldMonth(postgres)).toBe(true);
});

test('a server that is let go and comes back is read on from where reading stopped (I1)', async () => {
  const postgres = await serverWithHistory(TABLE);
  const folder = await temporaryFolder();
  const log = join(folder, 'logs', String(postgres.port));
  const discover = { files: join(folder, 'logs', '{port}', '*.csv'), instance: 'db-{port}' };
  const rows = { database: 'postgres://shipper@127.0.0.1:{port}/postgres' };
  const config = severalSettings(folder, [{ discover, rows, timezone: 'Europe/Oslo' }]);
  await mkdir(join(folder, 'logs'));
  await insert(postgres, 1, 2);
  copy(postgres.logs, log);
  await run(folder, config);
  await rename(log, join(folder, 'aside'));
  await run(folder, config);
  await rename(join(folder, 'aside'), log);
  await insert(postgres, 3);
  await run(folder, config);
  const found = (await archived(folder, 'row')).map(({ instance, row }) => `${instance} ${row?.new?.n}`);
  expect(found).toEqual([1, 2, 3].map(n => `db-${postgres.port} ${n}`));
  const verified = await runCommand(['verify', join(folder, 'archive')]);
  expect(verified.output).not.toContain('broken');
});

/** It belongs to whoever owns the original. */
function copy(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to]);
}
