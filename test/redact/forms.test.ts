/** Secrets in forms that need more than a name and a literal beside it, and texts that look like them. */

import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../src/redact/redact.js';

const redact = createRedactor([]);
const MARK = '<redacted>';

function scrub(statement: string): string | null {
  return redact({ statement, parameters: null }).statement;
}

/** `!p`, `!q` and so on are the secrets. */
function scrubbed(kind: string, statements: readonly string[]): void {
  test.each(statements)(`${kind}: %s`, statement => {
    expect(scrub(statement)).toBe(statement.replace(/!\w+/g, MARK));
  });
}

describe('a secret that is concatenated', () => {
  scrubbed('parts', [
    "UPDATE pg_authid SET rolpassword = '!a' || md5('!b' || '!c')",
    "UPDATE u SET password = encode(digest('!salt' || '!p', 'sha256'), 'hex'), navn = 'x'",
    "UPDATE u SET password = concat('!a', '!b', '!c'), navn = 'x'",
    "UPDATE u SET passwords = ARRAY['!a', '!b'] WHERE navn IN ('x', 'y')",
    "UPDATE u SET password = '!a'::text || lower('!b') WHERE navn = 'x' || 'y'",
    "UPDATE u SET password = (SELECT '!p') WHERE navn = 'x'",
    "UPDATE u SET password = text '!p'",
    "DELETE FROM u WHERE token IN ('!a', '!b') AND navn IN ('x', 'y')",
    "DELETE FROM u WHERE token NOT LIKE '!a' OR password ~* '!b' OR pw IS DISTINCT FROM '!c'",
    "DO $$ BEGIN EXECUTE concat('ALTER ROLE x PASSWORD ''', '!p', ''''); END $$",
    "DO $$ BEGIN EXECUTE format('ALTER ROLE %I PASSWORD %L', lower('X'), '!p'); END $$",
  ]);
});

describe('a secret that a column gets by its position', () => {
  scrubbed('columns', [
    "INSERT INTO u (navn, password) SELECT 'x', '!p' FROM t WHERE a = 'y'",
    "INSERT INTO u (navn, password) SELECT 'x', '!p' UNION ALL SELECT 'y', '!q' ORDER BY 'z'",
    "INSERT INTO u (navn, password) (VALUES ('x', '!p'), ('y', '!q'))",
    "INSERT INTO u (password, navn) (SELECT '!p', 'x')",
    "WITH v(navn, password) AS (VALUES ('x', '!p')) INSERT INTO u SELECT * FROM v",
    "INSERT INTO u (navn, pw) VALUES ('x', '!p')",
  ]);
});

describe('a secret that a function takes', () => {
  scrubbed('functions', [
    "UPDATE u SET a = crypt('!p', gen_salt('bf'))",
    "UPDATE u SET a = public.pgp_sym_encrypt('personnummer', '!k', 'cipher-algo=aes256')",
    "UPDATE u SET a = pgp_sym_decrypt(b, '!k')",
    "UPDATE u SET a = encrypt(b::bytea, '!k'::bytea, 'aes')",
    "UPDATE u SET a = encode(hmac('x', '!k', 'sha256'), 'hex')",
    "UPDATE u SET a = a || jsonb_build_object('navn', 'x', 'password', '!p')",
    "UPDATE u SET a = hstore('password', '!p')",
    "UPDATE u SET a = jsonb_set(a, '{bruker,password}', '!p')",
  ]);

  test.each([
    'UPDATE u SET a = pgp_sym_encrypt($1, $2), b = $3',
    'INSERT INTO u (a, password, b) SELECT $1, $2, $3',
    "UPDATE u SET password = 'md5' || md5($2) WHERE a IN ($1, $3)",
    'DELETE FROM u WHERE token IN ($2, $2) AND a IN ($1, $3)',
    'DELETE FROM u WHERE token IN (lower($2)) AND a IN ($1, $3)',
  ])('as a parameter: %s', statement => {
    expect(redact({ statement, parameters: ['x', 'k', 'y'] }).parameters).toEqual(['x', MARK, 'y']);
  });

  test('as several parameters', () => {
    const statement = 'DELETE FROM u WHERE token IN ($1, $2, $3) OR password = concat($4, $5) OR a = $6';
    const parameters = ['a', 'b', 'c', 'd', 'e', 'f'];
    expect(redact({ statement, parameters }).parameters).toEqual([MARK, MARK, MARK, MARK, MARK, 'f']);
  });
});

