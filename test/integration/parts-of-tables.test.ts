/** On a real PostgreSQL: what changes a part of a table is found by the table's name, also if its text names another object. */

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startPostgres } from '../support/postgres.js';
import { runCommand, runOnce, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const DROPS = [
  'DROP FUNCTION x.before() CASCADE',
  'DROP FUNCTION x.next() CASCADE',
  'DROP TYPE x.kind CASCADE',
];

test('a trigger, a default, a column and a foreign key that a CASCADE took away', async () => {
  const postgres = await startPostgres();
  await postgres.query('postgres', 'CREATE ROLE "Z990001" LOGIN SUPERUSER');
  await postgres.query(
    'postgres',
    'CREATE SCHEMA x; CREATE SCHEMA "a.b"',
    "CREATE TYPE x.kind AS ENUM ('a')",
    'CREATE TABLE x.owner (id int PRIMARY KEY)',
    'CREATE TABLE "a.b"."Pay on hold" (id int, kind x.kind, owner int REFERENCES x.owner)',
    "CREATE FUNCTION x.next() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    'ALTER TABLE "a.b"."Pay on hold" ALTER id SET DEFAULT x.next()',
    "CREATE FUNCTION x.before() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    'CREATE TRIGGER "t on x.owner" BEFORE UPDATE ON "a.b"."Pay on hold" FOR EACH ROW EXECUTE FUNCTION x.before()',
  );
  await postgres.query('Z990001', ...DROPS, 'DROP TABLE x.owner CASCADE');
  const folder = await temporaryFolder();
  expect((await runOnce(folder, settings(folder, [postgres.logPattern]))).code).toBe(0);
  const search = async (object: string): Promise<string[]> => {
    const { output } = await runCommand(['search', join(folder, 'archive'), '--object', object, '--json']);
    const lines = output.split('\n').filter(line => line.startsWith('{'));
    const texts = lines.map((line): string => JSON.parse(line).audit.statement);
    return [...new Set(texts)];
  };
  const all = [...DROPS, 'DROP TABLE x.owner CASCADE'];
  expect(await search('"a.b"."Pay on hold"')).toEqual(all);
  expect(await search('"pay on hold"')).toEqual(all);
  expect(await search('x.owner')).toEqual(['DROP TABLE x.owner CASCADE']);
  expect(await search('public."Pay on hold"')).toEqual([]);
});
