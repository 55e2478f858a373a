/** `check` on a real PostgreSQL: each misconfiguration is named with its fix, which fixes it; nothing is on a good one. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCheck } from '../../support/checked.js';
import { CheckedServer } from '../../support/checked-server.js';
import { restarter } from '../../support/restart.js';
import type { Settings } from '../../support/shipper.js';

let server: CheckedServer;
beforeAll(async () => {
  server = await CheckedServer.start();
});
afterAll(async () => await server.stop());

async function faults(more: Settings = {}): Promise<readonly string[]> {
  return (await runCheck(server.config(more))).faults;
}

const set = (setting: string, value: string): string =>
  `ALTER SYSTEM SET ${setting} = '${value}'; SELECT pg_reload_conf();`;
const fixed = set;

describe('a good server', () => {
  test('has no fault: neither failure nor warning', async () => {
    expect(await faults()).toEqual([]);
  });

  test('and a role that may do nothing but log in: only warnings, that say what it may not see', async () => {
    await server.run('CREATE ROLE app_plain LOGIN');
    const url = `postgres://app_plain@127.0.0.1:${server.postgres.port}/postgres`;
    const { code, faults: found } = await runCheck(server.config({ database: { url } }));
    // The shipper's own role of before is one that no rule knows now.
    expect([code, found]).toEqual([
      0,
      [
        'warning filter: shipper: matched by no rule → name each in filter.personalUsers or filter.serviceUsers, or set filter: {otherUsers: ship}',
        'warning active file: role app_plain has no permission to see which file the server writes now → GRANT EXECUTE ON FUNCTION pg_current_logfile(text) TO app_plain; GRANT pg_read_all_settings TO app_plain;',
      ],
    ]);
    await server.run('DROP ROLE app_plain');
  });
});

/** What spoils it, what is found, and what fixes it: the fix that is shown, where nothing else is given. */
interface Case {
  readonly spoil: string;
  readonly found: string;
  readonly fix: string;
  readonly undo?: string;
  /** What is put away after all. */
  readonly after?: string;
}

