/** The script run again, what can be watched, and partitions that come and go. */

import { expect, test } from 'vitest';
import { KARI, OLA, RowHistory, SCRIPT, SHIPPER } from '../../support/row-history.js';
import { eventually } from '../../support/shipper.js';

const NEWEST = `SELECT transaction, id FROM row_history.change ORDER BY transaction DESC, id DESC LIMIT 1`;

interface Done {
  readonly partition: string;
  readonly action: string;
  readonly reason: string | null;
}

/** The month so many months ago, in UTC, as a partition is named. */
function monthsAgo(months: number): string {
  const now = new Date();
  const then = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months));
  return `change_${then.toISOString().slice(0, 7).replace('-', '_')}`;
}

/** Makes the present month's partition that of an older month: what is in it is from then. */
async function age(history: RowHistory, months: number): Promise<void> {
  const [now, then] = [monthsAgo(0), monthsAgo(months)];
  const [since, until] = [monthsAgo(months), monthsAgo(months - 1)].map(
    name => `${name.slice(7).replace('_', '-')}-01 00:00+00`,
  );
  await history.run(
    'postgres',
    `ALTER TABLE row_history.change DETACH PARTITION row_history.${now}`,
    `ALTER TABLE row_history.${now} RENAME TO ${then}`,
    `ALTER TABLE row_history.${then} DISABLE TRIGGER ALL`,
    `UPDATE row_history.${then} SET changed_at = changed_at - (now() - timestamptz '${since}') + interval '1 hour'`,
    `ALTER TABLE row_history.change ATTACH PARTITION row_history.${then} FOR VALUES FROM ('${since}') TO ('${until}')`,
  );
}

/** As the shipper does it, for a position that this query finds. */
async function maintain(history: RowHistory, position: string, keep = '1 day'): Promise<Done[]> {
  const [found] = await history.rows<{ transaction: string | null; id: string | null }>(position);
  const values = [found?.transaction, found?.id, keep];
  return history.rows<Done>('SELECT * FROM row_history.maintain($1, $2, $3)', SHIPPER, values);
}

/** Writes into the month two months ago, as if it had begun then; only a superuser can. */
const LATE = `INSERT INTO row_history.${monthsAgo(2)}
  SELECT gen_random_uuid(), pg_current_xact_id(), c.virtual_transaction, c.changed_at, c.statement_at, c.login,
    c.session_start, c.pid, c.database, c.operation, c.schema_name, c.table_name, NULL, NULL, NULL, NULL, '{}', '{}'
  FROM row_history.change c LIMIT 1`;

const NOTHING = 'SELECT NULL AS transaction, NULL AS id';

test('the partitions of this month and twelve more are there, and those that are missing are made', async () => {
  const history = await RowHistory.start();
  const partitions = async (): Promise<string[]> =>
    (
      await history.rows<{ name: string }>(
        `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'row_history.change'::regclass ORDER BY 1`,
      )
    ).map(({ name }) => name);
  const all = Array.from({ length: 13 }, (_, index) => monthsAgo(-index));
  expect(await partitions()).toEqual([...all, 'change_default']);
  expect(await maintain(history, NOTHING)).toEqual([]);
  await history.run('postgres', ...[0, 1, 3].map(ahead => `DROP TABLE row_history.${monthsAgo(-ahead)}`));
  await history.run(KARI, 'INSERT INTO fag.konto VALUES (1)');
  expect(await maintain(history, NOTHING)).toEqual([
    { partition: monthsAgo(0), action: 'kept', reason: 'rows-in-default' },
    { partition: monthsAgo(-1), action: 'created', reason: null },
    { partition: monthsAgo(-3), action: 'created', reason: null },
  ]);
  expect(await partitions()).toEqual([...all.slice(1), 'change_default']);
  expect(await history.changes()).toHaveLength(1);
  for (const sql of [`TRUNCATE row_history.${monthsAgo(-1)}`, 'DELETE FROM row_history.change'])
    await expect(history.run('postgres', sql)).rejects.toThrow('is refused');
});

