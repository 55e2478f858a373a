/** Which records are an UPDATE or DELETE without WHERE, by PostgreSQL's own parser. */

import { afterAll, describe, expect, test } from 'vitest';
import { createRelationParser } from '../../src/relations/relations.js';
import { withoutWhere } from '../../src/relations/without-where.js';

const parser = createRelationParser({ forReview: true });
afterAll(() => parser.close());

function answer(command: string, statement: string | null, objectName: string | null = null): unknown {
  return withoutWhere({ class: 'WRITE', command, objectName, statement }, parser);
}

describe('without WHERE', () => {
  test.each([
    ['DELETE', 'DELETE FROM t'],
    ['DELETE', 'DELETE FROM t -- where id = 1'],
    ['DELETE', 'DELETE FROM t USING u'],
    ['UPDATE', "UPDATE t SET a = 'where'"],
    ['UPDATE', 'UPDATE t SET a = (SELECT b FROM u WHERE u.c = 1)'],
    ['UPDATE', 'UPDATE t SET "where" = 1'],
    ['INSERT', 'WITH gone AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM gone'],
    ['COPY', "COPY (DELETE FROM t RETURNING *) TO '/tmp/x'"],
    // What it runs has a record of its own, under the inner command.
    ['DELETE', 'EXPLAIN ANALYZE DELETE FROM t'],
    ['DELETE', 'EXPLAIN (ANALYZE, VERBOSE) DELETE FROM t'],
    ['DELETE', 'EXPLAIN (ANALYZE on) DELETE FROM t'],
    ['DELETE', 'EXPLAIN (ANALYZE 1) DELETE FROM t'],
    // The text that pgAudit logs when it is executed.
    ['DELETE', 'PREPARE p AS DELETE FROM t'],
  ])('%s: %s', async (command, statement) => {
    expect(await answer(command, statement)).toBe('yes');
  });
});

describe('with one, or without effect', () => {
  test.each([
    ['DELETE', 'DELETE FROM t WHERE true'],
    ['UPDATE', 'UPDATE t SET a = 1 WHERE CURRENT OF c'],
    ['INSERT', 'INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 2'],
    ['INSERT', "INSERT INTO t VALUES ('DELETE FROM t')"],
    ['TRUNCATE TABLE', 'TRUNCATE t'],
    ['PREPARE', 'PREPARE p AS DELETE FROM t'],
    ['EXPLAIN', 'EXPLAIN DELETE FROM t'],
    ['EXPLAIN', 'EXPLAIN ANALYZE DELETE FROM t'],
    ['EXPLAIN', 'EXPLAIN (VERBOSE, COSTS off) UPDATE t SET a = 1'],
    // With pgaudit.log_relation a plain EXPLAIN has the inner command.
    ['DELETE', 'EXPLAIN DELETE FROM t'],
    ['DELETE', 'EXPLAIN (ANALYZE false) DELETE FROM t'],
    ['DELETE', 'EXPLAIN (ANALYZE off) DELETE FROM t'],
    ['DELETE', 'EXPLAIN (ANALYZE 0) DELETE FROM t'],
  ])('%s: %s', async (command, statement) => {
    expect(await answer(command, statement)).toBe('no');
  });

  test("the record of another of the statement's relations does not count", async () => {
    const text = 'WITH gone AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM gone';
    expect(await answer('INSERT', text, 'public.u')).toBe('no');
    expect(await answer('DELETE', text, 'public.t')).toBe('yes');
  });
});

test('of several statements in one text it may be the one', async () => {
  const text = 'DELETE FROM t WHERE a = 1; DELETE FROM u; UPDATE v SET a = 1 WHERE b = 2';
  expect([await answer('DELETE', text), await answer('UPDATE', text)]).toEqual(['maybe', 'no']);
});

test('what does not parse, or was not logged, is never left out in silence', async () => {
  expect(await answer('DELETE', 'DELETE FROMM t')).toBe('maybe');
  expect(await answer('DELETE', 'DELETE FROMM t WHERE a = 1')).toBe('unknown');
  expect(await answer('DELETE', null)).toBe('unknown');
  expect(await answer('INSERT', null)).toBe('no');
});