const CASES: readonly Case[] = [
  {
    spoil: set('log_destination', 'stderr'),
    found: 'failure log_destination: stderr',
    fix: fixed('log_destination', 'stderr,csvlog'),
  },
  {
    spoil: set('pgaudit.log', 'ddl, -ddl, read'),
    found:
      'failure pgaudit.log: ddl, -ddl, read for the whole server: WRITE, DDL, ROLE of "Z990001", "kari@nav.no" is not audited',
    fix: fixed('pgaudit.log', 'write, ddl, role, read'),
  },
  {
    spoil: `ALTER ROLE "Z990001" SET pgaudit.log = 'none'`,
    found: 'failure pgaudit.log: none for role "Z990001": WRITE, DDL, ROLE of "Z990001" is not audited',
    fix: 'ALTER ROLE "Z990001" RESET pgaudit.log;',
  },
  {
    spoil: `ALTER DATABASE hold SET pgaudit.log = 'write'`,
    found:
      'failure pgaudit.log: write in database hold: DDL, ROLE of "Z990001", "kari@nav.no" is not audited',
    fix: 'ALTER DATABASE hold RESET pgaudit.log;',
  },
  {
    spoil: `ALTER ROLE "kari@nav.no" IN DATABASE hold SET pgaudit.log = 'all, -role'`,
    found:
      'failure pgaudit.log: all, -role for role "kari@nav.no" in database hold: ROLE of "kari@nav.no" is not audited',
    fix: 'ALTER ROLE "kari@nav.no" IN DATABASE hold RESET pgaudit.log;',
  },
  {
    // Whoever may create roles chooses what a terminal would show.
    spoil: `CREATE ROLE U&"a""\\000Afailure\\001B[2J@nav.no" LOGIN\nALTER ROLE U&"a""\\000Afailure\\001B[2J@nav.no" SET pgaudit.log = 'none'`,
    found:
      'failure pgaudit.log: none for role U&"a""\\000Afailure\\001B[2J@nav.no": WRITE, DDL, ROLE of U&"a""\\000Afailure\\001B[2J@nav.no" is not audited',
    fix: 'ALTER ROLE U&"a""\\000Afailure\\001B[2J@nav.no" RESET pgaudit.log;',
    after: 'DROP ROLE U&"a""\\000Afailure\\001B[2J@nav.no"',
  },
  {
    spoil: `ALTER ROLE ALL SET pgaudit.log = 'none'`,
    found:
      'failure pgaudit.log: none for all roles (ALTER ROLE ALL): WRITE, DDL, ROLE of "Z990001", "kari@nav.no" is not audited',
    // What the server's own value is, nobody can see then.
    fix: "ALTER ROLE ALL SET pgaudit.log = 'write, ddl, role';",
    undo: 'ALTER ROLE ALL RESET pgaudit.log',
  },
  {
    spoil: set('pgaudit.log_parameter', 'off'),
    found: 'failure pgaudit.log_parameter: off for the whole server',
    fix: fixed('pgaudit.log_parameter', 'on'),
  },
  {
    spoil: `ALTER ROLE "Z990001" SET pgaudit.log_parameter = no`,
    found: 'failure pgaudit.log_parameter: no for role "Z990001"',
    fix: 'ALTER ROLE "Z990001" RESET pgaudit.log_parameter;',
  },
  {
    spoil: set('pgaudit.log_statement', 'off'),
    found: 'failure pgaudit.log_statement: off for the whole server',
    fix: fixed('pgaudit.log_statement', 'on'),
  },
  {
    spoil: `ALTER ROLE "Z990001" SET log_statement = 'none'`,
    found: 'warning log_statement: none for role "Z990001"',
    fix: 'ALTER ROLE "Z990001" RESET log_statement;',
    undo: 'ALTER ROLE "Z990001" RESET log_statement',
  },
  {
    spoil: set('pgaudit.log_relation', 'off'),
    found:
      'failure pgaudit.log_relation: off for the whole server: MERGE, and WITH that changes rows under a SELECT, of',
    fix: fixed('pgaudit.log_relation', 'on'),
  },
  {
    spoil: set('pgaudit.log_statement_once', 'on'),
    found: 'warning pgaudit.log_statement_once: on for the whole server',
    fix: fixed('pgaudit.log_statement_once', 'off'),
  },
  {
    spoil: set('pgaudit.log_rows', 'on'),
    found: 'warning pgaudit.log_rows: on for the whole server',
    fix: fixed('pgaudit.log_rows', 'off'),
  },
  {
    spoil: set('pgaudit.log_client', 'on'),
    found: 'warning pgaudit.log_client: on for the whole server',
    fix: fixed('pgaudit.log_client', 'off'),
  },
  {
    spoil: set('pgaudit.log_catalog', 'off'),
    found: 'failure pgaudit.log_catalog: off for the whole server',
    fix: fixed('pgaudit.log_catalog', 'on'),
  },
  {
    spoil: set('pgaudit.role', 'auditor'),
    found: 'warning pgaudit.role: auditor for the whole server does not exist',
    fix: `CREATE ROLE auditor NOLOGIN; or ${fixed('pgaudit.role', '')}`,
    undo: set('pgaudit.role', ''),
  },
  {
    spoil: set('log_connections', 'off'),
    found: 'warning log_connections: off',
    fix: fixed('log_connections', 'on'),
  },
  {
    spoil: set('log_disconnections', 'off'),
    found: 'warning log_disconnections: off',
    fix: fixed('log_disconnections', 'on'),
  },
  {
    spoil: set('log_min_messages', 'fatal'),
    found: 'failure log_min_messages: fatal for the whole server',
    fix: fixed('log_min_messages', 'warning'),
  },
  {
    spoil: set('log_min_messages', 'log'),
    found: 'warning log_min_messages: log for the whole server',
    fix: fixed('log_min_messages', 'warning'),
  },
  {
    spoil: set('log_timezone', 'America/Chicago'),
    found:
      'failure log_timezone: America/Chicago, and source.timezone is Europe/Oslo: CST, CDT is read as another time',
    fix: `source: {timezone: America/Chicago}\nor: ${fixed('log_timezone', 'UTC')}`,
    undo: set('log_timezone', 'Europe/Oslo'),
  },
  {
    spoil: `ALTER SYSTEM SET log_filename = 'postgresql-%H.log'\n${set('log_truncate_on_rotation', 'on')}`,
    found:
      'warning rotation: a new file after 1 day or 10240 kB; postgresql-%H.log is overwritten after 1 day',
    fix: `${fixed('log_filename', 'postgresql-%a.log')} a week; or ${fixed('log_truncate_on_rotation', 'off')}`,
    undo: set('log_filename', 'postgresql-%a.log'),
  },
  {
    spoil: '\\c hold\nDROP EXTENSION pgaudit',
    found: 'warning extension: missing in hold',
    fix: '\\c hold\nCREATE EXTENSION pgaudit;',
  },
  {
    spoil: '\\c hold\nALTER EVENT TRIGGER pgaudit_sql_drop DISABLE',
    found: 'warning extension: pgaudit_sql_drop in hold is disabled',
    fix: '\\c hold\nALTER EVENT TRIGGER pgaudit_sql_drop ENABLE;',
  },
  {
    spoil: 'REVOKE CONNECT ON DATABASE hold FROM PUBLIC',
    found: 'warning extension: hold (42501) cannot be checked',
    fix: 'GRANT CONNECT ON DATABASE … TO shipper; and allow it in pg_hba.conf',
    undo: 'GRANT CONNECT ON DATABASE hold TO PUBLIC',
  },
  {
    spoil: 'ALTER DATABASE hold CONNECTION LIMIT 0',
    found: 'warning extension: hold (53300) cannot be checked',
    fix: 'ALTER ROLE shipper CONNECTION LIMIT -1; ALTER DATABASE … CONNECTION LIMIT -1; or raise max_connections',
    undo: 'ALTER DATABASE hold CONNECTION LIMIT -1',
  },
  {
    // A zone of POSIX, which the tz database does not have.
    spoil: set('log_timezone', '<FOO>-2'),
    found: 'failure log_timezone: <FOO>-2, and source.timezone is Europe/Oslo: FOO is read as another time',
    fix: fixed('log_timezone', 'UTC'),
    undo: set('log_timezone', 'Europe/Oslo'),
  },
  {
    spoil: 'ALTER ROLE "Z990001" SUPERUSER',
    found: 'warning superusers: "Z990001" can turn auditing off: superuser,',
    fix: "ALTER ROLE … NOSUPERUSER NOCREATEROLE; REVOKE … FROM …; a person's own role needs none of this",
    undo: 'ALTER ROLE "Z990001" NOSUPERUSER',
  },
  {
    spoil: 'GRANT SET ON PARAMETER pgaudit.log TO "kari@nav.no"',
    found: 'warning superusers: "kari@nav.no" can turn auditing off: superuser,',
    fix: "ALTER ROLE … NOSUPERUSER NOCREATEROLE; REVOKE … FROM …; a person's own role needs none of this",
    undo: 'REVOKE SET ON PARAMETER pgaudit.log FROM "kari@nav.no"',
  },
  {
    spoil: 'CREATE ROLE dba SUPERUSER\nGRANT dba TO "Z990001"',
    found: 'warning superusers: "Z990001" can turn auditing off: superuser,',
    fix: "ALTER ROLE … NOSUPERUSER NOCREATEROLE; REVOKE … FROM …; a person's own role needs none of this",
    undo: 'DROP ROLE dba',
  },
  {
    spoil: set('update_process_title', 'off'),
    found: 'warning update_process_title: off',
    fix: fixed('update_process_title', 'on'),
  },
  {
    spoil: 'CREATE ROLE "user" LOGIN',
    found: 'warning filter: "user": matched by no rule',
    fix: 'name each in filter.personalUsers or filter.serviceUsers, or set filter: {otherUsers: ship}',
    undo: 'DROP ROLE "user"',
  },
  {
    spoil: 'CREATE ROLE "app.kari@nav.no" LOGIN',
    found: 'warning filter: "app.kari@nav.no": matched by both personalUsers and serviceUsers',
    fix: 'narrow filter.serviceUsers, with ^ and $',
    undo: 'DROP ROLE "app.kari@nav.no"',
  },
  {
    spoil: 'ALTER ROLE shipper SET pgaudit.log_rows = on',
    found: "warning pgaudit: the server's own pgaudit.log_rows cannot be seen",
    fix: 'ALTER ROLE shipper RESET pgaudit.log_rows;',
  },
];

