/** Ways to change rows that may get around triggers: what the history has of each, and what else tells of it. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { KARI, OLA, RowHistory, SERVICE } from '../../support/row-history.js';

/** Operation, table and partition of each change. */
async function recorded(history: RowHistory): Promise<string[]> {
  return (await history.changes()).map(({ operation, table_name: table, partition }) =>
    [operation, table, partition].filter(part => part !== null).join(' '),
  );
}

const PARTS = [
  'CREATE TABLE fag.post (id int, dag int, PRIMARY KEY (id, dag)) PARTITION BY RANGE (dag)',
  'CREATE TABLE fag.post1 PARTITION OF fag.post FOR VALUES FROM (0) TO (10) PARTITION BY LIST (dag)',
  'CREATE TABLE fag.post1a PARTITION OF fag.post1 FOR VALUES IN (1)',
  `SELECT row_history.watch('fag.post')`,
  'CREATE TABLE fag.post2 PARTITION OF fag.post FOR VALUES FROM (10) TO (20)',
  'CREATE TABLE fag.post3 (LIKE fag.post INCLUDING ALL)',
  'ALTER TABLE fag.post ATTACH PARTITION fag.post3 FOR VALUES FROM (20) TO (30)',
  'GRANT ALL ON ALL TABLES IN SCHEMA fag TO PUBLIC',
];

test('partitions: those that come later, too, but for their TRUNCATE until watch is called again', async () => {
  const history = await RowHistory.start();
  await history.run('postgres', ...PARTS);
  await history.run(
    KARI,
    'INSERT INTO fag.post VALUES (1, 1), (2, 11), (3, 21)',
    'UPDATE fag.post SET dag = 12 WHERE id = 1',
    'DELETE FROM fag.post2 WHERE id = 2',
    'TRUNCATE fag.post1a',
    'TRUNCATE fag.post2',
    'TRUNCATE fag.post',
  );
  expect(await recorded(history)).toEqual([
    'INSERT post fag.post1a',
    'INSERT post fag.post2',
    'INSERT post fag.post3',
    'DELETE post fag.post1a',
    'INSERT post fag.post2',
    'DELETE post fag.post2',
    'TRUNCATE post fag.post1a',
    'TRUNCATE post',
    'TRUNCATE post fag.post1',
    'TRUNCATE post fag.post1a',
  ]);
  expect(await history.faults()).toMatchObject({
    'fag.post': null,
    'fag.post1a': null,
    'fag.post2': 'no-truncate-trigger',
    'fag.post3': 'no-truncate-trigger',
  });
  await history.run('postgres', `SELECT row_history.watch('fag.post')`);
  expect(new Set(Object.values(await history.faults()))).toEqual(new Set([null]));
  await history.forget();
  await history.run(KARI, 'TRUNCATE fag.post2');
  await history.run(
    'postgres',
    'ALTER TABLE fag.post DETACH PARTITION fag.post3',
    'INSERT INTO fag.post3 VALUES (9, 21)',
  );
  expect(await recorded(history)).toEqual(['TRUNCATE post fag.post2']);
  expect(Object.keys(await history.faults())).not.toContain('fag.post3');
});

test('inheritance: children that watch found; later ones are faults', async () => {
  const history = await RowHistory.start();
  await history.run(
    'postgres',
    'CREATE TABLE fag.mor (id int)',
    'CREATE TABLE fag.barn (b int) INHERITS (fag.mor)',
    'CREATE TABLE fag.barnebarn () INHERITS (fag.barn)',
    `SELECT row_history.watch('fag.mor')`,
    'CREATE TABLE fag.etternøler () INHERITS (fag.mor)',
    'GRANT ALL ON ALL TABLES IN SCHEMA fag TO PUBLIC',
  );
  const work = [
    'INSERT INTO fag.barnebarn VALUES (1, 2)',
    'INSERT INTO fag.etternøler VALUES (3)',
    'UPDATE fag.mor SET id = 4',
  ];
  await history.run(KARI, ...work, 'TRUNCATE fag.barn');
  const expected = ['INSERT barnebarn', 'UPDATE barnebarn', 'TRUNCATE barn', 'TRUNCATE barnebarn'];
  expect(await recorded(history)).toEqual(expected);
  expect(await history.faults()).toMatchObject({ 'fag.barnebarn': null, 'fag."etternøler"': 'no-trigger' });
  await history.run('postgres', `SELECT row_history.watch('fag.mor')`);
  await history.forget();
  await history.run(KARI, 'INSERT INTO fag.etternøler VALUES (3)');
  expect(await recorded(history)).toEqual(['INSERT etternøler']);
});

