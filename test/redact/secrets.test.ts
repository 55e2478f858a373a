/** Random secrets in every form, case, spacing and quoting: each is removed, and nothing else. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../src/redact/redact.js';
import { letterCase, MARKED, type Quoting, quoting, quotings, seamless, secret, space } from './quotings.js';

const redact = createRedactor([]);

/** How a statement is written: letters in any case, white space, the literal's quoting. */
interface Writing {
  readonly word: (word: string) => string;
  readonly gap: string;
  readonly quote: Quoting;
}

type Shape = (value: string, writing: Writing) => string;

const writings: fc.Arbitrary<Writing> = fc.record({ word: letterCase, gap: space, quote: quoting });

/** Stands for the secret in the text that is expected; no quoting changes it. */
const PLACE = '\x01';

/** The statement without its secret is the one that is expected. */
function holds(shape: Shape): void {
  fc.assert(
    fc.property(secret, writings, (value, writing) => {
      const { statement } = redact({ statement: shape(value, writing), parameters: null });
      isScrubbed(statement, shape(PLACE, writing), value);
    }),
    { numRuns: 400 },
  );
}

/**
 * After `\'` and the start of a comment it is not known whether the literal continues: then the secret is removed, and
 * maybe more.
 */
function isScrubbed(statement: string | null, template: string, value: string): void {
  expect(statement).not.toContain(MARKED);
  if (/--|\/\*/.test(value)) return;
  expect(seamless(statement)).toBe(seamless(template.replace(PLACE, '<redacted>')));
}

const LITERALS: Record<string, Shape> = {
  'of a role': (value, { word, gap, quote }) =>
    `CREATE ROLE x ${word('password')}${gap}${quote(value)} VALID UNTIL '2030-01-01'; SELECT 'a'`,
  'of an encrypted one': (value, { word, gap, quote }) =>
    `SELECT 'it''s'; ${word('alter user x encrypted password')}${gap}${quote(value)}`,
  'of a user mapping': (value, { word, gap, quote }) =>
    `CREATE USER MAPPING FOR x SERVER s OPTIONS (SET ${word('password')}${gap}${quote(value)}, a 'b')`,
  'of a quoted option': (value, { gap, quote }) =>
    `ALTER SERVER s OPTIONS (ADD "api_key"${gap}${quote(value)})`,
  'of a column': (value, { word, gap, quote }) =>
    `UPDATE u SET a = 'it''s', ${word('password')}${gap}=${gap}${quote(value)} WHERE a = $1`,
  'of an argument': (value, { word, gap, quote }) =>
    `SELECT f('a', ${word('new_password')}${gap}=>${gap}${quote(value)}, b => 'c')`,
  'of a variable': (value, { word, gap, quote }) =>
    `DO LANGUAGE plpgsql $body$ DECLARE ${word('v_secret')} text :=${gap}${quote(value)}; BEGIN END $body$`,
  'of a setting': (value, { word, gap, quote }) => `SET my."Secret" ${word('to')}${gap}${quote(value)}`,
  'of an inserted row': (value, { word, gap, quote }) =>
    `INSERT INTO u (a, ${word('passord')}${gap}, b) VALUES ('(', ${quote(value)}, ')'), (f(','), NULL, '')`,
  'that is hashed': (value, { word, gap, quote }) =>
    `UPDATE u SET ${word('password')} = crypt(${gap}${quote(value)}, gen_salt('bf'))`,
  'that is joined to its name': (value, { quote }) =>
    `SELECT dblink_connect('user=u password=' || quote_literal(${quote(value)}) || ' port=1')`,
};

describe('a literal', () => {
  test.each(Object.entries(LITERALS))('%s', (_, shape) => holds(shape));
});

/** Writes a value, and leaves what is around it. */
function written(write: (value: string) => string): (value: string) => string {
  return value => (value === PLACE ? value : write(value));
}

