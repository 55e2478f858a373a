/** What is planted in a month of ordinary work for the rules of `detect` to find, and what only looks like it. */

import type { Audit } from '../../src/event/audit.js';
import type { NewEvent } from '../../src/event/event.js';
import type { RuleName } from '../../src/event/names.js';
import { person } from './month.js';
import { write } from './reviewed.js';
import { failureOf, type NewStatement, type Said, unauditedOf } from './search.js';

/** One misuse. */
export interface Planted {
  readonly rule: RuleName;
  readonly events: readonly NewEvent[];
  /** Why no rule can see it; such are planted to know the limits. */
  readonly isHidden?: true;
}

const MINUTE = 60_000;

/** Each misuse has an hour of its own, of the 20 persons in turn. */
export class Planter {
  readonly planted: Planted[] = [];
  readonly #days: readonly string[];
  #turn = 0;

  /** @param days of work */
  constructor(days: readonly string[]) {
    this.#days = days;
  }

  /** A working hour of the month, and who works then. */
  next(): { readonly at: (plus: number) => string; readonly who: Said } {
    const turn = this.#turn++;
    const start = Date.parse(`${this.#days[turn % this.#days.length]}T10:00:00.000Z`);
    return { at: plus => new Date(start + plus).toISOString(), who: person(turn) };
  }

  /** One statement that is wrong by itself. */
  one(rule: RuleName, audit: Partial<Audit>, isHidden = false): void {
    const { at, who } = this.next();
    const made = spoken(at(0), who, audit);
    this.planted.push({ rule, events: [made], ...(isHidden && { isHidden: true }) });
  }

  event(rule: RuleName, event: NewStatement | NewEvent): void {
    this.planted.push({ rule, events: [event] });
  }

  /** Statements one second after the other. */
  series(rule: RuleName, count: number, isHidden: boolean, audit: (n: number) => Partial<Audit>): void {
    const { at, who } = this.next();
    const events = Array.from({ length: count }, (_, n) => spoken(at(n * 1000), who, audit(n)));
    this.planted.push({ rule, events, ...(isHidden && { isHidden: true }) });
  }
}

/** Without relations, unless they are given. */
function spoken(time: string, who: Said, said: Partial<Audit>): NewStatement {
  const { audit, ...rest } = write(time, who, said);
  const { objects: _, objectsFrom: _from, ...bare } = audit;
  return { ...rest, audit: said.objects === undefined ? bare : audit };
}

const role = (statement: string, command = 'ALTER ROLE'): Partial<Audit> => ({
  class: 'ROLE',
  command,
  statement,
});
const ddl = (statement: string, command: string, objectName: string | null = null): Partial<Audit> => ({
  class: 'DDL',
  command,
  statement,
  objectName,
});
const dml = (statement: string, command = 'UPDATE', ...objects: string[]): Partial<Audit> => ({
  command,
  statement,
  ...(objects.length > 0 && { objects, objectsFrom: 'parsed' as const }),
});

export function plant(planter: Planter): void {
  statements(planter);
  rights(planter);
  silence(planter);
  files(planter);
  counts(planter);
  who(planter);
  when(planter);
  hidden(planter);
}

function statements(planter: Planter): void {
  planter.one('no-where', dml('DELETE FROM mottaker', 'DELETE', 'mottaker'));
  planter.one('no-where', dml("UPDATE konto SET navn = 'WHERE id = 1'", 'UPDATE', 'konto'));
  planter.one('no-where', dml('UPDATE konto SET a = 1 -- WHERE id = 7', 'UPDATE', 'konto'));
  planter.one('no-where', dml('WITH d AS (DELETE FROM a RETURNING *) INSERT INTO b TABLE d', 'INSERT'));
  planter.one('no-where', dml("UPDATE bruker SET passord = '<redacted>'", 'UPDATE', 'bruker'));
  planter.one('destroyed', dml('TRUNCATE utbetaling', 'TRUNCATE TABLE', 'utbetaling'));
  planter.one('destroyed', ddl('DROP TABLE public.vedtak', 'DROP TABLE', 'public.vedtak'));
  planter.one('destroyed', ddl('DROP SCHEMA arkiv CASCADE', 'DROP SCHEMA', 'arkiv'));
  planter.one('destroyed', role('DROP OWNED BY ola', 'REVOKE'));
  planter.one(
    'untrusted-language',
    ddl('CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS $$x$$', 'CREATE FUNCTION'),
  );
  planter.one('untrusted-language', ddl('CREATE EXTENSION plperlu', 'CREATE EXTENSION'));
}