test('statements other than INSERT, UPDATE and DELETE of the table itself', async () => {
  const history = await RowHistory.start();
  await history.run(
    'postgres',
    'CREATE TABLE fag.kunde (id int PRIMARY KEY)',
    'CREATE TABLE fag.ordre (id int PRIMARY KEY, kunde int REFERENCES fag.kunde ON DELETE CASCADE ON UPDATE CASCADE, dobbel int GENERATED ALWAYS AS (id * 2) STORED)',
    'CREATE VIEW fag.vindu AS SELECT id, kunde FROM fag.ordre',
    `CREATE FUNCTION fag.eier() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM fag.ordre WHERE id = 1'`,
    'GRANT ALL ON ALL TABLES IN SCHEMA fag TO PUBLIC',
    'ALTER TABLE fag.ordre ENABLE ROW LEVEL SECURITY',
    'CREATE POLICY alle ON fag.ordre USING (true)',
    `SELECT row_history.watch('fag.ordre')`,
    'INSERT INTO fag.kunde VALUES (1), (2)',
  );
  await history.forget();
  await history.run(
    KARI,
    'INSERT INTO fag.ordre VALUES (1, 1) ON CONFLICT DO NOTHING',
    'INSERT INTO fag.ordre VALUES (1, 1) ON CONFLICT DO NOTHING',
    'INSERT INTO fag.ordre VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET kunde = 2',
    'UPDATE fag.vindu SET id = 5',
    'MERGE INTO fag.ordre o USING (VALUES (5), (6)) v(id) ON o.id = v.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (v.id)',
    'WITH ny AS (INSERT INTO fag.ordre VALUES (1, 1) RETURNING id) SELECT * FROM ny',
    'UPDATE fag.kunde SET id = 3 WHERE id = 1',
    'SELECT fag.eier()',
    'INSERT INTO fag.ordre VALUES (7, 2)',
    'DELETE FROM fag.kunde WHERE id = 2',
    "DO $$BEGIN EXECUTE 'DELETE FROM fag.ordre'; END$$",
  );
  const told = await history.rows<{ operation: string; key: unknown; old: unknown; new: unknown }>(
    'SELECT operation, key, old, new FROM row_history.change ORDER BY transaction, id',
  );
  const row = (id: number, kunde: number | null): object => ({ id, kunde, dobbel: id * 2 });
  expect(told.map(change => Object.values(change))).toEqual([
    ['INSERT', { id: 1 }, null, row(1, 1)],
    ['UPDATE', { id: 1 }, { kunde: 1 }, { kunde: 2 }],
    ['UPDATE', { id: 1 }, { id: 1, dobbel: 2 }, { id: 5, dobbel: 10 }],
    ['DELETE', { id: 5 }, row(5, 2), null],
    ['INSERT', { id: 6 }, null, row(6, null)],
    ['INSERT', { id: 1 }, null, row(1, 1)],
    ['UPDATE', { id: 1 }, { kunde: 1 }, { kunde: 3 }],
    ['DELETE', { id: 1 }, row(1, 3), null],
    ['INSERT', { id: 7 }, null, row(7, 2)],
    ['DELETE', { id: 7 }, row(7, 2), null],
    ['DELETE', { id: 6 }, row(6, null), null],
  ]);
});

test('COPY is recorded row by row', async () => {
  const history = await RowHistory.start();
  await history.run('postgres', `GRANT pg_execute_server_program TO "${KARI}"`);
  await history.run(KARI, `COPY fag.konto (id) FROM PROGRAM 'seq 3'`);
  expect((await history.changes()).map(change => change.key)).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
});

test('an estimate of the rows that TRUNCATE removed', async () => {
  const history = await RowHistory.start();
  await history.run('postgres', ...PARTS, `SELECT row_history.watch('fag.post')`);
  await history.run(SERVICE, 'TRUNCATE fag.konto', 'INSERT INTO fag.konto VALUES (1)');
  await history.run(KARI, 'TRUNCATE fag.post', 'TRUNCATE fag.konto', 'TRUNCATE fag.konto');
  await history.run(SERVICE, 'INSERT INTO fag.konto SELECT g FROM generate_series(1, 500) g');
  await history.run(
    'postgres',
    'INSERT INTO fag.post SELECT g, g % 2 * 20 + 1 FROM generate_series(1, 40) g',
  );
  await history.run('postgres', 'ANALYZE fag.konto', 'ANALYZE fag.post');
  await history.run(KARI, 'TRUNCATE fag.konto, fag.post');
  const truncates = (await history.changes()).filter(change => change.operation === 'TRUNCATE');
  const estimates = truncates.map(({ table_name: table, partition, estimated_rows: rows }) => [
    partition ?? table,
    rows,
  ]);
  expect(estimates.slice(5)).toEqual([
    ['konto', null],
    ['konto', '0'],
    ['konto', '500'],
    ['post', '40'],
    ['fag.post1', '20'],
    ['fag.post2', '0'],
    ['fag.post3', '20'],
    ['fag.post1a', '20'],
  ]);
});

