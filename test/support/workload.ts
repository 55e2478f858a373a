/** What persons do with a database, in all forms that a client can use: none of it may be unaudited. */

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import type { ThrowawayPostgres } from '../../demo/postgres.js';

/** One change each, in this order; `@` is another name for each user. */
export const CHANGES: readonly string[] = [
  'CREATE SCHEMA s@',
  'CREATE TABLE s@.t (id int PRIMARY KEY, name text)',
  'CREATE TABLE IF NOT EXISTS s@.t (id int)',
  'CREATE UNLOGGED TABLE s@.part (id int, name text) PARTITION BY RANGE (id)',
  'CREATE TABLE s@.part_1 PARTITION OF s@.part FOR VALUES FROM (0) TO (10)',
  'CREATE TEMP TABLE temporary (id int)',
  'CREATE INDEX ON s@.t (name)',
  'CREATE INDEX CONCURRENTLY t_lower ON s@.t (lower(name))',
  "INSERT INTO s@.t VALUES (1, 'a'), (2, 'b')",
  'INSERT INTO s@.t SELECT n, n::text FROM generate_series(3, 5) n ON CONFLICT DO NOTHING',
  'INSERT INTO s@.part SELECT * FROM s@.t',
  'INSERT INTO temporary VALUES (1)',
  "UPDATE s@.t SET name = 'c' WHERE id = 1 RETURNING *",
  'UPDATE s@.t SET name = NULL WHERE false',
  'UPDATE s@.part SET name = name',
  'WITH old AS (DELETE FROM s@.t WHERE id = 5 RETURNING *) INSERT INTO s@.part SELECT * FROM old',
  'DELETE FROM ONLY s@.t WHERE id = 4',
  'TRUNCATE s@.part',
  "/* a comment */ DELETE FROM s@.t WHERE name = 'x' -- and another",
  "COMMENT ON TABLE s@.t IS 'x'",
  'ALTER TABLE s@.t ADD COLUMN more text, ADD CHECK (id > 0)',
  'ALTER TABLE s@.t RENAME COLUMN more TO most',
  'ALTER TABLE IF EXISTS s@.nothing ADD COLUMN x int',
  'CREATE SEQUENCE s@.q',
  'ALTER SEQUENCE s@.q RESTART',
  'CREATE VIEW s@.v AS SELECT * FROM s@.t',
  'CREATE OR REPLACE VIEW s@.v AS SELECT * FROM s@.t',
  "UPDATE s@.v SET name = 'through a view'",
  'CREATE MATERIALIZED VIEW s@.m AS SELECT 1 AS one',
  'REFRESH MATERIALIZED VIEW s@.m',
  'CREATE TABLE s@.made AS SELECT * FROM s@.t',
  'CREATE FUNCTION s@.f(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN UPDATE pg_temp.temporary SET id = n; RETURN n; END $$',
  'CREATE FUNCTION s@.g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
  'ALTER FUNCTION s@.f(int) STABLE',
  'ALTER FUNCTION s@.f(int) VOLATILE',
  'CREATE TRIGGER trigger BEFORE UPDATE ON s@.t FOR EACH ROW EXECUTE FUNCTION s@.g()',
  'ALTER TABLE s@.t ENABLE ROW LEVEL SECURITY',
  'CREATE POLICY all_of_it ON s@.t USING (true)',
  'ALTER POLICY all_of_it ON s@.t USING (id > 0)',
  "CREATE TYPE s@.mood AS ENUM ('sad', 'ok')",
  "ALTER TYPE s@.mood ADD VALUE 'happy'",
  'CREATE TYPE s@.pair AS (a int, b int)',
  'CREATE DOMAIN s@.positive AS int CHECK (VALUE > 0)',
  'ALTER DOMAIN s@.positive SET NOT NULL',
  'CREATE RULE also AS ON DELETE TO s@.made DO ALSO NOTIFY gone',
  'DELETE FROM s@.made',
  'CREATE EXTENSION IF NOT EXISTS pgaudit',
  'CREATE ROLE r@',
  'ALTER ROLE r@ CREATEDB',
  "ALTER ROLE r@ SET work_mem = '8MB'",
  'GRANT SELECT ON s@.t TO r@',
  'REVOKE SELECT ON s@.t FROM r@',
  'GRANT r@ TO postgres',
  'ALTER TABLE s@.made OWNER TO r@',
  'CREATE DATABASE d@',
  "ALTER DATABASE d@ SET work_mem = '8MB'",
  'DROP DATABASE d@',
  'CREATE TABLE IF NOT EXISTS s@.t AS SELECT 1 AS one',
  'CREATE SCHEMA IF NOT EXISTS s@',
  'CREATE INDEX IF NOT EXISTS t_lower ON s@.t (lower(name))',
  'CREATE TABLE s@.child (CHECK (id < 0)) INHERITS (s@.t)',
  'CREATE TABLE s@.part_2 (id int, name text)',
  'ALTER TABLE s@.part ATTACH PARTITION s@.part_2 FOR VALUES FROM (10) TO (20)',
  'INSERT INTO s@.t SELECT id, name FROM s@.part WHERE false',
  'UPDATE s@.t SET name = p.name FROM s@.part p WHERE p.id = t.id',
  'TRUNCATE s@.t, s@.part CASCADE',
  'GRANT ALL ON ALL TABLES IN SCHEMA s@ TO r@',
  'GRANT USAGE ON SCHEMA s@ TO r@',
  "COMMENT ON ROLE r@ IS 'somebody'",
  'DROP TRIGGER trigger ON s@.t',
  'DROP POLICY all_of_it ON s@.t',
  'DROP INDEX CONCURRENTLY s@.t_lower',
  'DROP VIEW s@.v',
  'DROP MATERIALIZED VIEW s@.m',
  'DROP SEQUENCE s@.q',
  'DROP FUNCTION s@.f(int)',
  'DROP TYPE s@.mood',
  'DROP TABLE temporary',
  'ALTER DEFAULT PRIVILEGES IN SCHEMA s@ GRANT SELECT ON TABLES TO r@',
  'ALTER DEFAULT PRIVILEGES IN SCHEMA s@ REVOKE SELECT ON TABLES FROM r@',
  'REASSIGN OWNED BY r@ TO r@',
  'ALTER ROLE r@ RENAME TO renamed@',
  'ALTER ROLE renamed@ RENAME TO r@',
  'CREATE FOREIGN DATA WRAPPER w@',
  "ALTER FOREIGN DATA WRAPPER w@ OPTIONS (ADD a 'b')",
  'CREATE SERVER sv@ FOREIGN DATA WRAPPER w@',
  "ALTER SERVER sv@ OPTIONS (ADD a 'b')",
  'CREATE USER MAPPING FOR r@ SERVER sv@',
  "ALTER USER MAPPING FOR r@ SERVER sv@ OPTIONS (ADD a 'b')",
  'DROP USER MAPPING FOR r@ SERVER sv@',
  'CREATE FOREIGN TABLE s@.far (id int) SERVER sv@',
  'DROP FOREIGN DATA WRAPPER w@ CASCADE',
  'CREATE FUNCTION s@.e() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RETURN; END $$',
  'CREATE EVENT TRIGGER e@ ON sql_drop EXECUTE FUNCTION s@.e()',
  'ALTER EVENT TRIGGER e@ DISABLE',
  'DROP EVENT TRIGGER e@',
  'ALTER EXTENSION pgaudit UPDATE',
  'ALTER EXTENSION pgaudit ADD FUNCTION s@.e()',
  'ALTER EXTENSION pgaudit DROP FUNCTION s@.e()',
  'ALTER FUNCTION s@.e() DEPENDS ON EXTENSION pgaudit',
  'CREATE STATISTICS s@.st ON id, name FROM s@.t',
  'ALTER STATISTICS s@.st SET STATISTICS 10',
  'CREATE PUBLICATION p@ FOR TABLE s@.t',
  "ALTER PUBLICATION p@ SET (publish = 'insert')",
  'DROP PUBLICATION p@',
  "CREATE SUBSCRIPTION sub@ CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false, slot_name = NONE)",
  "ALTER SUBSCRIPTION sub@ SET (synchronous_commit = 'off')",
  'DROP SUBSCRIPTION sub@',
  'CREATE AGGREGATE s@.total(int) (sfunc = int4pl, stype = int)',
  'CREATE OPERATOR s@.=== (leftarg = int, rightarg = int, procedure = int4eq)',
  'ALTER OPERATOR s@.=== (int, int) SET (restrict = eqsel)',
  'CREATE TYPE s@.span AS RANGE (subtype = int)',
  'CREATE CAST (s@.pair AS text) WITH INOUT',
  'DROP CAST (s@.pair AS text)',
  "CREATE CONVERSION s@.conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
  'CREATE TEXT SEARCH CONFIGURATION s@.conf (COPY = simple)',
  'ALTER TEXT SEARCH CONFIGURATION s@.conf DROP MAPPING FOR word',
  'CREATE TEXT SEARCH DICTIONARY s@.dict (TEMPLATE = simple)',
  'ALTER TEXT SEARCH DICTIONARY s@.dict (accept = true)',
  'CREATE OPERATOR FAMILY s@.fam USING btree',
  'ALTER OPERATOR FAMILY s@.fam USING btree ADD FUNCTION 1 (int, int) btint4cmp(int, int)',
  'CREATE OPERATOR CLASS s@.cls FOR TYPE int USING btree FAMILY s@.fam AS OPERATOR 1 <',
  'CREATE ACCESS METHOD am@ TYPE TABLE HANDLER heap_tableam_handler',
  'DROP ACCESS METHOD am@',
  'CREATE LANGUAGE l@ HANDLER plpgsql_call_handler',
  'DROP LANGUAGE l@',
  'ALTER TABLE ALL IN TABLESPACE pg_default OWNED BY r@ SET TABLESPACE pg_default',
  "ALTER SYSTEM SET work_mem = '5MB'",
  'ALTER SYSTEM RESET work_mem',
  'REVOKE ALL ON ALL TABLES IN SCHEMA s@ FROM r@',
  'REVOKE USAGE ON SCHEMA s@ FROM r@',
  'ALTER TABLE s@.t SET SCHEMA public',
  'DROP TABLE public.t, s@.made CASCADE',
  'DROP TABLE IF EXISTS s@.nothing',
  'DROP SCHEMA s@ CASCADE',
  'DROP ROLE r@',
];

