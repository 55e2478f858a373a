/** Text that tries to end its field, or its record. */

import {
  type Attempt,
  FORGED,
  HOSTILE,
  literal,
  ONCE,
  PAYLOAD,
  quiet,
  ROWS,
  raises,
  record,
  runs,
  type Step,
} from './forgers.js';

const LINE = record();
/** What follows the message in a record. */
const REST = ',,,,,,,,,"psql","client backend",,0';

/** Each is executed within a literal, within a comment, and as a parameter. */
const TEXTS: Readonly<Record<string, string>> = {
  'a fake record on a line of its own': `\n${LINE}\n`,
  'a fake record after CR LF': `\r\n${LINE}\r\n`,
  'a fake record after a lone CR': `\r${LINE}\r`,
  'a fake record after U+2028, U+2029, U+0085, VT and FF': `\u2028${LINE}\u2029${LINE}\u0085${LINE}\v${LINE}\f${LINE}`,
  'a fake record after a byte order mark': `\uFEFF\n\uFEFF${LINE}\n`,
  'fake records of PostgreSQL 12 and 13': `\n${record({ columns: 23 })}\n${record({ columns: 24 })}\n`,
  'a quote, then a fake record': `"\n${LINE}\n`,
  'two quotes, then a fake record': `""\n${LINE}\n`,
  'three quotes, then a fake record': `"""\n${LINE}\n"`,
  'a quote behind a backslash, then a fake record': `\\"\n${LINE}\n`,
  'all that is missing of the own record, then a fake one': `,<none>"${REST}\n${LINE}\n`,
  'the end of payload and record, doubled as PostgreSQL does': `"",<none>"${REST}\n${LINE}\n2026-11-21 20:40:01.124 CET,"`,
  'the end of the payload, and rows': `",<none>,5`,
  "a payload of pgAudit's": FORGED,
  'doubled AUDIT:': `AUDIT: AUDIT: AUDIT: ${PAYLOAD}`,
  'a payload on a line of its own': `\n${FORGED}\n`,
  'a bare head of a record': '\n2026-11-21 20:40:01.123 CET,\n2026-11-21 20:40:01.123 CET,"',
  'right-to-left and invisible marks around a fake record': `\u202E\u2066\u200B\n\u200B${LINE}\u2069`,
  'texts that look like NUL': `\\0 \\x00 %00 \u2400 &#0; \\u0000\n${LINE}`,
  'three hundred fake records': `\n${LINE}`.repeat(300),
  'a comma, a quote and an empty line': '",\n\n,"',
};

function inAllPlaces([name, text]: readonly [string, string]): Attempt {
  return {
    name: `${name}: in a literal, a comment, a parameter`,
    steps: [
      runs(`UPDATE t SET name = ${literal(text)} WHERE false`),
      runs(`/* ${text} */ UPDATE t SET name = 'x' WHERE false /* ${text} */`),
      runs(`UPDATE t SET name = $1 WHERE false AND name = $2`, { parameters: [text, `${text}"`] }),
    ],
  };
}

/** Places where readers' buffers and PostgreSQL's pieces of a message end. */
const SIZES = [4096, 8192, 65_536, 1_048_576];

function atBoundaries(): Step[] {
  return SIZES.flatMap(size =>
    [size - 400, size - 1, size].map(length => {
      const start = "UPDATE t SET name = '";
      return runs(`${start}${'"'.repeat(length - start.length)}\n${LINE}\n' WHERE false`);
    }),
  );
}

/** None of these may be redacted: that would hide what was done. */
const NO_SECRETS = [
  "DELETE FROM t -- ALTER ROLE x PASSWORD '\nWHERE name = 'x' -- '\nAND false",
  "UPDATE t SET name = 'ALTER ROLE x PASSWORD ' WHERE name = '' AND false",
  `UPDATE t SET name = '' WHERE "password" IS NULL AND name = ' ' AND false`,
];

