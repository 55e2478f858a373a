/** What row_history.change says of each change, on a real server. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { KARI, OLA, RowHistory, SERVICE } from '../../support/row-history.js';

test('each change of a person is recorded with its old and new values, and none of a service', async () => {
  const history = await RowHistory.start();
  await history.run(
    SERVICE,
    "INSERT INTO fag.konto VALUES (1, 'a', 1), (2, 'b', 2)",
    'DELETE FROM fag.konto WHERE id = 2',
  );
  await history.run(
    KARI,
    "INSERT INTO fag.konto VALUES (3, 'Kåre \"K\",\nlinje', 'NaN')",
    'UPDATE fag.konto SET saldo = 0 WHERE id = 1',
    'UPDATE fag.konto SET id = 4, navn = NULL WHERE id = 3',
    'UPDATE fag.konto SET navn = navn WHERE id = 1',
    'DELETE FROM fag.konto WHERE id = 4',
  );
  await history.run(SERVICE, 'TRUNCATE fag.konto');
  expect(await history.told()).toEqual([
    ['INSERT', { id: 3 }, null, { id: 3, navn: 'Kåre "K",\nlinje', saldo: 'NaN' }],
    ['UPDATE', { id: 1 }, { saldo: 1 }, { saldo: 0 }],
    ['UPDATE', { id: 3 }, { id: 3, navn: 'Kåre "K",\nlinje' }, { id: 4, navn: null }],
    ['UPDATE', { id: 1 }, {}, {}],
    ['DELETE', { id: 4 }, { id: 4, navn: null, saldo: 'NaN' }, null],
  ]);
});

/** Columns of csvlog, by the manual. */
const [USER, PID, SESSION, SESSION_START, VIRTUAL, MESSAGE] = [1, 3, 5, 8, 9, 13];

test('login, session and virtual transaction are those of the same statement in csvlog', async () => {
  const history = await RowHistory.start({ log_timezone: 'UTC' });
  for (const user of [KARI, OLA, KARI])
    await history.run(
      user,
      `INSERT INTO fag.konto SELECT coalesce(max(id), 0) + 1 FROM fag.konto`,
      'BEGIN',
      'UPDATE fag.konto SET saldo = 1',
      'SAVEPOINT s',
      'SET ROLE NONE',
      'UPDATE fag.konto SET saldo = 2',
      'COMMIT',
    );
  const folder = history.postgres.logs;
  const files = (await readdir(folder)).filter(name => name.endsWith('.csv')).sort();
  const texts = await Promise.all(files.map(name => readFile(join(folder, name), 'utf8')));
  const records: string[][] = parse(texts.join(''));
  const logged = records
    .filter(record => record[MESSAGE]?.includes('WRITE') && record[USER] !== 'postgres')
    .map(record => [USER, SESSION, PID, SESSION_START, VIRTUAL].map(column => record[column]));
  const sql = `SELECT DISTINCT ON (statement_at) login,
      to_hex(floor(extract(epoch FROM session_start))::bigint) || '.' || to_hex(pid) AS session_id, pid::text,
      to_char(session_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC' AS start, virtual_transaction
    FROM row_history.change ORDER BY statement_at`;
  const recorded = (await history.rows(sql)).map(row => Object.values(row));
  expect(recorded).toHaveLength(9);
  expect(recorded).toEqual(logged);
});

test('what was rolled back is not there; savepoints, prepared and isolated transactions are', async () => {
  const history = await RowHistory.start({ max_prepared_transactions: '2', force_parallel_mode: 'on' });
  const insert = (id: number): string => `INSERT INTO fag.konto VALUES (${id})`;
  const kari = await history.connect(KARI);
  const steps = [
    ...['BEGIN', insert(1), 'SAVEPOINT a', insert(2), 'ROLLBACK TO a', insert(3), 'RELEASE a', 'COMMIT'],
    ...['BEGIN', insert(4), 'ROLLBACK'],
    ...['BEGIN', insert(5), "PREPARE TRANSACTION 'kept'", 'BEGIN', insert(6), "PREPARE TRANSACTION 'undone'"],
    ...["COMMIT PREPARED 'kept'", "ROLLBACK PREPARED 'undone'"],
    ...['BEGIN ISOLATION LEVEL REPEATABLE READ', insert(7), insert(8), 'COMMIT'],
    ...['BEGIN', 'SET CONSTRAINTS ALL DEFERRED', insert(9), 'COMMIT'],
  ];
  for (const step of steps) await kari.query(step);
  await kari.end();
  const changes = await history.changes();
  expect(changes.map(change => change.key)).toEqual([1, 3, 5, 7, 8, 9].map(id => ({ id })));
  expect(new Set(changes.map(change => change.transaction)).size).toBe(4);
  expect(changes.every(change => /^\d+\/\d+$/.test(change.virtual_transaction))).toBe(true);
});