export function changesOf(name: string): string[] {
  return CHANGES.map(text => text.replaceAll('@', name));
}

/** By the simple protocol, or by the extended one. */
export type Protocol = 'simple' | 'extended' | 'prepared';

let named = 0;

export async function change(client: Client, text: string, protocol: Protocol): Promise<void> {
  if (protocol === 'simple') await client.query(text);
  else if (protocol === 'extended') await client.query(extended(text));
  else await client.query({ text, name: `named_${named++}` });
}

/** By the extended protocol, without a name. */
export function extended(text: string): { text: string } {
  const query = { text, queryMode: 'extended' };
  return query;
}

/** Statements that fail, are several in one text, or are hidden in others; each is run, whatever its outcome. */
const ODD: readonly string[] = [
  'CREATE TABLE odd (id int PRIMARY KEY, name text); INSERT INTO odd VALUES (1); UPDATE odd SET id = 2',
  'BEGIN; INSERT INTO odd VALUES (10); SAVEPOINT a; INSERT INTO odd VALUES (11); ROLLBACK TO a; COMMIT',
  'INSERT INTO odd VALUES (20); SELECT 1/0; INSERT INTO odd VALUES (21)',
  'INSERT INTO odd VALUES (2)',
  'UPDATE nothing SET id = 1',
  'UPDATE odd SET id = 1/0',
  'UPDATE odd SET missing = 1',
  'UPDATE odd SET id',
  'DELETE FROM forbidden',
  'TRUNCATE forbidden',
  'DROP TABLE nothing',
  'CREATE TABLE odd (id int)',
  'DO $$ BEGIN INSERT INTO odd VALUES (30); UPDATE odd SET name = name; END $$',
  "DO $$ BEGIN EXECUTE 'CREATE TABLE inside (id int)'; DROP TABLE inside; END $$",
  'BEGIN',
  'UPDATE nothing SET id = 1',
  'UPDATE odd SET id = id',
  'ROLLBACK',
  'BEGIN',
  'DECLARE c CURSOR WITH HOLD FOR SELECT * FROM odd FOR UPDATE',
  'FETCH 1 FROM c',
  "UPDATE odd SET name = 'current' WHERE CURRENT OF c",
  'COMMIT',
  'CLOSE ALL',
  'PREPARE p(int) AS UPDATE odd SET name = $1::text',
  'EXECUTE p(1)',
  'EXPLAIN UPDATE odd SET name = name',
  'EXPLAIN ANALYZE DELETE FROM odd WHERE id = 99',
  'WITH x AS (UPDATE odd SET name = name RETURNING 1) SELECT * FROM x',
  'MERGE INTO odd USING (VALUES (1)) v(id) ON odd.id = v.id WHEN NOT MATCHED THEN INSERT VALUES (v.id)',
  'SELECT * INTO copied FROM odd',
  'COPY odd TO STDOUT',
  'SET ROLE postgres',
  "INSERT INTO odd VALUES (40, 'as another role')",
  'RESET ROLE',
  "SET statement_timeout = '20ms'",
  'UPDATE odd SET name = name WHERE pg_sleep(1) IS NULL',
  'RESET statement_timeout',
  'VACUUM odd',
  'LOCK odd',
  'DROP OWNED BY CURRENT_USER',
];

