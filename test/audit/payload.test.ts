import { describe, expect, test } from 'vitest';
import { parsePayload } from '../../src/audit/payload.js';
import type { Audit } from '../../src/event/audit.js';
import type { SuspectReason } from '../../src/event/names.js';

function audit(payload: string): Partial<Audit> | SuspectReason {
  const parsed = parsePayload(payload);
  return 'suspect' in parsed ? parsed.suspect : parsed.audit;
}

describe('a genuine payload', () => {
  test('has 9 fields', () => {
    expect(audit('SESSION,7,1,WRITE,UPDATE,,,UPDATE t SET a=1,<none>')).toEqual({
      type: 'SESSION',
      statementId: 7,
      substatementId: 1,
      class: 'WRITE',
      command: 'UPDATE',
      objectType: null,
      objectName: null,
      statement: 'UPDATE t SET a=1',
      parameters: [],
      rows: null,
    });
  });

  test('has 10 with pgaudit.log_rows', () => {
    expect(audit('OBJECT,1,2,DDL,DROP TABLE,TABLE,"public.""a,b""",DROP TABLE "x",<none>,12')).toBe(
      'payload',
    );
    expect(
      audit('OBJECT,1,2,DDL,DROP TABLE,TABLE,"public.""a,b""","DROP TABLE ""x""",<none>,12'),
    ).toMatchObject({
      type: 'OBJECT',
      objectType: 'TABLE',
      objectName: 'public."a,b"',
      statement: 'DROP TABLE "x"',
      rows: 12,
    });
  });

  test.each([
    ['<none>', []],
    ['<not logged>', null],
    ['', ['']],
    ['5', ['5']],
    ['","', ['', '']],
    ['"Kåre,2"', ['Kåre', '2']],
    // Quotes within quotes within quotes.
    ['"7,""param """"val"""""""', ['7', 'param "val"']],
    ['"a,<long param suppressed>"', ['a', '<long param suppressed>']],
    ['<long param suppressed>', ['<long param suppressed>']],
    ['"""line\nbreak"""', ['line\nbreak']],
  ])('with parameters %s', (parameter, parameters) => {
    expect(audit(`SESSION,1,1,WRITE,INSERT,,,x,${parameter}`)).toMatchObject({ parameters });
  });

  test('whose statement was not logged has none', () => {
    expect(audit('SESSION,1,1,WRITE,INSERT,,,<not logged>,<not logged>')).toMatchObject({
      statement: null,
      parameters: null,
    });
  });
});

describe('a payload that pgAudit did not write', () => {
  test.each<[string, SuspectReason]>([
    ['', 'fields'],
    ['SESSION,1,1,WRITE,INSERT,,,x', 'fields'],
    ['SESSION,1,1,WRITE,INSERT,,,x,<none>,1,2', 'fields'],
    ['session,1,1,WRITE,INSERT,,,x,<none>', 'type'],
    [' SESSION,1,1,WRITE,INSERT,,,x,<none>', 'type'],
    ['SESSION,,1,WRITE,INSERT,,,x,<none>', 'ids'],
    ['SESSION,1,-1,WRITE,INSERT,,,x,<none>', 'ids'],
    ['SESSION,1,1.5,WRITE,INSERT,,,x,<none>', 'ids'],
    ['SESSION,1,9999999999999999999,WRITE,INSERT,,,x,<none>', 'ids'],
    ['SESSION,1,1,WRITES,INSERT,,,x,<none>', 'class'],
    ['SESSION,1,1,toString,INSERT,,,x,<none>', 'class'],
    ['SESSION,1,1,WRITE,INSERT,,,x,<none>,many', 'rows'],
    ['SESSION,1,1,WRITE,INSERT,,,x "y",<none>', 'payload'],
    ['SESSION,1,1,WRITE,INSERT,,,"x,<none>', 'payload'],
    ['SESSION,1,1,WRITE,INSERT,,,x,<none>\n', 'payload'],
    ['SESSION,1,1,WRITE,INSERT,,,x,"a""b,c"', 'parameters'],
  ])('%j breaks the rule of %s', (payload, reason) => {
    expect(audit(payload)).toBe(reason);
  });
});
