/** What gives rights, turns auditing off, or reaches files of the server, by PostgreSQL's own parser. */

import { afterAll, expect, test } from 'vitest';
import { markedOf } from '../../src/relations/marked.js';
import { createRelationParser } from '../../src/relations/relations.js';

const parser = createRelationParser({ forReview: true });
afterAll(() => parser.close());

async function signsOf(statement: string, command = 'X'): Promise<readonly string[]> {
  const audit = { class: 'MISC' as const, command, objectName: null, statement };
  return (await markedOf(audit, parser)).signs;
}

test.each<[string, string[]]>([
  ['ALTER ROLE x SUPERUSER', ['superuser']],
  ['CREATE USER x CREATEROLE BYPASSRLS REPLICATION', ['createrole', 'bypassrls', 'replication']],
  ['ALTER ROLE x NOSUPERUSER NOCREATEROLE NOBYPASSRLS NOREPLICATION', []],
  ['GRANT a, pg_read_all_data TO x', ['predefined']],
  ['GRANT "pg_monitor" TO x WITH ADMIN OPTION', ['predefined']],
  ['GRANT cloudsqlsuperuser TO x', ['predefined']],
  ['CREATE ROLE x IN ROLE pg_execute_server_program', ['predefined']],
  ['CREATE USER x IN GROUP a, rds_superuser', ['predefined']],
  ['ALTER GROUP pg_signal_backend ADD USER x', ['predefined']],
  ['ALTER GROUP pg_signal_backend DROP USER x', []],
  ['REVOKE pg_monitor FROM x', []],
  ['GRANT SELECT ON t TO a, PUBLIC', ['public']],
  ['ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC', ['public']],
  ['GRANT SELECT ON t TO "public_reader"', []],
  ['REVOKE ALL ON t FROM PUBLIC', []],
  ['DROP POLICY p ON t', ['policy']],
  ['ALTER POLICY p ON t USING (true)', ['policy']],
  ['CREATE POLICY p ON t', []],
  ['ALTER TABLE t ADD a int, DISABLE ROW LEVEL SECURITY', ['policy']],
  ['ALTER TABLE t NO FORCE ROW LEVEL SECURITY', ['policy']],
  ['ALTER TABLE t FORCE ROW LEVEL SECURITY', []],
  ["SET pgaudit.log = 'none'", ['setting']],
  ["SET LOCAL log_min_messages = 'fatal'", ['setting']],
  ['SET work_mem = 1', []],
  ['RESET ALL', []],
  ['RESET pgaudit.log', ['setting']],
  ["ALTER ROLE x IN DATABASE d SET pgaudit.log = ''", ['setting']],
  ['ALTER ROLE ALL RESET ALL', ['setting']],
  ['ALTER DATABASE d SET log_statement = none', ['setting']],
  ['ALTER DATABASE d RESET ALL', ['setting']],
  ["ALTER SYSTEM SET shared_preload_libraries = ''", ['setting']],
  ['ALTER SYSTEM SET work_mem = 1', []],
  ['ALTER FUNCTION f() SET pgaudit.log = none', ['setting']],
  ["SELECT set_config('pgaudit.log', 'none', false)", ['setting']],
  ["SELECT pg_catalog.set_config('work_mem', '1', false)", []],
  ["SELECT set_config(a || b, 'x', false) FROM t", ['setting']],
  ['GRANT SET ON PARAMETER pgaudit.log TO x', ['setting']],
  ['GRANT SELECT ON log_entries TO x', []],
  ['DROP EXTENSION pgaudit CASCADE', ['disabled']],
  ['ALTER EVENT TRIGGER pgaudit_ddl_command_end DISABLE', ['disabled']],
  ['ALTER EVENT TRIGGER pgaudit_sql_drop ENABLE REPLICA', ['disabled']],
  ['ALTER EVENT TRIGGER pgaudit_sql_drop ENABLE', []],
  ['ALTER EVENT TRIGGER pgaudit_sql_drop ENABLE ALWAYS', []],
  ['DROP FUNCTION pgaudit_sql_drop() CASCADE', ['disabled']],
  ['DROP EXTENSION pgcrypto', []],
  ['DROP OWNED BY x', ['owned']],
  ["COPY t TO PROGRAM 'x'", ['program']],
  ["COPY t FROM '/tmp/x'", ['file']],
  ['COPY t FROM STDIN', []],
  ["CREATE FOREIGN TABLE f (a int) SERVER s OPTIONS (program 'x')", ['program']],
  ["CREATE FOREIGN TABLE f PARTITION OF t DEFAULT SERVER s OPTIONS (filename '/etc/passwd')", ['file']],
  ["ALTER FOREIGN TABLE f OPTIONS (SET filename '/etc/passwd')", ['file']],
  ["ALTER FOREIGN TABLE f OPTIONS (DROP filename, ADD program 'x')", ['program']],
  ["ALTER FOREIGN TABLE f OPTIONS (SET format 'csv')", []],
  ['ALTER FOREIGN TABLE f OPTIONS (DROP program)', []],
  ['SELECT * FROM pg_ls_replslotdir(1::text), pg_ls_logicalmapdir()', ['file']],
  ['SELECT "pg_read_file"(\'x\')', ['file']],
  ["UPDATE t SET a = pg_catalog.pg_read_binary_file('x') WHERE b", ['file']],
  ['SELECT lo_import($1)', ['file']],
  ["INSERT INTO t VALUES ('pg_read_file(x)')", []],
  ['DO LANGUAGE plpython3u $$x$$', ['language']],
  ['CREATE FUNCTION f() RETURNS int LANGUAGE "plperlu" AS $$x$$', ['language']],
  ["CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x', 'y'", ['language']],
  ['CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN COPY t TO PROGRAM x; END $$', []],
  ['CREATE EXTENSION plpython3u', ['language']],
  ['CREATE EXTENSION plpgsql', []],
  ['EXPLAIN SELECT pg_read_file($1)', []],
  ['EXPLAIN ANALYZE SELECT pg_read_file($1)', ['file']],
  ['SELECT U&"pg_re\\0061d_file"($1)', ['file']],
])('%s: %s', async (statement, expected) => {
  expect([...(await signsOf(statement))].sort()).toEqual(expected.toSorted());
});

test('EXECUTE is logged with the text of PREPARE, which runs nothing itself', async () => {
  const text = "PREPARE p AS SELECT pg_read_file('x')";
  expect(await signsOf(text, 'PREPARE')).toEqual([]);
  expect(await signsOf(text, 'SELECT')).toEqual(['file']);
});

test('a tree may be deep, and a text long', async () => {
  const deep = `SELECT ${'('.repeat(2000)}pg_read_file('x')${')'.repeat(2000)}`;
  expect(await signsOf(deep)).toEqual(['file']);
  const audit = { class: 'ROLE' as const, command: 'GRANT', objectName: null, statement: '' };
  const long = { ...audit, statement: `GRANT a TO public /*${'pl'.repeat(1 << 20)}*/` };
  expect(await markedOf(long, parser)).toMatchObject({ signs: [], isUnknown: true });
});