/** Runs all of it as this login role, in sessions of its own. */
export async function work(postgres: ThrowawayPostgres, user: string, folder: string): Promise<void> {
  for (const [index, protocol] of (['simple', 'extended', 'prepared'] as const).entries()) {
    const client = await postgres.connect(user);
    for (const text of changesOf(`${index}`)) await change(client, text, protocol);
    await client.end();
  }
  await odd(postgres, user);
  await copy(postgres, user);
  await atOnce(postgres, user, folder);
}

async function odd(postgres: ThrowawayPostgres, user: string): Promise<void> {
  const client = await postgres.connect(user);
  client.on('error', () => undefined);
  for (const text of ODD) await client.query(text).catch(() => undefined);
  await client.query('DROP TABLE IF EXISTS odd, copied').catch(() => undefined);
  const killed = await postgres.connect(user);
  killed.on('error', () => undefined);
  const { rows } = await killed.query('SELECT pg_backend_pid() AS pid');
  const running = killed
    .query('CREATE TABLE slow AS SELECT 1 AS one FROM pg_sleep(60)')
    .catch(() => undefined);
  await client.query(
    `DO $$ BEGIN
       WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = ${rows[0].pid} AND wait_event = 'PgSleep') LOOP
         PERFORM pg_stat_clear_snapshot();
       END LOOP;
     END $$`,
  );
  await client.query(`SELECT pg_terminate_backend(${rows[0].pid})`);
  await running;
  await client.end();
}

