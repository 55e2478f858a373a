/** Which relations a statement writes to, by hand. */

import { afterAll, describe, expect, test } from 'vitest';
import { createRelationParser } from '../../src/relations/relations.js';
import { written } from '../support/relations.js';

const parser = createRelationParser();
afterAll(() => parser.close());

async function expectWritten(statement: string, expected: readonly string[] | null): Promise<void> {
  expect(await written(parser, statement)).toEqual(expected);
}

describe('one target', () => {
  test.each([
    ['INSERT INTO konto VALUES (1)', 'konto'],
    ['INSERT INTO public.konto (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET id = $2', 'public.konto'],
    ['insert into public.konto as k default values returning *', 'public.konto'],
    ['INSERT INTO public.konto SELECT * FROM public.kilde', 'public.konto'],
    ['UPDATE konto SET navn=$1 WHERE id=$2', 'konto'],
    ['UPDATE ONLY public.konto k SET navn = l.navn FROM public.kilde l WHERE l.id = k.id', 'public.konto'],
    ['UPDATE konto SET navn = (SELECT navn FROM kilde LIMIT 1)', 'konto'],
    ['UPDATE konto SET id = 2 WHERE CURRENT OF markør', 'konto'],
    ['DELETE FROM public.konto', 'public.konto'],
    ['DELETE FROM public.konto * USING kilde WHERE kilde.id = konto.id', 'public.konto'],
    // What the server itself runs for a foreign key, logged like any statement.
    ['DELETE FROM ONLY "public"."barn" WHERE $1 OPERATOR(pg_catalog.=) "id"', 'public.barn'],
    [
      'MERGE INTO s.a USING s.b ON a.id = b.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN DO NOTHING',
      's.a',
    ],
    ['COPY konto(id, navn) FROM STDIN', 'konto'],
    ["COPY s.konto FROM '/tmp/fil' WITH (FORMAT csv) WHERE id > 1", 's.konto'],
    ['COPY (INSERT INTO s.konto VALUES (1) RETURNING *) TO STDOUT', 's.konto'],
    ['TRUNCATE konto', 'konto'],
    ['TRUNCATE TABLE ONLY s.konto RESTART IDENTITY CASCADE', 's.konto'],
    ['EXPLAIN ANALYZE UPDATE s.konto SET a = 1', 's.konto'],
    // pgAudit logs it as WRITE and names the table too, although nothing is changed.
    ['EXPLAIN (COSTS off) DELETE FROM s.konto', 's.konto'],
    ['PREPARE p(int, text) AS INSERT INTO s.konto VALUES ($1, $2)', 's.konto'],
    // The session's own database: it can be no other.
    ['UPDATE regnskap.s.konto SET a = 1', 's.konto'],
    // PL/pgSQL logs its variables by name, and leaves INTO out.
    ['insert into s.konto values (verdi, 1) returning id       ', 's.konto'],
    // PostgreSQL 18.
    ['UPDATE s.konto SET a = 1 RETURNING WITH (OLD AS før, NEW AS nå) før.a, nå.a', 's.konto'],
    ["/* Z990001 */ UPDATE -- INSERT INTO annet\n s.konto SET a = 'DELETE FROM annet'", 's.konto'],
  ])('%s', (statement, expected) => expectWritten(statement, [expected]));
});