describe('one thing is wrong', () => {
  test.each(CASES)('$spoil', async ({ spoil, found, fix, undo, after }) => {
    await server.run(spoil);
    const spoilt = await faults();
    await server.run(undo ?? fix);
    expect(spoilt).toEqual([expect.stringContaining(found)]);
    expect(spoilt[0]).toContain(` → ${fix}`);
    expect(await faults()).toEqual([]);
    if (after !== undefined) await server.run(after);
  });

  test('pgaudit.log_level keeps the records from the log', async () => {
    await server.run(`ALTER SYSTEM SET pgaudit.log_client = on\n${set('pgaudit.log_level', 'debug1')}`);
    expect(await faults()).toEqual([
      expect.stringContaining('warning pgaudit.log_client'),
      `failure pgaudit.log_level: debug1 for the whole server is below log_min_messages warning → ${set('pgaudit.log_level', 'log')}`,
    ]);
    await server.run(`ALTER SYSTEM SET pgaudit.log_client = off\n${set('pgaudit.log_level', 'log')}`);
  });

  test('pgaudit.log_level is another than source.pgauditLogLevel says', async () => {
    const files = [server.postgres.logPattern];
    const source = { files, timezone: 'Europe/Oslo', pgauditLogLevel: 'warning' };
    expect(await faults({ source })).toEqual([
      'warning pgaudit.log_level: source.pgauditLogLevel is warning, but the server does not log pgAudit at that level → source: {pgauditLogLevel: log}',
    ]);
    await server.run(`ALTER SYSTEM SET pgaudit.log_client = on\n${set('pgaudit.log_level', 'warning')}`);
    const toClients = expect.stringContaining('warning pgaudit.log_client');
    expect(await faults({ source })).toEqual([toClients]);
    expect(await faults()).toEqual([
      toClients,
      `failure pgaudit.log_level: warning for the whole server → ${set('pgaudit.log_level', 'log')}\nor: source: {pgauditLogLevel: warning}`,
    ]);
    await server.run(`ALTER SYSTEM SET pgaudit.log_client = off\n${set('pgaudit.log_level', 'log')}`);
  });

  test("an override of the database that is looked from does not hide the server's own value", async () => {
    await server.run(`ALTER DATABASE postgres SET pgaudit.log = 'all'\n${set('pgaudit.log', 'ddl')}`);
    expect(await faults()).toEqual([
      expect.stringContaining('failure pgaudit.log: ddl for the whole server: WRITE, ROLE of'),
    ]);
    await server.run(`ALTER DATABASE postgres RESET pgaudit.log\n${set('pgaudit.log', 'write,ddl,role')}`);
  });

  test('a time zone whose abbreviation means several offsets', async () => {
    await server.run(set('log_timezone', 'Asia/Kolkata'));
    const files = [server.postgres.logPattern];
    expect(await faults({ source: { files } })).toEqual([
      `failure log_timezone: Asia/Kolkata: IST means several offsets → source: {timezone: Asia/Kolkata}\nor: ${set('log_timezone', 'UTC')}`,
    ]);
    expect(await faults({ source: { files, timezone: 'Asia/Kolkata' } })).toEqual([]);
    await server.run(set('log_timezone', 'Europe/Oslo'));
  });
});

