/** If the quoting cannot be followed, a raw scan still finds the secrets, and nothing else is lost. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../src/redact/redact.js';

const redact = createRedactor([]);

function scrub(statement: string): string | null {
  return redact({ statement, parameters: null }).statement;
}

/** A piece of SQL inside this many string literals. */
function quoted(sql: string, times: number): string {
  return times === 0 ? sql : quoted(`SELECT '${sql.replaceAll("'", "''")}'`, times - 1);
}

describe('with standard_conforming_strings = off', () => {
  test.each([
    ["SELECT 'it\\'s'; ALTER ROLE x PASSWORD '!p'", "SELECT 'it\\'s'; ALTER ROLE x PASSWORD '<redacted>'"],
    ["SELECT '\\''; ALTER ROLE x PASSWORD '!p'", "SELECT '\\''; ALTER ROLE x PASSWORD '<redacted>'"],
    ["ALTER ROLE x PASSWORD 'it\\'s'", "ALTER ROLE x PASSWORD '<redacted>'"],
    [
      "SELECT 'a\\'b', dblink('password=!p user=u', '')",
      "SELECT 'a\\'b', dblink('password=<redacted> user=u', '')",
    ],
    [
      "SELECT 'it\\'s'; INSERT INTO u (a, secret, b) VALUES ('\\'', E'p\\'', ')')",
      "SELECT 'it\\'s'; INSERT INTO u (a, secret, b) VALUES ('\\'', E'<redacted>', ')')",
    ],
    [
      "INSERT INTO u (a, secret, b) VALUES ('(', U&'p\\' UESCAPE '!', ')')",
      "INSERT INTO u (a, secret, b) VALUES ('(', U&'<redacted>' UESCAPE '!', ')')",
    ],
    ["UPDATE u SET a = 'it\\'s', password = other", "UPDATE u SET a = 'it\\'s', password = other"],
  ])('%s', (statement, expected) => {
    expect(scrub(statement)).toBe(expected);
  });

  test('parameters are found as well', () => {
    const statement = "UPDATE u SET navn = 'it\\'s', password = $1";
    expect(redact({ statement, parameters: ['p'] }).parameters).toEqual(['<redacted>']);
  });
});

test('a backslash at the end of a literal changes nothing with standard_conforming_strings = on', () => {
  expect(scrub("ALTER ROLE x PASSWORD 'a\\'; INSERT INTO t VALUES ('b', 'c')")).toBe(
    "ALTER ROLE x PASSWORD '<redacted>'; INSERT INTO t VALUES ('b', 'c')",
  );
  expect(scrub("SELECT 'C:\\'; UPDATE u SET password = x; SELECT 'it''s'")).toBe(
    "SELECT 'C:\\'; UPDATE u SET password = x; SELECT 'it''s'",
  );
});

describe('in a language with other quotes', () => {
  test.each([
    [
      "DO $$ # don't\nplpy.execute(\"ALTER ROLE x PASSWORD '!p'\") $$",
      "DO $$ # don't\nplpy.execute(\"ALTER ROLE x PASSWORD '<redacted>'\") $$",
    ],
    ['DO $$ # don\'t\nx(password="!p") $$', 'DO $$ # don\'t\nx(password="<redacted>") $$'],
    ['DO $x$ # don\'t\nx("PASSWORD $$p$$") $x$', 'DO $x$ # don\'t\nx("PASSWORD $$<redacted>$$") $x$'],
    ["DO $$ # don't\nx('PASSWORD \\'p\\'', 1) $$", "DO $$ # don't\nx('PASSWORD \\'<redacted>\\'', 1) $$"],
    ["DO $$ # don't\nx('postgres://u:p@h/') $$", "DO $$ # don't\nx('postgres://u:<redacted>@h/') $$"],
    ['DO $$ # don\'t\nx = \'"password": "p"\' $$', 'DO $$ # don\'t\nx = \'"password": "<redacted>"\' $$'],
    [
      "DO $$ # 'tis\nx(\"PASSWORD '!p!'\") # 'twas\n $$",
      "DO $$ # 'tis\nx(\"PASSWORD '<redacted>'\") # 'twas\n $$",
    ],
    [
      "DO $$ # don't\nx(\"PASSWORD '!p!'\") # boys' \n $$",
      "DO $$ # don't\nx(\"PASSWORD '<redacted>'\") # boys' \n $$",
    ],
    ["SELECT $$ it's ok\nthe password' 42\n, b $$", "SELECT $$ it's ok\nthe password'<redacted>\n, b $$"],
  ])('%s', (statement, expected) => {
    expect(scrub(statement)).toBe(expected);
  });
});