test('a month is dropped once it is over for long enough, and shipped as a whole', async () => {
  const history = await RowHistory.start();
  await history.run(KARI, 'INSERT INTO fag.konto VALUES (1), (2)');
  const first = 'SELECT transaction, min(id::text) AS id FROM row_history.change GROUP BY 1';
  expect(await maintain(history, NEWEST)).toEqual([]);
  await age(history, 2);
  await history.run('postgres', 'SELECT row_history.create_partitions(0)');
  const partition = monthsAgo(2);
  expect(await maintain(history, NOTHING)).toEqual([]);
  expect(await maintain(history, NEWEST, '100 days')).toEqual([]);
  expect(await maintain(history, first)).toEqual([{ partition, action: 'kept', reason: 'not-shipped' }]);
  expect(await maintain(history, NEWEST, '-90 days')).toEqual([
    { partition, action: 'dropped', reason: null },
  ]);
  expect(await history.changes()).toEqual([]);
});

test('the last month is kept for a day, whatever is asked', async () => {
  const history = await RowHistory.start();
  await history.run(KARI, 'INSERT INTO fag.konto VALUES (1)');
  const isFirstDay = new Date().getUTCDate() === 1;
  await age(history, 1);
  const done = await maintain(history, NEWEST, '0 days');
  expect(done.map(({ action }) => action)).toEqual(isFirstDay ? ['created'] : ['created', 'dropped']);
});

test('a transaction that is open in an old month never loses its rows, prepared or not', async () => {
  const history = await RowHistory.start({ max_prepared_transactions: '2' });
  await history.run(KARI, 'INSERT INTO fag.konto VALUES (1)');
  await age(history, 2);
  await history.run('postgres', 'SELECT row_history.create_partitions(0)');
  const kept = { partition: monthsAgo(2), action: 'kept', reason: 'locked' };
  const open = await history.connect('postgres');
  for (const sql of ['BEGIN', 'SET LOCAL ROLE row_history_owner', LATE]) await open.query(sql);
  const position = "SELECT '1000000' AS transaction, gen_random_uuid() AS id";
  expect(await maintain(history, position)).toEqual([kept]);
  expect(await maintain(history, NEWEST)).toEqual([kept]);
  await open.query("PREPARE TRANSACTION 'late'");
  await open.end();
  expect(await maintain(history, NEWEST)).toEqual([kept]);
  const shipped = await history.rows<{ transaction: string; id: string }>(NEWEST);
  await history.run('postgres', "COMMIT PREPARED 'late'");
  const before = `SELECT '${shipped[0]?.transaction}' AS transaction, '${shipped[0]?.id}' AS id`;
  expect(await maintain(history, before)).toEqual([{ ...kept, reason: 'not-shipped' }]);
  expect(await history.changes()).toHaveLength(2);
  expect(await maintain(history, NEWEST)).toEqual([{ ...kept, action: 'dropped', reason: null }]);
});

test('what is committed while maintain waits for its lock is kept', async () => {
  const history = await RowHistory.start();
  await history.run(KARI, 'INSERT INTO fag.konto VALUES (1)');
  await age(history, 2);
  await history.run('postgres', 'SELECT row_history.create_partitions(0)');
  const open = await history.connect('postgres');
  for (const sql of ['BEGIN', 'SET LOCAL ROLE row_history_owner', LATE]) await open.query(sql);
  const maintained = maintain(history, NEWEST);
  const waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'row_history.change'::regclass";
  // A machine too busy to see it within its second of waiting: then it has given up, and kept the rows, too.
  let isOver = false;
  void maintained.finally(() => {
    isOver = true;
  });
  await eventually(async () => isOver || (await history.rows(waiting)).length > 0);
  await open.query('COMMIT');
  await open.end();
  expect((await maintained).map(({ action }) => action)).toEqual(['kept']);
  expect(await history.changes()).toHaveLength(2);
});

test('a lock that cannot be had is no error, and maintain sees what others commit meanwhile', async () => {
  const history = await RowHistory.start();
  await history.run('postgres', `DROP TABLE row_history.${monthsAgo(-3)}`);
  const open = await history.connect(KARI);
  for (const sql of ['BEGIN', 'INSERT INTO fag.konto VALUES (1), (2)']) await open.query(sql);
  expect(await maintain(history, NOTHING)).toEqual([
    { partition: monthsAgo(-3), action: 'kept', reason: 'locked' },
  ]);
  await open.query('COMMIT');
  await open.end();
  expect(await maintain(history, NOTHING)).toEqual([
    { partition: monthsAgo(-3), action: 'created', reason: null },
  ]);
  await expect(
    history.run(
      SHIPPER,
      'BEGIN ISOLATION LEVEL REPEATABLE READ',
      'SELECT * FROM row_history.maintain(NULL, NULL, NULL)',
    ),
  ).rejects.toThrow('must see what others commit');
});