describe('the configuration does not fit the server', () => {
  test('source.files names another folder', async () => {
    const found = await faults({ source: { files: [`${server.folder}/*.csv`] } });
    expect(found).toEqual([
      expect.stringMatching(/^failure source: no file matches source.files/),
      expect.stringMatching(
        /^failure active file: \S+\.csv is the file the server writes now, and source.files does not match it → source: \{files: \["\S+\/log\/\*\.csv"\]\}/,
      ),
    ]);
  });

  test('a group role that does not exist; the resolver `authentication` without its lines', async () => {
    await server.run(set('log_connections', 'off'));
    const found = await faults({
      filter: { personalUsers: ['memberOf:persons', '^Z', '@'], serviceUsers: ['^app', '^postgres$'] },
      identity: [{ authentication: true }],
    });
    expect(found).toEqual([
      `failure log_connections: off → ${set('log_connections', 'on')}`,
      'failure filter: memberOf:persons names a role that the server does not have → CREATE ROLE persons NOLOGIN; or fix the rule',
    ]);
    await server.run(set('log_connections', 'on'));
  });

  test('the database cannot be reached, or lets nobody in: a failure, and no word of the URL', async () => {
    const elsewhere = await faults({ database: { url: 'postgres://shipper:s3cret@127.0.0.1:1/postgres' } });
    expect(elsewhere).toEqual([
      'failure database: cannot be read (ECONNREFUSED) → nobody listens at the host and port of database.url',
    ]);
    const { port } = server.postgres;
    const nobody = await faults({ database: { url: `postgres://nobody:s3cret@127.0.0.1:${port}/postgres` } });
    expect(nobody).toEqual([
      expect.stringContaining('failure database: cannot be read (28000) → CREATE ROLE'),
    ]);
  });

  test('no database is configured: one warning that says what was not checked', async () => {
    expect(await faults({ database: undefined })).toEqual([
      'warning database: not configured → CREATE ROLE shipper LOGIN; database: {url: "postgres://shipper@localhost/postgres"}',
    ]);
  });

  test('the shipper connects as a superuser', async () => {
    const url = `postgres://postgres@127.0.0.1:${server.postgres.port}/postgres`;
    expect(await faults({ database: { url } })).toEqual([
      expect.stringContaining('warning filter: shipper: matched by no rule'),
      expect.stringContaining('warning database: the shipper connects as superuser postgres'),
    ]);
  });
});