function rights(planter: Planter): void {
  planter.one('rights', role('ALTER ROLE ola SUPERUSER'));
  planter.one('rights', role("CREATE ROLE per LOGIN CREATEROLE PASSWORD '<redacted>'", 'CREATE ROLE'));
  planter.one('rights', role('ALTER ROLE ola BYPASSRLS'));
  planter.one('rights', role('GRANT pg_write_server_files TO ola', 'GRANT ROLE'));
  planter.one('rights', role('GRANT SELECT ON lonn TO PUBLIC', 'GRANT'));
  planter.one(
    'rights',
    ddl('ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC', 'ALTER DEFAULT PRIVILEGES'),
  );
  planter.one('rights', ddl('DROP POLICY bare_egne ON sak', 'DROP POLICY', 'bare_egne on sak'));
  planter.one('rights', ddl('ALTER TABLE sak DISABLE ROW LEVEL SECURITY', 'ALTER TABLE', 'sak'));
}

function silence(planter: Planter): void {
  const sensitive = { sensitive: true } as const;
  planter.one('audit-off', { ...role("ALTER ROLE ola SET pgaudit.log = 'none'"), ...sensitive });
  planter.one('audit-off', {
    ...ddl("ALTER SYSTEM SET log_statement = 'none'", 'ALTER SYSTEM'),
    ...sensitive,
  });
  planter.one('audit-off', { ...ddl('DROP EXTENSION pgaudit', 'DROP EXTENSION'), ...sensitive });
  const hiding = "INSERT INTO t SELECT set_config('pgaudit.' || 'log', 'none', false)";
  planter.one('audit-off', { ...dml(hiding, 'INSERT', 't'), ...sensitive });
  const { at } = planter.next();
  const seen = {
    since: at(0),
    changes: [{ what: 'setting', name: 'pgaudit.log', before: 'all', after: 'none' }],
  } as const;
  planter.event('audit-off', {
    kind: 'config',
    id: `prod/config/1`,
    time: at(0),
    instance: 'prod',
    node: 'pg-0',
    config: seen,
  });
}

function files(planter: Planter): void {
  planter.one('server-files', dml("COPY import FROM PROGRAM 'curl http://example.org'", 'COPY', 'import'));
  planter.one('server-files', dml("COPY import FROM '/tmp/x.csv'", 'COPY', 'import'));
  planter.one('server-files', dml("INSERT INTO t SELECT pg_read_file('/etc/passwd')", 'INSERT', 't'));
  planter.one('server-files', dml('INSERT INTO t SELECT "lo_export"(1, \'/tmp/x\')', 'INSERT', 't'));
}

function counts(planter: Planter): void {
  const insert = (n: number): Partial<Audit> => dml(`INSERT INTO sats VALUES (${n})`, 'INSERT', 'sats');
  planter.series('bulk', 150, false, insert);
  planter.series('bulk', 1, false, () => ({
    ...dml('UPDATE sats SET a = 1 WHERE b', 'UPDATE', 'sats'),
    rows: 50_000,
  }));
  planter.series('bulk', 25, false, n => dml(`INSERT INTO t${n} VALUES (1)`, 'INSERT', `t${n}`));
  const { at, who: failing } = planter.next();
  const tried = Array.from({ length: 12 }, (_, n) => {
    const made = write(at(n * 5000), failing, dml('INSERT INTO sats VALUES (1)', 'INSERT', 'sats'));
    return [made, { ...failureOf(made), time: at(n * 5000 + 1) }];
  });
  planter.planted.push({ rule: 'failures', events: tried.flat() });
}

