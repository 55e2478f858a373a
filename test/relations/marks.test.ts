/** What a reviewer asks of statements, by PostgreSQL's own parser. */

import { afterAll, expect, test } from 'vitest';
import { createRelationParser } from '../../src/relations/relations.js';

const parser = createRelationParser({ forReview: true });
afterAll(() => parser.close());

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