test('run again, it keeps rows, what is watched, services and grants, and replaces functions', async () => {
  const history = await RowHistory.start();
  await history.run(
    'postgres',
    `SELECT row_history.mask('fag.konto', 'navn')`,
    `SELECT row_history.services(VARIADIC array_agg(name) || '{app_batch}'::text[]) FROM row_history.service`,
  );
  await history.run(KARI, "INSERT INTO fag.konto VALUES (1, 'a', 1)");
  const before = await history.changes();
  // As if an older version had been there: other functions, no view, a guard less.
  await history.run(
    'postgres',
    'DROP VIEW row_history.state',
    'DROP TRIGGER append_only ON row_history.change',
    'DROP FUNCTION row_history.maintain',
    `CREATE OR REPLACE FUNCTION row_history.record() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
    ...[
      'services_in_effect BEFORE TRUNCATE ON row_history.pattern',
      'row_history_truncate BEFORE TRUNCATE ON fag.konto',
    ].map(
      trigger =>
        `CREATE OR REPLACE TRIGGER ${trigger} WHEN (session_user <> 'app_web') EXECUTE FUNCTION row_history.record()`,
    ),
    'DROP TRIGGER row_history_row ON fag.konto',
    `DROP TABLE row_history.${monthsAgo(-7)}`,
  );
  for (let run = 0; run < 2; run++) await history.run('postgres', SCRIPT);
  expect(await history.changes()).toEqual(before);
  await history.run(KARI, 'UPDATE fag.konto SET saldo = 2');
  expect((await history.told()).at(-1)).toEqual(['UPDATE', { id: 1 }, { saldo: 1 }, { saldo: 2 }]);
  expect(await history.faults()).toEqual({ 'fag.konto': null });
  expect(await history.rows('SELECT masked, services FROM row_history.watched, row_history.state')).toEqual([
    { masked: ['navn'], services: ['app_batch', 'app_web'] },
  ]);
  expect(await maintain(history, NOTHING)).toEqual([]);
  await expect(history.run('postgres', 'DELETE FROM row_history.change')).rejects.toThrow('is refused');
});

test('it is not installed where others could become its owner', async () => {
  const history = await RowHistory.start();
  await history.run('postgres', `GRANT row_history_owner TO "${OLA}"`);
  const again = await history.connect('postgres');
  await expect(again.query(SCRIPT)).rejects.toThrow('has members');
  await again.end();
  await history.run('postgres', `REVOKE row_history_owner FROM "${OLA}"`, 'CREATE DATABASE annen');
  const other = await history.postgres.connect('postgres', { database: 'annen' });
  await other.query(`CREATE SCHEMA row_history AUTHORIZATION "${OLA}"`);
  await expect(other.query(SCRIPT)).rejects.toThrow('belongs to another role');
  await other.query('ROLLBACK; DROP SCHEMA row_history');
  await other.query(SCRIPT);
  await other.end();
});

const REFUSALS = [
  ['fag.utsikt', 'is not a table'],
  ['pg_temp.midlertidig', 'is temporary'],
  ['row_history.change', 'belongs to the server'],
  ['pg_class', 'belongs to the server'],
  ['fag.del', 'is related to fag.hel'],
] as const;

test('what cannot be watched says why', async () => {
  const history = await RowHistory.start();
  const client = await history.connect('postgres');
  await client.query('CREATE VIEW fag.utsikt AS SELECT 1; CREATE TEMPORARY TABLE midlertidig (a int)');
  await client.query(
    'CREATE TABLE fag.hel (a int) PARTITION BY LIST (a); CREATE TABLE fag.del PARTITION OF fag.hel DEFAULT',
  );
  await client.query("SELECT row_history.watch('fag.hel')");
  for (const [table, why] of REFUSALS)
    await expect(client.query('SELECT row_history.watch($1)', [table])).rejects.toThrow(why);
  await expect(client.query("SELECT row_history.mask('fag.konto', 'finnes_ikke')")).rejects.toThrow(
    'no column finnes_ikke',
  );
  await expect(client.query("SELECT row_history.mask('fag.utsikt', 'a')")).rejects.toThrow('is not watched');
  await client.query(
    "DROP TABLE fag.konto; SELECT row_history.unwatch(relation) FROM row_history.watched WHERE table_name = 'konto'",
  );
  await client.query("SELECT row_history.unwatch('fag.hel')");
  await client.end();
  expect(await history.faults()).toEqual({});
  expect(await history.rows("SELECT FROM pg_trigger WHERE tgname LIKE 'row_history_%'")).toEqual([]);
});