/** As libpq reads a value: backslashes are escapes (34.1.1.1). */
const quotedValue = written(value => value.replace(/['\\]/g, '\\$&'));
const bareValue = written(value => `x${value.replace(/['\\\s]/g, '\\$&')}`);
const uriValue = written(encodeURIComponent);
const jsonValue = written(value => JSON.stringify(value).slice(1, -1));

/** Connection strings, by how they contain the secret. */
const CONNECTIONS: Record<string, (value: string, word: Writing['word']) => string> = {
  'with a quoted value': (value, word) => `host=h ${word('password')} = '${quotedValue(value)}' user=u`,
  'with a bare value': (value, word) => `${word('sslpassword')}=${bareValue(value)} user=u`,
  'in a URI': value => `postgres://u:${uriValue(value)}@h:5432/db`,
  "in a URI's query": (value, word) => `postgres:///?user=u&${word('password')}=${uriValue(value)}&port=1`,
  'in JSON': (value, word) => `{"user": "u", "${word('password')}": "${jsonValue(value)}"}`,
};

describe.each(Object.entries(CONNECTIONS))('a connection %s', (_, connection) => {
  test('of a subscription', () => {
    holds(
      (value, { word, gap, quote }) =>
        `CREATE SUBSCRIPTION s CONNECTION${gap}${quote(connection(value, word))} PUBLICATION p`,
    );
  });

  test('of a dblink in a DO', () => {
    holds(
      (value, { word, quote }) =>
        `DO $do$ BEGIN PERFORM dblink_exec(${quote(connection(value, word))}, 'DELETE FROM t'); END $do$`,
    );
  });

  test('that is a parameter', () => {
    fc.assert(
      fc.property(secret, letterCase, (value, word) => {
        const { parameters } = redact({ statement: 'SELECT $1', parameters: [connection(value, word)] });
        expect(parameters).toEqual([connection(PLACE, word).replace(PLACE, '<redacted>')]);
      }),
      { numRuns: 400 },
    );
  });
});

/** Quotings that may contain other quotings. */
const NESTING = [quotings.plain, quotings.escapes, quotings.unicode].filter(one => one !== undefined);

test.each([1, 2, 3])('a role in %i strings inside each other', levels => {
  const nestings = fc.array(fc.constantFrom(...NESTING), { minLength: levels, maxLength: levels });
  fc.assert(
    fc.property(secret, writings, nestings, (value, { word, gap, quote }, outer) => {
      const shape = (one: string) =>
        outer.reduce(
          (sql, nest) => `BEGIN EXECUTE ${nest(sql)}; END`,
          `ALTER ROLE x ${word('password')}${gap}${quote(one)}; SELECT 'a'`,
        );
      const { statement } = redact({ statement: `DO $do$ ${shape(value)} $do$`, parameters: null });
      isScrubbed(statement, `DO $do$ ${shape(PLACE)} $do$`, value);
    }),
    { numRuns: 1000 },
  );
});

test('a secret parameter is removed, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), writings, (value, { word, gap }) => {
      const statement = `UPDATE u SET a = $1, ${word('password')}${gap}=${gap}$2`;
      expect(redact({ statement, parameters: ['a', value] }).parameters).toEqual(['a', '<redacted>']);
    }),
  );
});

const WORDS = [
  ...[
    'SELECT',
    'UPDATE u SET',
    "'it''s'",
    "E'\\''",
    '$$',
    '$a$',
    '"',
    "'",
    '/*',
    '*/',
    '--',
    '\n',
    ' ',
    ';',
    '= ',
    '(',
  ],
  ...[
    ')',
    ',',
    'navn',
    'key',
    'pas',
    'sword',
    'tok',
    'en',
    ':',
    '//',
    '||',
    'format(',
    '$1',
    'å',
    '\0',
    '\ud800',
  ],
];

test('texts without a name or a URI are returned unchanged', () => {
  const text = fc.array(fc.constantFrom(...WORDS), { maxLength: 60 }).map(parts => parts.join(' '));
  fc.assert(
    fc.property(text, text, (statement, parameter) => {
      const parameters = [parameter, ''];
      const redacted = redact({ statement, parameters });
      expect(redacted).toEqual({ statement, parameters, count: 0 });
      expect(redacted.parameters).toBe(parameters);
    }),
    { numRuns: 2000 },
  );
});