/** COPY FROM STDIN, and several statements after one another, by psql. */
async function copy(postgres: ThrowawayPostgres, user: string): Promise<void> {
  const script =
    "CREATE TABLE copied (id int PRIMARY KEY);\nCOPY copied FROM STDIN;\n1\n2\n\\.\nCOPY copied FROM STDIN;\nx\n\\.\n\\copy copied from program 'echo 7'\nUPDATE copied SET id = id + 100 \\; DELETE FROM copied \\; SELECT 1;\nDROP TABLE copied;\n";
  await client(postgres, 'psql', user, ['-q', '-f', '-'], script);
}

/** Several connections at once, in pipelines, with waits for locks. */
async function atOnce(postgres: ThrowawayPostgres, user: string, folder: string): Promise<void> {
  await postgres.query(
    user,
    'CREATE TABLE busy (id int PRIMARY KEY, n int)',
    'INSERT INTO busy VALUES (1, 0), (2, 0)',
  );
  const script = join(folder, 'busy.sql');
  const plain = 'UPDATE busy SET n = n + 1 WHERE id = 1;\n';
  await writeFile(
    script,
    `\\startpipeline\n${plain}INSERT INTO busy VALUES (:client_id + 100, 1) ON CONFLICT DO NOTHING;\nSELECT 1;\n${plain}\\endpipeline\n`,
  );
  for (const mode of ['extended', 'prepared'])
    await client(postgres, 'pgbench', user, ['-n', '-c', '4', '-t', '25', '-M', mode, '-f', script]);
  await writeFile(script, `BEGIN;\n${plain}END;\n${plain}`);
  await client(postgres, 'pgbench', user, ['-n', '-c', '4', '-t', '25', '-M', 'simple', '-f', script]);
  await postgres.query(user, 'DROP TABLE busy');
}

async function client(
  { port, major }: ThrowawayPostgres,
  program: string,
  user: string,
  options: readonly string[],
  input = '',
): Promise<void> {
  const path = join('/usr/lib/postgresql', String(major), 'bin', program);
  const where = ['-h', '127.0.0.1', '-p', String(port), '-U', user];
  const child = execFile(path, [...where, ...options, 'postgres']);
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  child.stdin?.end(input);
  await ended;
}
