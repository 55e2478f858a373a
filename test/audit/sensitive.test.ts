import { afterAll, describe, expect, test } from 'vitest';
import { isSensitive } from '../../src/audit/sensitive.js';
import { workOf } from '../support/work.js';

describe('auditors should look at', () => {
  test.each([
    ['ALTER SYSTEM', "ALTER SYSTEM SET work_mem = '4MB'"],
    ['ALTER SYSTEM', null],
    ['ALTER ROLE', "ALTER ROLE x SET pgaudit.log = 'none'"],
    ['ALTER ROLE', 'alter user x set "pgAudit"."LOG" to none'],
    ['ALTER ROLE', 'ALTER ROLE x SET U&"\\0070gaudit.log" = \'none\''],
    ['ALTER ROLE', 'ALTER ROLE x IN DATABASE d RESET  ALL'],
    ['ALTER ROLE', 'ALTER ROLE ALL SET log_min_messages = panic'],
    ['ALTER DATABASE', "ALTER DATABASE d SET session_preload_libraries = ''"],
    ['ALTER DATABASE', 'ALTER DATABASE d SET lc_messages = "nb_NO"'],
    ['SET', 'SET SESSION pgaudit /* */ . log = none'],
    ['RESET', 'RESET ALL'],
    ['GRANT', 'GRANT SET ON PARAMETER pgaudit.log TO x'],
    ['CREATE EXTENSION', 'CREATE EXTENSION pgaudit'],
    ['DROP EXTENSION', 'DROP EXTENSION IF EXISTS "pgaudit" CASCADE'],
    ['ALTER EVENT TRIGGER', 'ALTER EVENT TRIGGER pgaudit_sql_drop DISABLE'],
    ['DROP FUNCTION', 'DROP FUNCTION pgaudit_sql_drop() CASCADE'],
    ['LOAD', "LOAD 'pgaudit'"],
    ['SELECT', 'SELECT pg_reload_conf()'],
    ['SELECT', 'SELECT pg_catalog . "pg_rotate_logfile" ()'],
    ['INSERT', "INSERT INTO t SELECT pg_read_file('postgresql.auto.conf')"],
    ['SELECT', "SELECT set_config('pgaudit.log', 'none', false)"],
    ['SELECT', "SELECT set_config('pg' || 'audit.log', 'none', false)"],
    ['SELECT', "SELECT set_config(E'\\x70gaudit.log', 'none', false)"],
    ['UPDATE', "UPDATE t SET a = set_config('search_path','x',true), b = set_config(name, '', true)"],
    ['COPY', "COPY t FROM PROGRAM 'cat /var/log/postgresql/x.csv'"],
    ['COPY', "COPY t TO '/var/log/postgresql/x.csv'"],
  ])('%s: %s', (command, statement) => {
    expect(isSensitive({ command, statement })).toBe(true);
  });
});

describe('nobody has to look at', () => {
  test.each([
    ['INSERT', "INSERT INTO notes VALUES ('pgaudit.log is none; log_connections off')"],
    ['UPDATE', 'UPDATE catalog_items SET log_entry = 1'],
    ['ALTER ROLE', "ALTER ROLE x SET work_mem = '4MB'"],
    ['ALTER ROLE', 'ALTER ROLE x PASSWORD <redacted>'],
    ['ALTER DATABASE', 'ALTER DATABASE d OWNER TO x'],
    ['ALTER TABLE', 'ALTER TABLE login_log ADD COLUMN a int'],
    ['GRANT', 'GRANT SELECT ON blog_posts TO x'],
    ['CREATE EXTENSION', 'CREATE EXTENSION postgis'],
    ['SELECT', "SELECT set_config('app.user', 'x', true)"],
    ['COPY', 'COPY t FROM STDIN'],
    ['SET', "SET search_path = 'x'"],
    ['ALTER ROLE', null],
    ['INSERT', null],
  ])('%s: %s', (command, statement) => {
    expect(isSensitive({ command, statement })).toBe(false);
  });
});

const count = workOf(new URL('./work-cases.ts', import.meta.url));
afterAll(() => count.close());

test.each(['set_config(', 'pg_read_', 'u& ', 'reset ', 'log', 'x_', "set_config   ('a'"])(
  'a long statement of only %j is read a few times',
  async piece => {
    expect(await count('sensitive', piece, 300_000)).toBeLessThan(300_000 * 10);
  },
);
