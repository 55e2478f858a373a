/** Records that change data and that pgAudit logs under READ or MISC, and the statements of one string. */

import { afterAll, describe, expect, test } from 'vitest';
import type { Audit } from '../../src/event/audit.js';
import { isQuotingInDoubt } from '../../src/lib/sql/quoting-doubt.js';
import { createRelationParser, isWrite, relationsOf } from '../../src/relations/relations.js';

const parser = createRelationParser();
afterAll(() => parser.close());

function audit(auditClass: Audit['class'], command: string, statement: string | null): Audit {
  return {
    ...{ type: 'SESSION', statementId: 1, substatementId: 1, class: auditClass, command },
    ...{ objectType: null, objectName: null, statement, parameters: [], rows: null },
  } as const;
}

describe('a record logged as READ or MISC', () => {
  test.each<[Audit['class'], string, string | null, boolean | 'unknown']>([
    ['READ', 'SELECT', 'WITH x AS (UPDATE t SET a = 1 RETURNING *) SELECT * FROM x', true],
    ['READ', 'SELECT', 'with x as (delete from t returning *) select 1', true],
    ['READ', 'SELECT', 'PREPARE p AS WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT 1', true],
    ['READ', 'SELECT', 'EXPLAIN ANALYZE WITH x AS (DELETE FROM t RETURNING *) SELECT 1', true],
    ['MISC', '???', 'MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE', true],
    ['MISC', 'MERGE', 'WITH x AS (SELECT 1) MERGE INTO t USING x ON true WHEN MATCHED THEN DELETE', true],
    ['READ', 'SELECT', "SELECT 'insert' FROM t", false],
    ['READ', 'SELECT', 'SELECT * FROM t FOR UPDATE', false],
    ['READ', 'SELECT', 'INSERT INTO a SELECT * FROM b', false],
    // A rule made a SELECT of it: pgAudit logs an INSERT as WRITE, and once.
    ['READ', 'SELECT', "INSERT INTO a VALUES ('select')", 'unknown'],
    ['READ', 'SELECT', '', 'unknown'],
    ['READ', 'SELECT', 'CREATE TABLE k AS WITH d AS (DELETE FROM a RETURNING *) SELECT * FROM d', true],
    [
      'READ',
      'SELECT',
      'EXPLAIN ANALYZE CREATE TABLE k AS WITH d AS (DELETE FROM a RETURNING *) TABLE d',
      true,
    ],
    ['READ', 'SELECT', 'SELECT 1; UPDATE t SET a = 1', false],
    ['READ', 'SELECT', 'SELECT 1; WITH x AS (UPDATE t SET a = 1 RETURNING *) SELECT 1', true],
    ['READ', 'SELECT', null, false],
    ['MISC', 'SET', "SET x.y = 'delete'", false],
    ['WRITE', 'UPDATE', 'UPDATE t SET a = 1', false],
    ['READ', 'SELECT', `WITH x AS (DELETE FROM t) SELECT 1 /* ${'x'.repeat(300_000)} */`, 'unknown'],
    ['READ', 'SELECT', 'DELETE is no SQL', 'unknown'],
    ['READ', 'SELECT', "SELECT '\\' ; delete ' FROM t", 'unknown'],
  ])('%s %s: %j', async (auditClass, command, statement, expected) => {
    expect(await isWrite(audit(auditClass, command, statement), parser)).toBe(expected);
  });

  test('that names an object is one of several: the others say what was changed', async () => {
    const read = audit('READ', 'SELECT', 'WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM b, x');
    expect(await isWrite({ ...read, objectType: 'TABLE', objectName: 'public.b' }, parser)).toBe(false);
  });
});

describe('of a string of several statements', () => {
  const objects = async (command: string, statement: string): Promise<unknown> =>
    await relationsOf(audit('WRITE', command, statement), parser);

  test('each record names those of its own command', async () => {
    const three = 'INSERT INTO a VALUES (1); UPDATE b SET x = 2; DELETE FROM c';
    expect(await objects('INSERT', three)).toEqual({ objects: ['a'], objectsFrom: 'parsed' });
    expect(await objects('UPDATE', three)).toEqual({ objects: ['b'], objectsFrom: 'parsed' });
    expect(await objects('DELETE', three)).toEqual({ objects: ['c'], objectsFrom: 'parsed' });
  });

  test('of several with one command it is not certain which', async () => {
    expect(await objects('UPDATE', 'UPDATE a SET x = 1; UPDATE b SET x = 1')).toEqual({
      objects: ['a', 'b'],
      objectsFrom: 'ambiguous',
    });
    expect(await objects('UPDATE', 'UPDATE a SET x = 1; UPDATE a SET y = 1')).toEqual({
      objects: ['a'],
      objectsFrom: 'parsed',
    });
  });

  test('EXECUTE of a prepared statement is logged under its own command', async () => {
    expect(await objects('UPDATE', 'PREPARE p AS UPDATE a SET x = 1')).toEqual({
      objects: ['a'],
      objectsFrom: 'parsed',
    });
  });

  test('what the server may have read differently is not certain', async () => {
    const sql = "WITH x AS (SELECT '\\' ) UPDATE harmless SET a = 1 -- ') UPDATE konto SET lonn = 7";
    const objectsFrom = 'ambiguous';
    expect(await objects('UPDATE', sql)).toEqual({ objects: ['harmless', 'konto'], objectsFrom });
  });
});

test.each([
  ["SELECT 'a'", false],
  ["SELECT 'a\\\\b'", false],
  ["SELECT E'it\\'s'", false],
  ["SELECT $$\\'$$", false],
  ["SELECT 1 -- \\'", false],
  ["SELECT 'C:\\' || 'x'", true],
  ["SELECT 'a''b\\''", true],
  ["UPDATE t SET a = E'\\'' || 'b\\'", true],
])('the quotes of %s are in doubt: %s', (sql, expected) => {
  expect(isQuotingInDoubt(sql)).toBe(expected);
});