describe('quotes nested deeper than is read', () => {
  test.each([3, 4, 5, 6])('%i times', times => {
    const sql = (secret: string) => `ALTER ROLE x PASSWORD '${secret}' VALID UNTIL 'infinity'`;
    expect(scrub(quoted(sql('p'), times))).toBe(quoted(sql('<redacted>'), times));
  });

  test.each([
    ["ALTER ROLE x PASSWORD ''; SELECT 'a'", "ALTER ROLE x PASSWORD ''; SELECT 'a'"],
    ["ALTER ROLE x PASSWORD 'it''s'; SELECT 'a'", "ALTER ROLE x PASSWORD '<redacted>'; SELECT 'a'"],
    ["ALTER ROLE x PASSWORD E'p' LOGIN", "ALTER ROLE x PASSWORD E'<redacted>' LOGIN"],
    ['ALTER ROLE x PASSWORD $a$p$a$ LOGIN', 'ALTER ROLE x PASSWORD $a$<redacted>$a$ LOGIN'],
    ['ALTER ROLE x PASSWORD NULL', 'ALTER ROLE x PASSWORD NULL'],
    ['UPDATE u SET "password" = \'p\'', 'UPDATE u SET "password" = \'<redacted>\''],
    ["UPDATE u SET password = crypt('p', '')", "UPDATE u SET password = crypt('<redacted>', '')"],
    ["SELECT dblink('password=p user=u')", "SELECT dblink('password=<redacted> user=u')"],
    ["SELECT dblink('password=it''s user=u')", "SELECT dblink('password=<redacted> user=u')"],
    ["SELECT dblink('postgres://u:p@h/')", "SELECT dblink('postgres://u:<redacted>@h/')"],
  ])('%s', (sql, expected) => {
    expect(scrub(quoted(sql, 6))).toBe(quoted(expected, 6));
  });

  test('loses more than what can be read', () => {
    const sql = 'UPDATE u SET password=other WHERE id = 1';
    expect(scrub(quoted(sql, 4))).toBe(quoted(sql, 4));
    expect(scrub(quoted(sql, 5))).toBe(quoted('UPDATE u SET password=<redacted> WHERE id = 1', 5));
  });
});

describe('quotes that are not closed', () => {
  test.each([
    ["ALTER ROLE x PASSWORD 'p", "ALTER ROLE x PASSWORD '<redacted>"],
    ['ALTER ROLE x PASSWORD $a$p$b$', 'ALTER ROLE x PASSWORD $a$<redacted>'],
    ["SELECT 'no secret; PASSWORD NULL", "SELECT 'no secret; PASSWORD NULL"],
    ["SELECT $$ ALTER ROLE x PASSWORD 'p'", "SELECT $$ ALTER ROLE x PASSWORD '<redacted>'"],
    ["SELECT 1 /* ALTER ROLE x PASSWORD 'p'", "SELECT 1 /* ALTER ROLE x PASSWORD '<redacted>'"],
    [
      "SELECT '; ALTER ROLE x PASSWORD '!p'; SELECT 1",
      "SELECT '; ALTER ROLE x PASSWORD '<redacted>'; SELECT 1",
    ],
    [
      "SELECT \"; SELECT dblink('password=p user=u')",
      "SELECT \"; SELECT dblink('password=<redacted> user=u')",
    ],
    ["SELECT '; UPDATE u SET password=null, a='b'", "SELECT '; UPDATE u SET password=null, a='b'"],
  ])('%s', (statement, expected) => {
    expect(scrub(statement)).toBe(expected);
  });
});

test('a statement with more names than are read one by one gets the raw scan', () => {
  const many = (secret: string) => `SELECT '{"password": "${secret}"}', 'x' AS y, 'it''s';\n`.repeat(5_000);
  expect(scrub(many('hemmelig'))).toBe(many('<redacted>'));
});

const TOKENS = [
  ...[
    "'",
    "''",
    '"',
    '\\',
    "\\'",
    "E'",
    "U&'",
    'U&"',
    "UESCAPE '!'",
    '$$',
    '$a$',
    '$1',
    '/*',
    '*/',
    '--',
    '\n',
    ' ',
  ],
  ...[
    'password',
    'PASSWORD ',
    'secret=',
    'token',
    ':',
    '://',
    '@',
    '=',
    ':=',
    '=>',
    ' TO ',
    '(',
    ')',
    ',',
    '||',
  ],
  ...[
    'format(',
    '%L',
    'set_config(',
    'VALUES',
    'DEFAULT ',
    'DO ',
    'x',
    '\0',
    '\ud800',
    '\udc00',
    'å',
    '\\x41',
    '.',
  ],
];

test('no text makes it throw, and it only replaces pieces by marks', () => {
  const text = fc.array(fc.oneof(fc.constantFrom(...TOKENS), fc.string({ unit: 'binary', maxLength: 3 })), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(text, parts => {
      const statement = parts.join('');
      const redacted = redact({ statement, parameters: [statement] });
      for (const one of [redacted.statement ?? '', ...(redacted.parameters ?? [])]) {
        expect(isWithMarks(one, statement)).toBe(true);
      }
    }),
    { numRuns: 20_000 },
  );
});

/** Whether the text is the original with marks instead of some pieces. */
function isWithMarks(text: string, original: string): boolean {
  const kept = text.split('<redacted>');
  let at = original.startsWith(kept[0] ?? '') ? (kept[0] ?? '').length : Number.NaN;
  for (const piece of kept.slice(1, -1)) at = original.indexOf(piece, at) + piece.length;
  const last = kept.at(-1) ?? '';
  return (
    original.endsWith(last) && (kept.length === 1 ? text === original : at <= original.length - last.length)
  );
}