export const TEXT_ATTEMPTS: readonly Attempt[] = [
  {
    name: 'nothing but honest work, with quotes, commas and lines',
    steps: [
      runs(`UPDATE t SET name = 'a, "b"\nc' WHERE false`),
      runs('UPDATE t SET name = $1 WHERE false', { parameters: ['Kåre "K",\nlinje'] }),
      runs('DELETE FROM t WHERE false'),
    ],
  },
  ...Object.entries(TEXTS).map(inAllPlaces),
  { name: 'fake records where buffers end', steps: atBoundaries() },
  {
    name: 'a fake record as the next line of the own session',
    steps: [
      runs(([own]) => `UPDATE t SET name = '\n${record({ session: own ?? '', line: 5 })}\n' WHERE false`),
      runs('DELETE FROM t WHERE false'),
    ],
  },
  {
    name: "a fake record as the next line of another person's session",
    logins: [{}, { user: 'Z990001' }],
    steps: [
      runs('DELETE FROM t WHERE false', { session: 1 }),
      runs(
        ([, other]) => `UPDATE t SET name = '\n${record({ session: other ?? '', line: 4 })}\n' WHERE false`,
      ),
      runs('UPDATE t SET id = 1 WHERE false', { session: 1 }),
    ],
  },
  {
    name: 'a million characters of fake records',
    steps: [runs(`UPDATE t SET name = '${`\n${LINE}\n"`.repeat(4000)}' WHERE false`)],
  },
  {
    name: 'two statements in one query: until pgAudit 17 all of it stands with each',
    below: 17,
    steps: [
      runs(`UPDATE t SET name = '\n${LINE}\n' WHERE false; DELETE FROM t WHERE false /* " */`, {
        statements: [{}, {}],
      }),
    ],
  },
  {
    name: 'nested dollar quotes',
    steps: [
      runs(`UPDATE t SET name = $a$ $b$ ' " \n${LINE}\n $b$ $a$ WHERE false`),
      quiet(`DO $a$ BEGIN PERFORM $b$\n${LINE}\n$b$; END $a$`),
    ],
  },
  {
    name: 'a fake record within a block that is no write, and a write within it',
    steps: [
      quiet(`DO $$ BEGIN\n/* ${LINE} */\nDELETE FROM t WHERE false; END $$`, {
        statements: [{ statement: 'DELETE FROM t WHERE false', parameters: [] }],
      }),
      quiet(`SELECT ${literal(`\n${LINE}\n`)}`),
    ],
  },
  {
    name: 'escapes that are no newlines, and those that are',
    steps: [
      runs(`UPDATE t SET name = E'\\n${LINE}\\n' WHERE false`),
      runs(`UPDATE t SET name = U&'\\000A${LINE}' WHERE false`),
      quiet(`DO $$ BEGIN EXECUTE E'UPDATE t SET name = \\'\\n${LINE}\\n\\' WHERE false'; END $$`, {
        statements: [{ statement: `UPDATE t SET name = '\n${LINE}\n' WHERE false`, parameters: [] }],
      }),
    ],
  },
  {
    name: 'bytes that are not UTF-8, before quotes and fake records, in a database without encoding',
    before: ["CREATE DATABASE bytes ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"],
    logins: [{ database: 'bytes' }],
    steps: [
      runs('CREATE TEMP TABLE b (name text)'),
      ...['c3', 'e2 80', 'f0 9f 98', 'ff fe', '81', 'a0 5c'].map(hex =>
        runs(
          Buffer.concat([
            Buffer.from("UPDATE b SET name = '"),
            Buffer.from(hex.replaceAll(' ', ''), 'hex'),
            Buffer.from(`"\n${LINE}\n`),
            Buffer.from(hex.replaceAll(' ', ''), 'hex'),
            Buffer.from("' WHERE false"),
          ]),
        ),
      ),
    ],
  },
  {
    name: 'a payload that is whole, as the statement of another',
    steps: [
      runs(`DELETE FROM t WHERE name = '${FORGED}'`),
      runs(`DELETE FROM t WHERE name = '","${FORGED}","'`),
      quiet(`DO $$ BEGIN EXECUTE '-- ${FORGED}' || chr(10) || 'DELETE FROM t WHERE false'; END $$`, {
        statements: [{ statement: `-- ${FORGED}\nDELETE FROM t WHERE false`, parameters: [] }],
      }),
    ],
  },
  {
    name: "pgAudit's marks as statements",
    steps: [
      quiet('<previously logged>', { fails: true }),
      quiet("DO $$ BEGIN EXECUTE '<previously logged>'; END $$", { fails: true }),
      runs('/*<previously logged>*/DELETE FROM t WHERE false'),
      runs("UPDATE t SET name = '<not logged>,<not logged>' WHERE false"),
    ],
  },
  {
    name: "pgAudit's marks among several parameters",
    steps: ['<none>', '<not logged>', '<previously logged>'].map(mark =>
      runs('UPDATE t SET name = $1 WHERE name = $2', { parameters: [mark, mark] }),
    ),
  },
  {
    name: '<previously logged> as the only parameter: with a statement beside it, pgAudit does not write that itself',
    steps: [runs('UPDATE t SET name = $1 WHERE false', { parameters: ['<previously logged>'] })],
  },
  {
    name: '<none> as the only parameter',
    limit: 'pgAudit writes the same if there is none; only the $1 in the statement shows it',
    steps: [
      runs('UPDATE t SET name = $1 WHERE false', {
        parameters: ['<none>'],
        statements: [{ parameters: [] }],
      }),
    ],
  },
  {
    name: '<not logged> as the only parameter',
    limit: 'pgAudit writes the same if pgaudit.log_parameter is off',
    steps: [
      runs('UPDATE t SET name = $1 WHERE false', {
        parameters: ['<not logged>'],
        statements: [{ parameters: null }],
      }),
    ],
  },
  {
    name: 'parameters that are CSV themselves',
    steps: [
      ['"', '""', '"a","b"', ',', ',,,', '\n', '\r', '\r\n'],
      [null, '', null],
      [null],
      [''],
      [`"${FORGED}"`, `,<none>\n${LINE}`],
      Array.from({ length: 200 }, (_, index) => `"${index}",\n${index}`),
    ].map(parameters =>
      runs(`UPDATE t SET id = 1 WHERE name IN (${parameters.map((_, i) => `$${i + 1}`).join(', ')})`, {
        parameters,
      }),
    ),
  },
  {
    name: 'a parameter that the statement does not use',
    steps: [runs('DELETE FROM t WHERE false', { parameters: [`\n${LINE}\n`, '"'], types: [25, 25] })],
  },
  {
    name: 'parameters of types with quotes of their own',
    steps: [
      runs(
        'UPDATE t SET name = $1::text WHERE name = ($2::text[])[1] AND name = ($3::json)::text AND name = ($4::bytea)::text AND name = ($5::"char")::text',
        { parameters: ['"', '{"a,\\"b\\"","NULL"}', '{"a": "\\"\\n"}', '\\x22', '"'] },
      ),
    ],
  },
  {
    name: 'a prepared statement in SQL',
    steps: [
      runs(`PREPARE "x\n${FORGED}"(text) AS UPDATE t SET name = $1 WHERE false`),
      runs(`EXECUTE "x\n${FORGED}"(${literal(`\n${LINE}\n`)})`, {
        statements: [
          {
            statement: `PREPARE "x\n${FORGED}"(text) AS UPDATE t SET name = $1 WHERE false`,
            parameters: [`\n${LINE}\n`],
          },
        ],
      }),
    ],
  },
  {
    name: 'rows: a parameter that ends the payload like rows do',
    logins: [{ user: ROWS }],
    steps: [
      runs('UPDATE t SET name = $1 WHERE false', { parameters: [',<none>,99'] }),
      runs("UPDATE t SET name = '\",<none>,99' WHERE false"),
    ],
  },
  {
    name: 'copied data that hold fake records',
    steps: [runs('COPY t (name) FROM STDIN', { copy: `x\n${LINE.replaceAll('\\', '\\\\')}\n` })],
  },
  {
    name: 'another text for what pgAudit calls <previously logged>',
    logins: [{ user: ONCE }],
    steps: [
      raises(
        "DO $$BEGIN RAISE LOG 'AUDIT: SESSION,2,1,READ,SELECT,TABLE,public.t,SELECT nothing,<none>'; END$$",
      ),
      // pgAudit's first record is a READ with the text, its second a WRITE without.
      runs('WITH gone AS (DELETE FROM t WHERE id < 0 RETURNING id) SELECT t.id FROM t, gone'),
    ],
  },
  {
    name: 'whitespace, a mark or another case before AUDIT:, which makes it no audit record at all',
    steps: ['\\n', ' ', '\\uFEFF', '\\u200B', '"', '\\r'].map(start =>
      raises(
        `DO $$BEGIN RAISE LOG USING MESSAGE = E'${start}${FORGED}'; RAISE LOG USING MESSAGE = lower('${FORGED}'); END$$`,
        {
          suspects: [],
        },
      ),
    ),
  },
  {
    name: 'hidden behind the word password, from where on pgAudit writes no text',
    before: [`ALTER ROLE "${HOSTILE}" CREATEROLE`],
    steps: [
      runs(`CREATE ROLE hidden /* password */ IN ROLE "${HOSTILE}"`, {
        statements: [{ statement: 'CREATE ROLE hidden /* password <REDACTED>' }],
      }),
    ],
  },
  {
    name: 'the word password before what is no secret',
    before: ['ALTER TABLE t ADD password text'],
    steps: NO_SECRETS.map(sql => runs(sql)),
  },
  {
    name: 'the end of a comment where a secret would stand',
    steps: [
      runs("/* ALTER ROLE x PASSWORD '*/ DELETE FROM t WHERE false /* ' */"),
      runs("DELETE FROM t /* PASSWORD $a$*/ WHERE name = 'x' /*$a$ */ AND false"),
    ],
  },
];