// The last one: the server is another process afterwards.
test('what only a restart fixes: no collector, and no pgAudit', async () => {
  const restart = await restarter(server.postgres);
  await server.run(
    "ALTER SYSTEM SET logging_collector = off\nALTER SYSTEM SET shared_preload_libraries = 'auto_explain'",
  );
  await server.run('SELECT pg_reload_conf();');
  await server.postgres.stop();
  restart();
  const before = await faults();
  expect(before).toEqual([
    "failure logging_collector: off → ALTER SYSTEM SET logging_collector = 'on'; then restart PostgreSQL",
    "failure pgaudit: pgAudit is not loaded → ALTER SYSTEM SET shared_preload_libraries = 'auto_explain', 'pgaudit'; then restart PostgreSQL",
    expect.stringContaining('failure active file: the server writes neither csvlog nor jsonlog'),
  ]);
  await server.run(
    "ALTER SYSTEM SET logging_collector = on\nALTER SYSTEM SET shared_preload_libraries = 'auto_explain', 'pgaudit'\nSELECT pg_reload_conf();",
  );
  expect(await faults()).toEqual([
    'failure logging_collector: off until a restart → restart PostgreSQL',
    'failure pgaudit: pgAudit is configured, but not loaded until a restart → restart PostgreSQL',
    expect.stringContaining('failure active file: the server writes neither csvlog nor jsonlog'),
  ]);
});
