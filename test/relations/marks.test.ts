/** What a reviewer asks of statements, by PostgreSQL's own parser. */

import { afterAll, expect, test } from 'vitest';
import { createRelationParser } from '../../src/relations/relations.js';

const parser = createRelationParser();
afterAll(() => parser.close());

test.each<[string, string[]]>([
  ['UPDATE t SET a = 1', ['UPDATE']],
  ['DELETE FROM t', ['DELETE']],
  ['DELETE FROM t USING s', ['DELETE']],
  ["DELETE FROM t /* WHERE id = 1 */ -- WHERE\n RETURNING 'WHERE'", ['DELETE']],
  ['UPDATE t SET a = (SELECT b FROM s WHERE s.id = 1)', ['UPDATE']],
  ['UPDATE t SET a = 1 WHERE id = 7', []],
  ['DELETE FROM t WHERE CURRENT OF c', []],
  ['WITH d AS (DELETE FROM t RETURNING *) INSERT INTO s SELECT * FROM d WHERE a = 1', ['DELETE']],
  ['INSERT INTO t VALUES (1)', []],
  ['EXPLAIN DELETE FROM t', []],
  ['EXPLAIN (ANALYZE off) UPDATE t SET a = 1', []],
  ['EXPLAIN ANALYZE DELETE FROM t', ['DELETE']],
  ['EXPLAIN (ANALYZE 1, BUFFERS) DELETE FROM t', ['DELETE']],
  ['PREPARE p AS UPDATE t SET a = 1', ['UPDATE']],
  ['CREATE FUNCTION f() RETURNS void BEGIN ATOMIC DELETE FROM t; END', []],
  ['SELECT 1; DELETE FROM t; UPDATE t SET a = 1 WHERE id = 1', ['DELETE']],
])('%s: without WHERE %o', async (statement, expected) => {
  const marks = await parser.marks(statement);
  expect(marks?.withoutWhere.flatMap(({ parts }) => parts)).toEqual(expected);
});

test.each<[string, boolean]>([
  ['EXPLAIN UPDATE t SET a = 1 WHERE id = 7', true],
  ['EXPLAIN (COSTS off) DELETE FROM t; EXPLAIN DELETE FROM t', true],
  ['EXPLAIN DELETE FROM t; DELETE FROM t WHERE id = 7', false],
  ['EXPLAIN (ANALYZE) DELETE FROM t', false],
  ['', false],
])('%s is only a plan: %s', async (statement, expected) => {
  expect((await parser.marks(statement))?.isPlan).toBe(expected);
});

test.each([
  ["COPY t FROM PROGRAM 'curl http://example.org'", 'program'],
  ["COPY t FROM '/tmp/t.csv'", 'file'],
  ["COPY (SELECT * FROM t) TO '/tmp/t.csv'", 'file'],
  ['COPY t FROM stdin', null],
])('%s copies with %s', async (statement, expected) => {
  expect((await parser.marks(statement))?.copies).toBe(expected);
});

test('what does not parse has no marks', async () => {
  expect(await parser.marks('DELETE FROM t WHERE password = <redacted>')).toBe(null);
});