function who(planter: Planter): void {
  const { at } = planter.next();
  const known = dml('INSERT INTO sats VALUES (1)', 'INSERT', 'sats');
  planter.event(
    'first-seen',
    write(at(0), { user: 'Z980001', name: 'Ny Person', email: 'ny@nav.no' }, known),
  );
  const shared = write(at(MINUTE), person(7), known);
  const { name: _, email: _email, id: _id, ...nobody } = shared.actor;
  for (const status of ['unresolved', 'claimed'] as const) {
    const user = `felles_${status}`;
    const made = write(at(2 * MINUTE), person(7), known);
    // The role itself is known for long.
    const before = {
      ...write(
        new Date(Date.parse(at(0)) - 60 * 24 * 60 * MINUTE).toISOString(),
        { ...person(7), user },
        known,
      ),
    };
    const byRole = { ...before, actor: { ...nobody, user, status: 'stale' as const } };
    planter.planted.push({
      rule: 'shared-role',
      events: [byRole, { ...made, actor: { ...nobody, user, status } }],
    });
  }
  planter.one('watched', dml('UPDATE hr.lonn SET sum = 1 WHERE id = 7', 'UPDATE', 'hr.lonn'));
  const { at: then, who: someone } = planter.next();
  const { id: _own, ...unaudited } = { ...unauditedOf(write(then(0), someone)) };
  planter.event('unaudited', { ...unaudited, id: 'prod/unaudited/1' });
}

function when(planter: Planter): void {
  const night = (time: string, n: number): NewStatement =>
    write(time, person(n), dml('INSERT INTO sats VALUES (1)', 'INSERT', 'sats'));
  planter.event('outside-hours', night('2025-11-05T23:30:00.000Z', 1));
  planter.event('outside-hours', night('2025-11-08T12:00:00.000Z', 2));
  // A holiday in the test's configuration.
  planter.event('outside-hours', night('2025-11-29T12:00:00.000Z', 3));
}

/** What the rules cannot see, as far as it is known. */
function hidden(planter: Planter): void {
  planter.one('no-where', dml('DELETE FROM mottaker WHERE true', 'DELETE', 'mottaker'), true);
  planter.series('bulk', 60, true, n => dml(`INSERT INTO sats VALUES (${n})`, 'INSERT', 'sats'));
  planter.one(
    'rights',
    ddl(
      "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE x SUPER' || 'USER'; END $$",
      'CREATE FUNCTION',
    ),
    true,
  );
}

/** Looks like misuse, and is ordinary. */
export function lookalikes(planter: Planter): NewEvent[] {
  const said: Partial<Audit>[] = [
    dml('EXPLAIN DELETE FROM mottaker', 'DELETE', 'mottaker'),
    { ...dml('PREPARE p AS DELETE FROM mottaker', 'PREPARE') },
    dml("UPDATE sak SET merknad = 'DROP TABLE x; GRANT pg_monitor TO PUBLIC' WHERE id = 1", 'UPDATE', 'sak'),
    dml('DELETE FROM a USING b WHERE a.id = b.id', 'DELETE', 'a'),
    dml('UPDATE log_hendelser SET a = 1 WHERE id = 1', 'UPDATE', 'log_hendelser'),
    dml('COPY import FROM STDIN', 'COPY', 'import'),
    dml("INSERT INTO public.program VALUES ('copy t to program')", 'INSERT', 'public.program'),
    dml('TRUNCATE pg_temp.arbeid', 'TRUNCATE TABLE', 'pg_temp.arbeid'),
    { ...role('GRANT SELECT ON log_hendelser TO leser', 'GRANT'), sensitive: true },
    role("ALTER ROLE ola PASSWORD '<redacted>'"),
    role('ALTER ROLE ola NOSUPERUSER NOCREATEROLE'),
    role('REVOKE ALL ON sak FROM PUBLIC', 'REVOKE'),
    role('REVOKE pg_monitor FROM ola', 'REVOKE ROLE'),
    role('GRANT leder TO ola', 'GRANT ROLE'),
    ddl(
      'CREATE FUNCTION g() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM t; END $$',
      'CREATE FUNCTION',
    ),
    ddl('DROP INDEX i_sak', 'DROP INDEX', 'i_sak'),
    ddl('CREATE POLICY bare_egne ON sak USING (true)', 'CREATE POLICY', 'bare_egne on sak'),
    ddl('ALTER TABLE sak ENABLE ROW LEVEL SECURITY', 'ALTER TABLE', 'sak'),
    ddl('CREATE EXTENSION pgcrypto', 'CREATE EXTENSION'),
  ];
  return said.map(audit => {
    const { at, who: someone } = planter.next();
    return spoken(at(30 * MINUTE), someone, audit);
  });
}
