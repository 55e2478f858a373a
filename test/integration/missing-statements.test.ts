/**
 * On a real PostgreSQL: what a superuser keeps out of the log leaves a gap in pgAudit's numbers, and nothing else does
 * (I11).
 */

import { expect, test } from 'vitest';
import { startPostgres } from '../support/postgres.js';
import { archived, runOnce, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

test('records that log_min_messages hides are reported with their numbers, also from the session’s start on', async () => {
  const postgres = await startPostgres();
  await postgres.query(
    'postgres',
    'CREATE ROLE "Z990001" LOGIN SUPERUSER',
    'CREATE TABLE t (id int PRIMARY KEY)',
    // The log has a session's start in seconds: it must be in a later second than the log's first record.
    'SELECT pg_sleep(1)',
    'CREATE FUNCTION f(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (n); RETURN n; END $$',
  );
  const quiet = await postgres.connect('Z990001');
  await quiet.query("SET log_min_messages = 'fatal'");
  await quiet.query('INSERT INTO t VALUES (1)');
  await quiet.query('RESET log_min_messages');
  await quiet.query('SELECT f(2)');
  await expect(quiet.query('INSERT INTO t VALUES (1)')).rejects.toThrow('duplicate');
  await quiet.query(
    "DO $$ BEGIN SET LOCAL log_min_messages = 'fatal'; UPDATE t SET id = 7 WHERE id = 2; END $$",
  );
  await quiet.query("SET log_min_messages = 'fatal'; DELETE FROM t; TRUNCATE t");
  await quiet.query('RESET log_min_messages');
  await quiet.query('INSERT INTO t SELECT generate_series(10, 20)');
  await quiet.end();
  const folder = await temporaryFolder();
  expect((await runOnce(folder, settings(folder, [postgres.logPattern]))).code).toBe(0);
  const gaps = (await archived(folder, 'gap')).map(({ gap }) => gap);
  expect(gaps).toMatchObject([
    { reason: 'missing-statements', user: 'Z990001', firstStatement: 1, lastStatement: 1 },
    { reason: 'missing-statements', user: 'Z990001' },
  ]);
  expect((gaps[1]?.lastStatement ?? 0) - (gaps[1]?.firstStatement ?? 0)).toBeGreaterThan(0);
});
