/** What pgAudit really logs of UPDATE and DELETE without WHERE, and of what only looks like them. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, expect, test } from 'vitest';
import { parsePayload } from '../../src/audit/payload.js';
import { createRelationParser } from '../../src/relations/relations.js';
import { withoutWhere } from '../../src/relations/without-where.js';
import { startPostgres } from '../support/postgres.js';

const parser = createRelationParser({ forReview: true });
afterAll(() => parser.close());

const SCHEMA =
  'CREATE TABLE a (id int PRIMARY KEY, x int); CREATE TABLE b (id int REFERENCES a ON DELETE CASCADE)';
/** Each in a string of its own; whether it runs one without WHERE. */
const STATEMENTS: readonly (readonly [string, boolean])[] = [
  ['INSERT INTO a SELECT n, n FROM generate_series(1, 9) n', false],
  ['UPDATE a SET x = 1', true],
  ['UPDATE a SET x = 2 WHERE id = 1', false],
  ['EXPLAIN DELETE FROM a', false],
  ['EXPLAIN (ANALYZE off) UPDATE a SET x = 3', false],
  ['EXPLAIN ANALYZE UPDATE a SET x = 4', true],
  ['WITH gone AS (DELETE FROM b RETURNING id) INSERT INTO a SELECT id + 100, 1 FROM gone', true],
  [
    'WITH gone AS (DELETE FROM b WHERE id = 5 RETURNING id) INSERT INTO a SELECT id + 100, 1 FROM gone',
    false,
  ],
  ["COPY (UPDATE a SET x = 7 RETURNING id) TO '/dev/null'", true],
  ['DELETE FROM a WHERE id = 2', false],
  // The foreign key's own DELETE has a WHERE.
  ['DELETE FROM a', true],
];

/** Of each text, the answer for each of its records. */
async function answers(folder: string): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const file of (await readdir(folder)).filter(name => name.endsWith('.csv'))) {
    const records: string[][] = parse(await readFile(join(folder, file)), { relax_column_count: true });
    for (const message of records.map(fields => fields[13] ?? '')) {
      const payload = message.startsWith('AUDIT: ') ? parsePayload(message.slice('AUDIT: '.length)) : null;
      if (payload === null || 'suspect' in payload) continue;
      const { statement } = payload.audit;
      const answer = await withoutWhere(payload.audit, parser);
      if (statement !== null) found.set(statement, [...(found.get(statement) ?? []), answer]);
    }
  }
  return found;
}

test.each(['on', 'off'])('with pgaudit.log_relation %s', async relation => {
  const postgres = await startPostgres({ 'pgaudit.log_relation': relation });
  const prepared = ['PREPARE p AS UPDATE a SET x = 5', 'PREPARE q AS UPDATE a SET x = 6', 'EXECUTE q'];
  await postgres.query('postgres', SCHEMA, ...prepared, ...STATEMENTS.map(([statement]) => statement));
  await postgres.stop();
  const found = await answers(postgres.logs);
  // Each counts once, however many records it has.
  for (const [statement, isWithout] of STATEMENTS)
    expect([statement, found.get(statement)?.filter(answer => answer === 'yes')]).toEqual([
      statement,
      isWithout ? ['yes'] : [],
    ]);
  // It was only prepared; the other one ran, too.
  expect(found.get('PREPARE p AS UPDATE a SET x = 5')).toEqual(['no']);
  expect([...(found.get('PREPARE q AS UPDATE a SET x = 6') ?? [])].sort()).toEqual(['no', 'yes']);
  expect([...found.values()].flat().filter(one => one === 'maybe' || one === 'unknown')).toEqual([]);
});