/** What the table's owner or a superuser may do; what `state` then says, and SQL that pgAudit must have logged. */
const DEFEATS = [
  { sql: 'ALTER TABLE fag.konto DISABLE TRIGGER row_history_row', fault: 'disabled' },
  { sql: 'ALTER TABLE fag.konto DISABLE TRIGGER ALL', fault: 'disabled' },
  { sql: 'ALTER TABLE fag.konto ENABLE TRIGGER ALL', fault: 'not-always' },
  { sql: 'ALTER TABLE fag.konto ENABLE REPLICA TRIGGER row_history_row', fault: 'not-always' },
  { sql: 'DROP TRIGGER row_history_row ON fag.konto', fault: 'no-trigger' },
  { sql: 'ALTER TRIGGER row_history_row ON fag.konto RENAME TO noe', fault: 'no-trigger' },
  { sql: 'DROP TRIGGER row_history_truncate ON fag.konto', fault: 'no-truncate-trigger' },
  {
    sql: 'CREATE OR REPLACE TRIGGER row_history_row AFTER INSERT OR UPDATE OR DELETE ON fag.konto FOR EACH ROW WHEN (false) EXECUTE FUNCTION row_history.record()',
    fault: 'changed',
  },
  {
    sql: `CREATE OR REPLACE TRIGGER row_history_row AFTER INSERT OR UPDATE OR DELETE ON fag.konto FOR EACH ROW WHEN (session_user <> ALL ('{app_web,${KARI}}'::text[])) EXECUTE FUNCTION row_history.record()`,
    fault: 'changed',
  },
  {
    sql: `CREATE OR REPLACE TRIGGER row_history_row AFTER INSERT ON fag.konto FOR EACH ROW WHEN (session_user <> ALL ('{app_web}'::text[])) EXECUTE FUNCTION row_history.record()`,
    fault: 'changed',
  },
  {
    sql: `CREATE OR REPLACE TRIGGER row_history_row AFTER INSERT OR UPDATE OF navn OR DELETE ON fag.konto FOR EACH ROW WHEN (session_user <> ALL ('{app_web}'::text[])) EXECUTE FUNCTION row_history.record()`,
    fault: 'changed',
  },
  {
    sql: `CREATE OR REPLACE TRIGGER row_history_row AFTER INSERT OR UPDATE OR DELETE ON fag.konto FOR EACH ROW WHEN (session_user <> ALL ('{app_web}'::text[])) EXECUTE FUNCTION row_history.record('saldo')`,
    fault: 'changed',
  },
  {
    sql: `CREATE OR REPLACE TRIGGER row_history_row AFTER INSERT OR UPDATE OR DELETE ON fag.konto FOR EACH ROW WHEN (session_user <> ALL ('{app_web}'::text[])) EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
    fault: 'changed',
  },
  {
    sql: 'CREATE TABLE fag.konto2 AS TABLE fag.konto; DROP TABLE fag.konto; ALTER TABLE fag.konto2 RENAME TO konto',
    fault: 'table-gone',
  },
] as const;

test('whoever takes a trigger away is in pgAudit’s log, and the state says what is wrong until watch is called again', async () => {
  const history = await RowHistory.start();
  expect(await history.faults()).toEqual({ 'fag.konto': null });
  for (const { sql, fault } of DEFEATS) {
    await history.run('postgres', sql);
    expect([sql, await history.faults()]).toEqual([sql, { 'fag.konto': fault }]);
    await history.run('postgres', `SELECT row_history.watch('fag.konto')`);
    expect(await history.faults()).toEqual({ 'fag.konto': null });
  }
  const folder = history.postgres.logs;
  const logs = await Promise.all((await readdir(folder)).map(name => readFile(join(folder, name), 'utf8')));
  for (const { sql } of DEFEATS) expect(logs.join('')).toContain(sql);
});

test('a masked column that was renamed is a fault', async () => {
  const history = await RowHistory.start();
  await history.run('postgres', `SELECT row_history.mask('fag.konto', 'navn')`);
  expect(await history.faults()).toEqual({ 'fag.konto': null });
  await history.run('postgres', 'ALTER TABLE fag.konto RENAME navn TO tittel');
  expect(await history.faults()).toEqual({ 'fag.konto': 'changed' });
  await history.run('postgres', `SELECT row_history.mask('fag.konto', 'tittel')`);
  expect(await history.faults()).toEqual({ 'fag.konto': null });
});

test('a superuser: session_replication_role gets around nothing, the session of a service around all', async () => {
  const history = await RowHistory.start();
  await history.run('postgres', `ALTER ROLE "${OLA}" SUPERUSER`);
  await history.run(OLA, "SET session_replication_role = 'replica'", 'INSERT INTO fag.konto VALUES (1)');
  await history.run(OLA, `SET SESSION AUTHORIZATION "${KARI}"`, 'INSERT INTO fag.konto VALUES (2)');
  await history.run(OLA, `SET SESSION AUTHORIZATION ${SERVICE}`, 'INSERT INTO fag.konto VALUES (3)');
  const changes = await history.changes();
  expect(changes.map(({ login, key }) => [login, key])).toEqual([
    [OLA, { id: 1 }],
    [OLA, { id: 2 }],
  ]);
  const folder = history.postgres.logs;
  const logs = await Promise.all((await readdir(folder)).map(name => readFile(join(folder, name), 'utf8')));
  expect(logs.join('')).toMatch(new RegExp(`"${OLA}",.*AUDIT: .*INSERT INTO fag.konto VALUES \\(3\\)`));
});
