import { describe, expect, test } from 'vitest';
import { readLogLine } from '../../src/audit/columns.js';
import { type Parsed, parse } from '../../src/audit/genuine.js';
import { timeReader } from '../../src/audit/time.js';
import type { LogLine } from '../../src/event/session.js';
import { Logins } from '../../src/session/logins.js';
import { Numbering } from '../../src/session/numbering.js';
import { Statements } from '../../src/session/statements.js';
import { type Columns, csvRecord, writeMessage } from '../support/csvlog.js';
import { recordOf } from '../support/frames.js';

const NOTHING = { logins: new Logins(), numbering: new Numbering(null) };

function parsed(columns: Partial<Columns>, count = 26): Parsed {
  return parse(recordOf(Buffer.from(csvRecord(columns, count))));
}

function line(columns: Partial<Columns>, count = 26): LogLine | null {
  return readLogLine(recordOf(Buffer.from(csvRecord(columns, count))), timeReader(undefined), NOTHING, {
    scrub: text => text,
    raw: null,
  });
}

describe('genuine (I2)', () => {
  test('a record of pgAudit', () => {
    expect(parsed({}).kind).toBe('audit');
  });

  test('if pgaudit.log_level makes it a warning', () => {
    const warning = Buffer.from(csvRecord({ severity: 'WARNING', sqlState: '01000' }));
    const kindBy = (isWarning: boolean): string => parse(recordOf(warning), () => null, { isWarning }).kind;
    expect([kindBy(true), kindBy(false)]).toEqual(['audit', 'suspect']);
  });

  test.each(['idle', 'idle in transaction', '', null])('under the command tag %j', commandTag => {
    expect(parsed({ commandTag }).kind).toBe('audit');
  });

  test.each(['parallel worker', 'paralleler Arbeitsprozess'])("not the leader's repetition: %s", context => {
    const repeated = { severity: 'WARNING', sqlState: '01000', context };
    expect(parsed(repeated).kind).toBe('repetition');
    expect(parsed({ ...repeated, context: `${context}\nPL/pgSQL function f() line 1` }).kind).toBe('suspect');
  });

  test('with its place in the source', () => {
    expect(parsed({ location: 'log_audit_event, pgaudit.c:783' }).kind).toBe('audit');
  });

  test.each<[string, Partial<Columns>]>([
    ['context', { context: 'PL/pgSQL function inline_code_block line 1 at RAISE' }],
    ['sql-state', { sqlState: '38000' }],
    ['pgauditLogLevel', { severity: 'WARNING', sqlState: '01000' }],
    ['transaction', { virtualTransactionId: '3/0' }],
    ['transaction', { virtualTransactionId: '' }],
    ['location', { location: 'plperl_util_elog, plperl.c:4072' }],
    ['query', { query: "DO $$BEGIN RAISE LOG 'AUDIT: …'; END$$" }],
    ['payload', { message: 'AUDIT: SESSION,1,1,WRITE,"' }],
    ['fields', { message: 'AUDIT: ' }],
    ['type', { message: 'AUDIT: AUDIT: SESSION,1,1,WRITE,UPDATE,,,x,<none>' }],
  ])('a record that breaks the rule of %s is a suspect', (reason, columns) => {
    expect(parsed(columns)).toMatchObject({ kind: 'suspect', reason });
  });

  test.each(['audit: x', ' AUDIT: x', 'AUDIT:x', 'statement: AUDIT: SESSION', '', null])(
    'message %j is another record',
    message => {
      expect(parsed({ message }).kind).toBe('other');
    },
  );
});

describe('columns', () => {
  test.each([
    [23, undefined, undefined],
    [24, 'client backend', undefined],
    [26, 'client backend', '0'],
  ])('of %i-column records', (count, backendType, queryId) => {
    const session = line({}, count)?.session;
    expect([session?.backendType, session?.queryId]).toEqual([backendType, queryId]);
  });

  test.each([
    ['127.0.0.1:57658', '127.0.0.1', 57658],
    ['::1:5432', '::1', 5432],
    ['[local]', '[local]', null],
    ['db-host.example:1', 'db-host.example', 1],
    [null, null, null],
  ])('connection_from %j', (connectionFrom, client, port) => {
    expect(line({ connectionFrom })?.session).toMatchObject({ client, port });
  });

  test('names with line breaks, commas and quotes are kept whole', () => {
    const user = 'evil\n2026-11-21 20:40:01.123 CET,"x","y"';
    expect(line({ user, application: 'a,"b"\n' })).toMatchObject({
      user,
      session: { application: 'a,"b"\n' },
    });
  });

  test('times are UTC', () => {
    const { time, session } = line({}) ?? {};
    expect(new Date(time ?? 0).toISOString()).toBe('2026-11-21T19:40:01.123Z');
    expect(session?.startedAt).toBe('2026-11-21T19:40:00Z');
  });

  test('an ambiguous time is not guessed', () => {
    expect(line({ logTime: '2026-11-21 20:40:01.123 IST' })).toBeNull();
  });
});

test('bytes that are not UTF-8 are shown as U+FFFD', () => {
  const bytes = Buffer.from(csvRecord({ message: writeMessage("UPDATE t SET a='K\u00e5re'") }), 'latin1');
  expect(parse(recordOf(bytes))).toMatchObject({
    audit: { statement: "UPDATE t SET a='K\uFFFDre'" },
  });
});

describe('<previously logged>', () => {
  const once = (statementId: number, substatementId: number, text: string): Parsed =>
    parsed({ message: `AUDIT: SESSION,${statementId},${substatementId},WRITE,INSERT,,,${text}` });

  function restored(statements: Statements, record: Parsed, session = '6b.1'): object {
    if (record.kind !== 'audit') throw new Error('the test wrote no genuine record');
    const { statement, parameters, statementMissing } = statements.restore(session, record).audit;
    return { statement, parameters, ...(statementMissing ? { statementMissing } : {}) };
  }

  test('is the text of the same substatement, also after a restart', () => {
    const statements = new Statements();
    restored(statements, once(1, 1, 'outer,5'));
    restored(statements, once(1, 2, 'inner,<none>'));
    const reopened = new Statements(JSON.parse(JSON.stringify(statements.saved)));
    const again = '<previously logged>,<previously logged>';
    expect(restored(reopened, once(1, 1, again))).toEqual({ statement: 'outer', parameters: ['5'] });
    expect(restored(reopened, once(1, 2, again))).toEqual({ statement: 'inner', parameters: [] });
  });

  test('of an unknown statement is missing, and marked so', () => {
    const statements = new Statements();
    restored(statements, once(1, 1, 'x,<none>'));
    const missing = { statement: null, parameters: null, statementMissing: 'previously-logged' };
    expect(restored(statements, once(2, 1, '<previously logged>,<previously logged>'))).toEqual(missing);
  });

  test('is remembered for as much text as there is room for, the latest first', () => {
    const statements = new Statements();
    const half = 'x'.repeat(600_000);
    for (const session of ['1.a', '2.b']) restored(statements, once(1, 1, `${half},<none>`), session);
    expect(statements.saved.map(one => one.session)).toEqual(['2.b']);
  });
});