describe('a secret without quotes', () => {
  scrubbed('bare', [
    'SET my.password = !p',
    'ALTER ROLE x SET app.jwt_secret TO !p',
    "INSERT INTO t VALUES ('user: u\npassword: !p\nport: 1')",
    "INSERT INTO t VALUES (E'  - token: !p')",
    '-- password: !p\nUPDATE t SET a = 1',
    "COMMENT ON ROLE x IS 'passord: !p'",
  ]);

  test('numbers, except small ones', () => {
    expect(scrub('UPDATE u SET password = 12345, alder = 12345')).toBe(
      `UPDATE u SET password = ${MARK}, alder = 12345`,
    );
    expect(scrub("INSERT INTO u (navn, pw) VALUES ('x', 4711)")).toBe(
      `INSERT INTO u (navn, pw) VALUES ('x', ${MARK})`,
    );
    expect(scrub('UPDATE u SET token = 3, secret = 1.2345')).toBe('UPDATE u SET token = 3, secret = 1.2345');
  });

  test('a number in JSON ends where it does', () => {
    expect(scrub('SELECT \'{"password": 12345, "a": 1}\'')).toBe(
      'SELECT \'{"password": <redacted>, "a": 1}\'',
    );
  });
});

describe('a secret that shows what it is', () => {
  const scram = `4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=`;
  test.each([
    [`UPDATE t SET a = 'SCRAM-SHA-256$${scram}'`, `UPDATE t SET a = 'SCRAM-SHA-256$${MARK}'`],
    [
      "UPDATE t SET a = '-----BEGIN RSA PRIVATE KEY-----\nMIIE+/x=\n-----END RSA PRIVATE KEY-----'",
      `UPDATE t SET a = '-----BEGIN RSA PRIVATE KEY-----${MARK}-----END RSA PRIVATE KEY-----'`,
    ],
    ["UPDATE t SET a = 'eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeKKF2QT4'", `UPDATE t SET a = '${MARK}'`],
    [
      'COPY t TO PROGRAM \'curl -H "Authorization: Bearer abcdef-123" https://h/\'',
      `COPY t TO PROGRAM 'curl -H "Authorization: Bearer ${MARK}" https://h/'`,
    ],
  ])('%s', (statement, expected) => {
    expect(scrub(statement)).toBe(expected);
    expect(redact({ statement: 'SELECT $1', parameters: [statement] }).parameters).toEqual([expected]);
  });
});

describe('what looks like a secret, and is not', () => {
  test.each([
    'GRANT app_secret TO kari',
    "SELECT password IN (SELECT a FROM b WHERE c = 'd') FROM u",
    'SELECT token IS NOT NULL, pw, secret IS NULL FROM u',
    'ALTER TABLE u RENAME COLUMN pw TO password_hash',
    "INSERT INTO u (navn, password) SELECT a, b FROM t WHERE x = 'y'",
    "SELECT * FROM t JOIN u USING (token) UNION SELECT a FROM b WHERE c = 'd'",
    "SELECT jsonb_build_object('navn', 'Kari', 'alder', '7'), jsonb_set(a, '{navn}', '1')",
    "SELECT concat('token', 'x'), crypt, encrypt FROM t WHERE hmac = 'x'",
    "COMMENT ON COLUMN u.password IS 'password: hashed with bcrypt'",
    "SELECT 'passord: ja, i dag', 'the token: 12 of them', 'see authorization: basic for all'",
    "CREATE TABLE u (token uuid PRIMARY KEY, navn text DEFAULT 'x')",
    "UPDATE u SET password = DEFAULT, navn = 'x' || 'y'",
    "SELECT '-----BEGIN PUBLIC KEY-----\nMIIE\n-----END PUBLIC KEY-----', 'SCRAM-SHA-256', 'eyJ.eyJ.x'",
  ])('%s', statement => expect(scrub(statement)).toBe(statement));
});
