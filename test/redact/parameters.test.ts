/** Parameters, the operator's patterns, and the result. */

import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../src/redact/redact.js';

const redact = createRedactor([]);

function withPattern(source: string): (statement: string) => string | null {
  const redactor = createRedactor([RE2JS.compile(source)]);
  return statement => redactor({ statement, parameters: null }).statement;
}

describe('a parameter that the statement uses as a secret', () => {
  test.each([
    ['UPDATE u SET navn = $1, password = $2', ['a', 'b'], ['a', '<redacted>']],
    ['UPDATE u SET password = crypt($1, gen_salt($2))', ['a', 'bf'], ['<redacted>', 'bf']],
    ['UPDATE u SET "password"=$12', 'abcdefghijklm'.split(''), [...'abcdefghijk', '<redacted>', 'm']],
    [
      'INSERT INTO u (navn, password) VALUES ($1, $2), ($3, $4)',
      [...'abcd'],
      ['a', '<redacted>', 'c', '<redacted>'],
    ],
    ["SELECT dblink_connect('user=u password=' || $1)", ['a'], ['<redacted>']],
    ["SELECT set_config('app.jwt_secret', $1, false)", ['a'], ['<redacted>']],
    ["SELECT format('PASSWORD %L', $1)", ['a'], ['<redacted>']],
    ['SELECT f(a => $2, token => $1)', ['a', 'b'], ['<redacted>', 'b']],
  ])('%s', (statement, parameters, expected) => {
    expect(redact({ statement, parameters })).toEqual({
      statement,
      parameters: expected,
      count: expected.filter(parameter => parameter === '<redacted>').length,
    });
  });

  test('is not one of a function or a DO, whose $1 is an argument of its own', () => {
    const statement = 'CREATE FUNCTION f(text) AS $$ UPDATE u SET password = $1 $$';
    expect(redact({ statement, parameters: ['a'] })).toEqual({ statement, parameters: ['a'], count: 0 });
  });

  test('may be empty, when NULL and empty look the same, or missing', () => {
    const statement = 'UPDATE u SET password = $1, secret = $2';
    expect(redact({ statement, parameters: [''] })).toEqual({ statement, parameters: [''], count: 0 });
    expect(redact({ statement, parameters: null })).toEqual({ statement, parameters: null, count: 0 });
  });
});

describe('a parameter that contains a secret itself', () => {
  test.each([
    ['host=h password=p user=u', 'host=h password=<redacted> user=u'],
    ["password = 'it\\'s a p' user=u", "password = '<redacted>' user=u"],
    ['password=$1x', 'password=<redacted>'],
    ['password=$a$b user=u', 'password=<redacted> user=u'],
    ['postgres://u:p@h/db', 'postgres://u:<redacted>@h/db'],
    [
      '{"password": "a\\"b", "token":"t", "a": [1]}',
      '{"password": "<redacted>", "token":"<redacted>", "a": [1]}',
    ],
    ["{'password': 'p'}", "{'password': '<redacted>'}"],
    ['password=>p, user=>u', 'password=><redacted> user=>u'],
    ["ALTER ROLE x PASSWORD 'p'", "ALTER ROLE x PASSWORD '<redacted>'"],
    [
      "DO $$ BEGIN ALTER ROLE x PASSWORD 'p'; END $$",
      "DO $$ BEGIN ALTER ROLE x PASSWORD '<redacted>'; END $$",
    ],
    ["it's password=p", "it's password=<redacted>"],
    ["d'oh: ALTER ROLE x PASSWORD 'p'", "d'oh: ALTER ROLE x PASSWORD '<redacted>'"],
    ['PGPASSWORD=p psql --password=q', 'PGPASSWORD=<redacted> psql --password=<redacted>'],
    ['password=%s and password=%1$L', 'password=%s and password=%1$L'],
    ['new password for Kari', 'new password for Kari'],
    ['password=$1 user=u', 'password=<redacted> user=u'],
    ["password = crypt('x y', 'z')", "password = <redacted>', 'z')"],
    ['load=1 password=p', 'load=1 password=<redacted>'],
    ['u.password=v.password', 'u.password=v.password'],
    ['UPDATE u SET password=other', 'UPDATE u SET password=other'],
    ['<long param suppressed>', '<long param suppressed>'],
  ])('%s', (parameter, expected) => {
    const { parameters } = redact({ statement: 'SELECT $1, $2', parameters: ['a', parameter] });
    expect(parameters).toEqual(['a', expected]);
  });
});

describe('the result', () => {
  test('is the input, if nothing is redacted', () => {
    const parameters = ['password', 'x'];
    const redacted = redact({ statement: 'SELECT password FROM u WHERE id = $1', parameters });
    expect(redacted.parameters).toBe(parameters);
    expect(redacted).toEqual({ statement: 'SELECT password FROM u WHERE id = $1', parameters, count: 0 });
  });

  test('keeps the parameters if only the statement is redacted, and vice versa', () => {
    const parameters = ['a'];
    expect(redact({ statement: "SET password = 'x'", parameters }).parameters).toBe(parameters);
    expect(redact({ statement: 'SELECT $1', parameters: ['password=x'] }).statement).toBe('SELECT $1');
  });

  test('counts what was replaced', () => {
    const statement = "ALTER ROLE x PASSWORD 'a'; ALTER ROLE y PASSWORD 'b'; UPDATE u SET password = $1";
    expect(redact({ statement, parameters: ['a', 'x://u:p@h'] }).count).toBe(4);
  });

  test('is null for what was not logged', () => {
    expect(redact({ statement: null, parameters: null })).toEqual({
      statement: null,
      parameters: null,
      count: 0,
    });
  });

  test('stays the same when it is redacted again', () => {
    const { statement } = redact({ statement: "SET password = 'x'; SELECT 'password=y'", parameters: null });
    expect(redact({ statement, parameters: ['password=<redacted>'] }).count).toBe(0);
  });
});

describe('a pattern', () => {
  test.each([
    ['the group that is named secret', 'kode(\\d)=(?P<secret>\\d+)', 'kode1=<redacted>, kode2=<redacted>'],
    ['else its first group', 'kode\\d=(\\d)(\\d*)', 'kode1=<redacted>23, kode2=<redacted>56'],
    ['else all of the match', 'kode\\d=\\d+', '<redacted>, <redacted>'],
    ['otherwise all, if the group took no part', 'kode1=(x)?\\d*', '<redacted>, kode2=456'],
    ['nothing, if it matches nothing', '(?P<secret>z*)', 'kode1=123, kode2=456'],
  ])('replaces %s', (_, source, expected) => {
    expect(withPattern(source)('kode1=123, kode2=456')).toBe(expected);
  });

  test('is applied to parameters too, and beside the built-in rules', () => {
    const redactor = createRedactor([RE2JS.compile('\\b\\d{11}\\b'), RE2JS.compile("'p+'")]);
    expect(
      redactor({ statement: "SET password = 'ppp'", parameters: ['01017012345', 'å😀 01017012345'] }),
    ).toEqual({
      statement: 'SET password = <redacted>',
      parameters: ['<redacted>', 'å😀 <redacted>'],
      count: 3,
    });
  });
});