describe('several targets, sorted, each once', () => {
  test.each([
    ['TRUNCATE s.b, a, s.b', ['a', 's.b']],
    ['UPDATE b SET x = 1; DELETE FROM a; COPY c FROM STDIN; UPDATE b SET x = 2', ['a', 'b', 'c']],
    ['WITH d AS (DELETE FROM s.d RETURNING *) INSERT INTO s.i SELECT * FROM d', ['s.d', 's.i']],
    ['WITH d AS (DELETE FROM s.d RETURNING *) SELECT * FROM d', ['s.d']],
    [
      'WITH a AS (UPDATE a SET x=1 RETURNING *), b AS (WITH c AS (SELECT * FROM e) INSERT INTO b SELECT * FROM c RETURNING *) DELETE FROM d USING a, b',
      ['a', 'b', 'd'],
    ],
    ['EXPLAIN ANALYZE WITH u AS (UPDATE u SET x=1 RETURNING *) INSERT INTO i SELECT * FROM u', ['i', 'u']],
    ['PREPARE p AS WITH u AS (UPDATE u SET x=1 RETURNING *) INSERT INTO i SELECT * FROM u', ['i', 'u']],
    ['CREATE TABLE n AS WITH d AS (DELETE FROM s.d RETURNING *) SELECT * FROM d', ['s.d']],
    [
      "CREATE ROLE x PASSWORD 'p'; INSERT INTO konto VALUES (1); SELECT * FROM annet; DROP TABLE tredje",
      ['konto'],
    ],
    ['BEGIN; INSERT INTO b VALUES (1);; INSERT INTO a VALUES (1); COMMIT;', ['a', 'b']],
  ])('%s', expectWritten);
});

describe('names as quote_identifier writes them', () => {
  test.each([
    ['UPDATE KONTO SET a = 1', 'konto'],
    ['UPDATE "konto" SET a = 1', 'konto'],
    ['UPDATE "Konto" SET a = 1', '"Konto"'],
    ['UPDATE "Mitt skjema"."Odd""Name" SET a = 1', '"Mitt skjema"."Odd""Name"'],
    ['UPDATE "a.b".c SET a = 1', '"a.b".c'],
    ['UPDATE kjøp SET a = 1', '"kjøp"'],
    ['UPDATE U&"\\00e5pen" SET a = 1', '"åpen"'],
    ['UPDATE "1a" SET a = 1', '"1a"'],
    ['UPDATE _a1 SET a = 1', '_a1'],
    ['UPDATE a$b SET a = 1', '"a$b"'],
    // Keywords: reserved, of a column's name, of a type's or function's name, unreserved.
    ['UPDATE "select"."user" SET a = 1', '"select"."user"'],
    ['UPDATE "values" SET a = 1', '"values"'],
    ['UPDATE "left" SET a = 1', '"left"'],
    ['UPDATE public.name SET a = 1', 'public.name'],
    // NAMEDATALEN, without cutting a character in two.
    [`UPDATE ${'a'.repeat(70)} SET a = 1`, 'a'.repeat(63)],
    [`UPDATE "${'a'.repeat(62)}åå" SET a = 1`, 'a'.repeat(62)],
  ])('%s', (statement, expected) => expectWritten(statement, [expected]));
});

test.each([
  'SELECT * FROM konto FOR UPDATE',
  'COPY konto TO STDOUT',
  'COPY (SELECT * FROM konto) TO STDOUT',
  'EXPLAIN SELECT * FROM konto',
  'EXECUTE p(1)',
  'DO $$ BEGIN UPDATE konto SET a = 1; END $$',
  'CREATE TABLE kopi AS SELECT * FROM konto',
  'SELECT * INTO kopi FROM konto',
  "SELECT 'INSERT INTO konto VALUES (1)'",
  // Stored, not run.
  'CREATE RULE r AS ON INSERT TO konto DO ALSO INSERT INTO logg VALUES (1)',
  'CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC INSERT INTO konto VALUES (1); END',
  '',
  '  \n',
  '-- nothing but a comment',
  ';;',
])('nothing is written by: %s', statement => expectWritten(statement, []));

test.each([
  'UPDATE',
  'UPDATE konto SET',
  "UPDATE konto SET a = 'open",
  'CREATE ROLE x PASSWORD <REDACTED>; INSERT INTO konto VALUES (1)',
  '\\copy konto from fil',
  'hva som helst',
])('cannot be parsed: %s', statement => expectWritten(statement, null));
