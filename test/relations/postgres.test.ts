/** PostgreSQL's parser outside of PostgreSQL names what pgAudit names inside. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { expect, onTestFinished, test } from 'vitest';
import { parsePayload } from '../../src/audit/payload.js';
import { createRelationParser } from '../../src/relations/relations.js';
import { startPostgres } from '../support/postgres.js';
import { written } from '../support/relations.js';

const SCHEMA = `
  CREATE SCHEMA s;
  CREATE TABLE s.a (id int PRIMARY KEY, x int);
  CREATE TABLE s.b (id int REFERENCES s.a ON DELETE CASCADE, x int);
  CREATE TABLE s."Odd""Name" (x int);
  CREATE TABLE s."values" (x int);
  CREATE TABLE s."left" (x int);
  CREATE TABLE s.name (x int);
  CREATE TABLE s.kjøp (x int);
  CREATE TABLE s.a$b (x int);
  CREATE TABLE s.${'n'.repeat(63)} (x int);
  CREATE SCHEMA "Å pen";
  CREATE TABLE "Å pen".t (x int);
  CREATE FUNCTION s.f() RETURNS int LANGUAGE plpgsql AS
    $$ DECLARE v int := 700; BEGIN
      INSERT INTO s.a VALUES (v, 1) RETURNING x INTO v;
      EXECUTE 'UPDATE s.name SET x = ' || v;
      RETURN v;
    END $$`;

/** Each names the schema; a view or a rule would add relations that the statement does not name. */
const STATEMENTS = [
  'INSERT INTO s.a VALUES (1, 1), (2, 2)',
  'INSERT INTO s.b SELECT id, x FROM s.a',
  'UPDATE s.a SET x = b.x FROM s.b WHERE a.id = b.id',
  'UPDATE postgres.s.a SET x = 3',
  'WITH d AS (DELETE FROM s.b WHERE id = 2 RETURNING *) INSERT INTO s.name SELECT x FROM d',
  'WITH d AS (DELETE FROM s.b WHERE id = 3 RETURNING *) SELECT * FROM d',
  'DELETE FROM s.a WHERE id = 1',
  'INSERT INTO s."Odd""Name" VALUES (1)',
  'INSERT INTO S."values" VALUES (1)',
  'INSERT INTO s."left" VALUES (1)',
  'INSERT INTO s.NAME VALUES (1)',
  'INSERT INTO s.kjøp VALUES (1)',
  'INSERT INTO s.a$b VALUES (1)',
  `INSERT INTO s.${'n'.repeat(70)} VALUES (1)`,
  'UPDATE "Å pen".t SET x = 1',
  'EXPLAIN UPDATE s.a SET x = 1',
  'EXPLAIN ANALYZE UPDATE s.a SET x = 1',
  'PREPARE p AS UPDATE s.a SET x = 4',
  'EXECUTE p',
  'UPDATE s.a SET x = 5; DELETE FROM s.b; UPDATE s.name SET x = 1',
  "COPY s.a FROM '/dev/null'",
  "COPY (INSERT INTO s.name VALUES (1) RETURNING *) TO '/dev/null'",
  'DO $$ BEGIN UPDATE s.a SET x = 6; END $$',
  'SELECT s.f()',
  'TRUNCATE s.a, s.b',
];

/** What pgAudit names for each text: of the WRITE records, those with a relation. */
async function loggedRelations(folder: string): Promise<Map<string, Set<string>>> {
  const logged = new Map<string, Set<string>>();
  for (const file of (await readdir(folder)).filter(name => name.endsWith('.csv'))) {
    const records: string[][] = parse(await readFile(join(folder, file)), { relax_column_count: true });
    for (const message of records.map(fields => fields[13] ?? '')) {
      if (!message.startsWith('AUDIT: ')) continue;
      const payload = parsePayload(message.slice('AUDIT: '.length));
      if ('suspect' in payload || payload.audit.class !== 'WRITE') continue;
      const { statement, objectName } = payload.audit;
      if (statement === null || objectName === null) continue;
      logged.set(statement, (logged.get(statement) ?? new Set()).add(objectName));
    }
  }
  return logged;
}

test('the relations of a statement are those that pgaudit.log_relation names', async () => {
  const postgres = await startPostgres({ 'pgaudit.log_relation': 'on' });
  await postgres.query('postgres', SCHEMA, ...STATEMENTS);
  await postgres.stop();
  const logged = await loggedRelations(postgres.logs);
  // Those that others represent: the prepared text, the statements inside, and TRUNCATE, if it names none.
  expect(STATEMENTS.filter(statement => !logged.has(statement))).toEqual([
    'EXECUTE p',
    'DO $$ BEGIN UPDATE s.a SET x = 6; END $$',
    'SELECT s.f()',
    'TRUNCATE s.a, s.b',
  ]);
  // Ran by functions and by the foreign key.
  expect([...logged.keys()].filter(statement => !STATEMENTS.includes(statement))).toHaveLength(4);
  const parser = createRelationParser();
  onTestFinished(() => parser.close());
  for (const [statement, names] of logged)
    expect([statement, await written(parser, statement)]).toEqual([statement, [...names].sort()]);
});
