import { describe, expect, test } from 'vitest';
import { type Parsed, parse } from '../../src/parse/parse.js';
import { Statements } from '../../src/parse/statements.js';
import { timeReader } from '../../src/parse/time.js';
import { Framer } from '../../src/tail/frame.js';
import { type Columns, csvRecord, writeMessage } from '../support/csvlog.js';

function parsed(columns: Partial<Columns>, count = 26): Parsed {
  return parseBytes(Buffer.from(csvRecord(columns, count)));
}

function parseBytes(bytes: Buffer): Parsed {
  const framer = new Framer({ offset: 0, maxRecordSize: 1 << 20 });
  framer.push(bytes);
  const frame = framer.next();
  if (frame?.kind !== 'record') throw new Error('the test wrote no record');
  return parse(frame, timeReader(undefined));
}

describe('genuine (I2)', () => {
  test('a record of pgAudit', () => {
    expect(parsed({}).kind).toBe('audit');
  });

  test.each<[string, Partial<Columns>]>([
    ['context', { context: 'PL/pgSQL function inline_code_block line 1 at RAISE' }],
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
    const record = parsed({}, count);
    expect(record.kind === 'audit' && record.line.session.backendType).toBe(backendType);
    expect(record.kind === 'audit' && record.line.session.queryId).toBe(queryId);
  });

  test.each([
    ['127.0.0.1:57658', '127.0.0.1', 57658],
    ['::1:5432', '::1', 5432],
    ['[local]', '[local]', null],
    ['db-host.example:1', 'db-host.example', 1],
    [null, null, null],
  ])('connection_from %j', (connectionFrom, client, port) => {
    expect(parsed({ connectionFrom })).toMatchObject({ line: { session: { client, port } } });
  });

  test('names with line breaks, commas and quotes are kept whole', () => {
    const user = 'evil\n2026-11-21 20:40:01.123 CET,"x","y"';
    expect(parsed({ user, application: 'a,"b"\n' })).toMatchObject({
      line: { user, session: { application: 'a,"b"\n' } },
    });
  });

  test('times are UTC', () => {
    const record = parsed({});
    expect(record.kind === 'audit' && new Date(record.line.time).toISOString()).toBe(
      '2026-11-21T19:40:01.123Z',
    );
    expect(record).toMatchObject({ line: { session: { startedAt: '2026-11-21T19:40:00Z' } } });
  });

  test('a time that cannot be told is a gap, not a guess', () => {
    expect(parsed({ logTime: '2026-11-21 20:40:01.123 IST' })).toMatchObject({
      kind: 'gap',
      reason: 'time',
      offset: 0,
    });
  });
});

test('bytes that are not UTF-8 are shown as U+FFFD and kept as base64', () => {
  const bytes = Buffer.from(csvRecord({ message: writeMessage("UPDATE t SET a='K\u00e5re'") }), 'latin1');
  const record = parseBytes(bytes);
  expect(record).toMatchObject({ kind: 'audit', audit: { statement: "UPDATE t SET a='K\uFFFDre'" } });
  expect(record.kind === 'audit' && Buffer.from(record.line.raw ?? '', 'base64')).toEqual(
    bytes.subarray(0, -1),
  );
  expect(parsed({ message: writeMessage("UPDATE t SET a='K\u00e5re'") })).toMatchObject({
    line: { raw: null },
  });
});

describe('<previously logged>', () => {
  const once = (statementId: number, substatementId: number, text: string): Parsed =>
    parsed({ message: `AUDIT: SESSION,${statementId},${substatementId},WRITE,INSERT,,,${text}` });

  function restored(statements: Statements, record: Parsed): object {
    if (record.kind !== 'audit') throw new Error('the test wrote no genuine record');
    const { statement, parameters, statementMissing } = statements.restore(record);
    return { statement, parameters, ...(statementMissing ? { statementMissing } : {}) };
  }

  test('is the text of the same substatement, also after a restart', () => {
    const statements = new Statements(null);
    restored(statements, once(1, 1, 'outer,5'));
    restored(statements, once(1, 2, 'inner,<none>'));
    const reopened = new Statements(JSON.parse(JSON.stringify(statements.memory)));
    const again = '<previously logged>,<previously logged>';
    expect(restored(reopened, once(1, 1, again))).toEqual({ statement: 'outer', parameters: ['5'] });
    expect(restored(reopened, once(1, 2, again))).toEqual({ statement: 'inner', parameters: [] });
  });

  test('of a statement that is not known is missing, and says so', () => {
    const statements = new Statements(null);
    restored(statements, once(1, 1, 'x,<none>'));
    const missing = { statement: null, parameters: null, statementMissing: 'previously-logged' };
    expect(restored(statements, once(2, 1, '<previously logged>,<previously logged>'))).toEqual(missing);
  });

  test('is remembered for as much text as there is room for, the latest first', () => {
    const statements = new Statements(null);
    const half = 'x'.repeat(600_000);
    for (const sessionId of ['1.a', '2.b']) {
      restored(
        statements,
        parsed({ sessionId, message: `AUDIT: SESSION,1,1,WRITE,INSERT,,,${half},<none>` }),
      );
    }
    expect(statements.memory.statements.map(one => one.session)).toEqual(['2.b']);
  });
});