test('serializable transactions do not conflict because of the history', async () => {
  const history = await RowHistory.start();
  const [kari, ola] = [await history.connect(KARI), await history.connect(OLA)];
  for (const client of [kari, ola]) await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
  for (const id of [1, 3]) {
    await kari.query('INSERT INTO fag.konto VALUES ($1)', [id]);
    await ola.query('INSERT INTO fag.konto VALUES ($1)', [id + 1]);
  }
  for (const client of [kari, ola]) {
    await client.query('COMMIT');
    await client.end();
  }
  expect(await history.changes()).toHaveLength(4);
});

test('the position grows with each change of a transaction, and id is a UUIDv7 of the time', async () => {
  const history = await RowHistory.start();
  await history.run(KARI, 'INSERT INTO fag.konto SELECT g FROM generate_series(1, 300) g');
  const changes = await history.changes();
  expect(changes.map(change => change.key)).toEqual(changes.map((_, index) => ({ id: index + 1 })));
  for (const { id, changed_at } of changes) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(changed_at.getTime());
  }
});

test('the login stays who logged in, and app.current_user is what somebody claims', async () => {
  const history = await RowHistory.start();
  await history.run('postgres', `GRANT ${SERVICE} TO "${KARI}"`, `ALTER ROLE "${OLA}" SUPERUSER`);
  await history.run(
    KARI,
    `SELECT set_config('app.current_user', repeat('ø', 300), false)`,
    `SET ROLE ${SERVICE}`,
    'INSERT INTO fag.konto VALUES (1)',
  );
  await history.run(OLA, `SET SESSION AUTHORIZATION "${KARI}"`, 'INSERT INTO fag.konto VALUES (2)');
  expect((await history.changes()).map(({ login, claimed }) => [login, claimed])).toEqual([
    [KARI, 'ø'.repeat(200)],
    [OLA, null],
  ]);
});

test('masked columns are named, and their values are nowhere', async () => {
  const history = await RowHistory.start();
  await history.run(
    'postgres',
    'CREATE TABLE fag.person (fnr text PRIMARY KEY, navn text, adresse text)',
    'GRANT ALL ON fag.person TO PUBLIC',
    `SELECT row_history.watch('fag.person')`,
    `SELECT row_history.mask('fag.person', 'fnr', 'adresse')`,
  );
  await history.run(
    KARI,
    "INSERT INTO fag.person VALUES ('01010112345', 'Kari', 'Secret 1')",
    "UPDATE fag.person SET navn = 'K'",
    "UPDATE fag.person SET adresse = 'Secret 2'",
    'DELETE FROM fag.person',
  );
  const changes = await history.changes();
  expect(
    changes.map(change => [change.operation, change.key, change.old, change.new, change.masked]),
  ).toEqual([
    ['INSERT', null, null, { navn: 'Kari' }, ['adresse', 'fnr']],
    ['UPDATE', null, { navn: 'Kari' }, { navn: 'K' }, ['fnr']],
    ['UPDATE', null, {}, {}, ['adresse', 'fnr']],
    ['DELETE', null, { navn: 'K' }, null, ['adresse', 'fnr']],
  ]);
  await history.run(
    'postgres',
    'CREATE TABLE fag.ny AS TABLE fag.person',
    'DROP TABLE fag.person',
    'ALTER TABLE fag.ny RENAME TO person',
    'GRANT ALL ON fag.person TO PUBLIC',
    `SELECT row_history.watch('fag.person')`,
  );
  await history.run(KARI, "INSERT INTO fag.person VALUES ('01010112345', 'Kari', 'Secret 3')");
  expect((await history.changes()).at(-1)?.new).toEqual({ navn: 'Kari' });
  expect(JSON.stringify(await history.changes())).not.toMatch(/01010112345|Secret/);
});
