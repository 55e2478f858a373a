/** What is redacted in statements, and what is not. Expected texts are written by hand. */

import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../src/redact/redact.js';

const redact = createRedactor([]);

function scrub(statement: string): string | null {
  return redact({ statement, parameters: null }).statement;
}

/** Cases of one kind: the statement and its redacted form; without the latter it must stay unchanged. */
function cases(kind: string, table: readonly (readonly [string, string?])[]): void {
  describe(kind, () => {
    for (const [statement, expected = statement] of table) {
      test(statement, () => expect(scrub(statement)).toBe(expected));
    }
  });
}

cases('roles', [
  ["CREATE ROLE x PASSWORD 'p'", "CREATE ROLE x PASSWORD '<redacted>'"],
  [
    "create user x with login password 'p' valid until '2030-01-01'",
    "create user x with login password '<redacted>' valid until '2030-01-01'",
  ],
  ["ALTER ROLE x ENCRYPTED PASSWORD 'md5abc'", "ALTER ROLE x ENCRYPTED PASSWORD '<redacted>'"],
  ["ALTER USER x UNENCRYPTED PassWord'p'", "ALTER USER x UNENCRYPTED PassWord'<redacted>'"],
  ["CREATE GROUP g PASSWORD 'p' USER a, b", "CREATE GROUP g PASSWORD '<redacted>' USER a, b"],
  [
    "CREATE ROLE x PASSWORD 'p'; INSERT INTO t VALUES ('a'); ALTER ROLE y PASSWORD 'q'",
    "CREATE ROLE x PASSWORD '<redacted>'; INSERT INTO t VALUES ('a'); ALTER ROLE y PASSWORD '<redacted>'",
  ],
  [
    "ALTER ROLE x PASSWORD /* a /* nested */ comment */ 'p'",
    "ALTER ROLE x PASSWORD /* a /* nested */ comment */ '<redacted>'",
  ],
  ["ALTER ROLE x PASSWORD -- don't\n\t'p'", "ALTER ROLE x PASSWORD -- don't\n\t'<redacted>'"],
  ["ALTER ROLE x PASSWORD E'it\\'s'", "ALTER ROLE x PASSWORD E'<redacted>'"],
  ["ALTER ROLE x PASSWORD e'a\\\\'", "ALTER ROLE x PASSWORD e'<redacted>'"],
  ["ALTER ROLE x PASSWORD 'it''s'", "ALTER ROLE x PASSWORD '<redacted>'"],
  ["ALTER ROLE x PASSWORD 'a\\' VALID UNTIL 'z'", "ALTER ROLE x PASSWORD '<redacted>' VALID UNTIL 'z'"],
  ["ALTER ROLE x PASSWORD U&'d!0061t' UESCAPE '!'", "ALTER ROLE x PASSWORD U&'<redacted>' UESCAPE '!'"],
  ["ALTER ROLE x PASSWORD $$it's$$", 'ALTER ROLE x PASSWORD $$<redacted>$$'],
  ['ALTER ROLE x PASSWORD $pw$a$$b$pw$ LOGIN', 'ALTER ROLE x PASSWORD $pw$<redacted>$pw$ LOGIN'],
  ["ALTER ROLE x PASSWORD 'a'\n  'b'", "ALTER ROLE x PASSWORD '<redacted>'"],
  ["ALTER ROLE x PASSWORD 'a' -- one\n -- two\n'b' LOGIN", "ALTER ROLE x PASSWORD '<redacted>' LOGIN"],
  ["ALTER ROLE x PASSWORD 'a'\n''\n'b''c'", "ALTER ROLE x PASSWORD '<redacted>'"],
  [
    "ALTER ROLE x PASSWORD /* was password=q*/ 'p'",
    "ALTER ROLE x PASSWORD /* was password=<redacted>*/ '<redacted>'",
  ],
  ['ALTER ROLE x PASSWORD NULL'],
  ["ALTER ROLE x PASSWORD ''"],
  ["ALTER ROLE x VALID UNTIL '2030-01-01'"],
  ["ALTER ROLE x SET password_encryption = 'scram-sha-256'"],
  ['ALTER ROLE x PASSWORD <REDACTED>'],
]);

cases('options', [
  [
    "CREATE USER MAPPING FOR x SERVER s OPTIONS (user 'u', password 'p')",
    "CREATE USER MAPPING FOR x SERVER s OPTIONS (user 'u', password '<redacted>')",
  ],
  [
    "ALTER USER MAPPING FOR x SERVER s OPTIONS (SET password 'p', ADD sslpassword 'q', DROP x)",
    "ALTER USER MAPPING FOR x SERVER s OPTIONS (SET password '<redacted>', ADD sslpassword '<redacted>', DROP x)",
  ],
  [
    "ALTER SERVER s OPTIONS (\"password\" 'p', host 'h')",
    "ALTER SERVER s OPTIONS (\"password\" '<redacted>', host 'h')",
  ],
  [
    'ALTER SERVER s OPTIONS (U&"p\\0061ssword" \'p\')',
    'ALTER SERVER s OPTIONS (U&"p\\0061ssword" \'<redacted>\')',
  ],
  [
    "ALTER SERVER s OPTIONS (U&\"p!0061sswd\" UESCAPE '!' 'p')",
    "ALTER SERVER s OPTIONS (U&\"p!0061sswd\" UESCAPE '!' '<redacted>')",
  ],
  [
    "CREATE FOREIGN TABLE t (a int) SERVER s OPTIONS (passwd 'p', aws_secret_access_key 'q', api_key 'r')",
    "CREATE FOREIGN TABLE t (a int) SERVER s OPTIONS (passwd '<redacted>', aws_secret_access_key '<redacted>', api_key '<redacted>')",
  ],
  [
    "CREATE SERVER s OPTIONS (token $$t$$, \"private key\" 'k', client_secret E'c\\'', file 'f')",
    "CREATE SERVER s OPTIONS (token $$<redacted>$$, \"private key\" '<redacted>', client_secret E'<redacted>', file 'f')",
  ],
]);

cases('connections', [
  [
    "CREATE SUBSCRIPTION s CONNECTION 'host=h password=p user=u' PUBLICATION a",
    "CREATE SUBSCRIPTION s CONNECTION 'host=h password=<redacted> user=u' PUBLICATION a",
  ],
  [
    "ALTER SUBSCRIPTION s CONNECTION 'PassWord  =  p'",
    "ALTER SUBSCRIPTION s CONNECTION 'PassWord  =  <redacted>'",
  ],
  [
    "ALTER SUBSCRIPTION s CONNECTION 'password = ''it\\''s a p'' user=u'",
    "ALTER SUBSCRIPTION s CONNECTION 'password = ''<redacted>'' user=u'",
  ],
  [
    "ALTER SUBSCRIPTION s CONNECTION E'password=\\'x y\\' user=u'",
    "ALTER SUBSCRIPTION s CONNECTION E'password=\\'<redacted>\\' user=u'",
  ],
  [
    "SELECT dblink_connect('c', 'password=a\\ b user=u')",
    "SELECT dblink_connect('c', 'password=<redacted> user=u')",
  ],
  ["SELECT dblink_connect($$password='' user=u$$)"],
  [
    "SELECT dblink_exec('password=''p''', 'DELETE FROM t')",
    "SELECT dblink_exec('password=''<redacted>''', 'DELETE FROM t')",
  ],
  [
    "SELECT dblink('host=x sslpassword=q', 'SELECT 1')",
    "SELECT dblink('host=x sslpassword=<redacted>', 'SELECT 1')",
  ],
  [
    "SELECT dblink('host=x'\n'password=p user=u', '')",
    "SELECT dblink('host=xpassword=<redacted> user=u', '')".replace('host=x', "host=x'\n'"),
  ],
  [
    "ALTER SYSTEM SET primary_conninfo = 'user=u password=p'",
    "ALTER SYSTEM SET primary_conninfo = 'user=u password=<redacted>'",
  ],
  [
    "SELECT dblink_connect('password=' || 'p' || ' user=u')",
    "SELECT dblink_connect('password=' || '<redacted>' || ' user=u')",
  ],
  ["SELECT E'p\\x61ssword=p user=u'", "SELECT E'p\\x61ssword=<redacted> user=u'"],
  ["SELECT dblink('postgres://u:p@h:5432/db', '')", "SELECT dblink('postgres://u:<redacted>@h:5432/db', '')"],
  ["SELECT 'amqps://u:p@ss@h/'", "SELECT 'amqps://u:<redacted>@h/'"],
  [
    "SELECT 'postgresql:///db?user=u&password=p&sslmode=require'",
    "SELECT 'postgresql:///db?user=u&password=<redacted>&sslmode=require'",
  ],
  ["SELECT 'https://h:8080/a@b', 'https://u@h/', 'a@b:c'"],
  [
    'INSERT INTO t VALUES (\'{"user": "u", "password": "a\\"b"}\')',
    'INSERT INTO t VALUES (\'{"user": "u", "password": "<redacted>"}\')',
  ],
  ['SELECT 1 -- password=p\n, 2', 'SELECT 1 -- password=<redacted>\n, 2'],
  ['/* password=p*/ SELECT 1', '/* password=<redacted>*/ SELECT 1'],
  ["/* ALTER ROLE x PASSWORD 'p' */ SELECT 1", "/* ALTER ROLE x PASSWORD '<redacted>' */ SELECT 1"],
]);

cases('columns and variables', [
  ["UPDATE u SET password = 'x', navn = 'y'", "UPDATE u SET password = '<redacted>', navn = 'y'"],
  ['UPDATE u SET "password"=\'x\'', 'UPDATE u SET "password"=\'<redacted>\''],
  ["UPDATE u SET password_hash = '$2a$10$abc'", "UPDATE u SET password_hash = '<redacted>'"],
  [
    "UPDATE u SET password = crypt('x', gen_salt('bf'))",
    "UPDATE u SET password = crypt('<redacted>', gen_salt('bf'))",
  ],
  [
    "SELECT f(a => 'b', password => 'x', pwd := 'y')",
    "SELECT f(a => 'b', password => '<redacted>', pwd := '<redacted>')",
  ],
  ["SET my.password TO 'x'", "SET my.password TO '<redacted>'"],
  [
    'ALTER DATABASE d SET "app.jwt_secret" TO \'x\'',
    'ALTER DATABASE d SET "app.jwt_secret" TO \'<redacted>\'',
  ],
  ["SELECT set_config('app.password', 'x', false)", "SELECT set_config('app.password', '<redacted>', false)"],
  [
    "DELETE FROM u WHERE passord <> 'x' OR u.passord != 'y'",
    "DELETE FROM u WHERE passord <> '<redacted>' OR u.passord != '<redacted>'",
  ],
  [
    "CREATE TABLE t (password varchar(20) NOT NULL DEFAULT 'x', a text DEFAULT 'y')",
    "CREATE TABLE t (password varchar(20) NOT NULL DEFAULT '<redacted>', a text DEFAULT 'y')",
  ],
  [
    "INSERT INTO u (navn, \"password\", a) VALUES ('x', 'y', f(1, ',')), ('z', crypt('v', ''), '')",
    "INSERT INTO u (navn, \"password\", a) VALUES ('x', '<redacted>', f(1, ',')), ('z', crypt('<redacted>', ''), '')",
  ],
  [
    "INSERT INTO u (token, a, secret) OVERRIDING USER VALUE VALUES ('x', ')', $$y$$)",
    "INSERT INTO u (token, a, secret) OVERRIDING USER VALUE VALUES ('<redacted>', ')', $$<redacted>$$)",
  ],
  [
    "UPDATE u SET api_key = pgp_sym_encrypt('x', 'word')",
    "UPDATE u SET api_key = pgp_sym_encrypt('<redacted>', '<redacted>')",
  ],
  ["UPDATE u SET (a, password) = ROW ('x', 'y')", "UPDATE u SET (a, password) = ROW ('x', '<redacted>')"],
]);

cases('SQL in strings', [
  [
    "DO $$ BEGIN CREATE ROLE x PASSWORD 'p'; END $$",
    "DO $$ BEGIN CREATE ROLE x PASSWORD '<redacted>'; END $$",
  ],
  [
    "DO 'BEGIN EXECUTE ''CREATE ROLE x PASSWORD ''''p''''''; END'",
    "DO 'BEGIN EXECUTE ''CREATE ROLE x PASSWORD ''''<redacted>''''''; END'",
  ],
  [
    "DO $a$ BEGIN EXECUTE $b$ DO 'BEGIN EXECUTE E''ALTER ROLE x PASSWORD \\\\''p\\\\''''; END' $b$; END $a$",
    "DO $a$ BEGIN EXECUTE $b$ DO 'BEGIN EXECUTE E''ALTER ROLE x PASSWORD \\\\''<redacted>\\\\''''; END' $b$; END $a$",
  ],
  [
    "CREATE FUNCTION f() RETURNS void AS $$ UPDATE u SET password = 'x', a = password $$ LANGUAGE sql",
    "CREATE FUNCTION f() RETURNS void AS $$ UPDATE u SET password = '<redacted>', a = password $$ LANGUAGE sql",
  ],
  [
    "DO $$ DECLARE v_password constant text := 'x'; BEGIN NULL; END $$",
    "DO $$ DECLARE v_password constant text := '<redacted>'; BEGIN NULL; END $$",
  ],
  [
    "DO $$ BEGIN EXECUTE format('ALTER ROLE %I PASSWORD %L', 'x', 'p'); END $$",
    "DO $$ BEGIN EXECUTE format('ALTER ROLE %I PASSWORD %L', 'x', '<redacted>'); END $$",
  ],
  [
    "DO $$ BEGIN EXECUTE format('PASSWORD %2$L %%', a.b::text, 'p'); END $$",
    "DO $$ BEGIN EXECUTE format('PASSWORD %2$L %%', a.b::text, '<redacted>'); END $$",
  ],
  [
    "DO $$ BEGIN EXECUTE 'ALTER ROLE x PASSWORD ' || quote_literal('p'); END $$",
    "DO $$ BEGIN EXECUTE 'ALTER ROLE x PASSWORD ' || quote_literal('<redacted>'); END $$",
  ],
  [
    "DO $$ BEGIN EXECUTE 'ALTER ROLE x PASSWORD ''' || 'p' || ''''; END $$",
    "DO $$ BEGIN EXECUTE 'ALTER ROLE x PASSWORD ''' || '<redacted>' || ''''; END $$",
  ],
  [
    'DO $$ import psycopg2; psycopg2.connect(user="u", password="p") $$ LANGUAGE plpython3u',
    'DO $$ import psycopg2; psycopg2.connect(user="u", password="<redacted>") $$ LANGUAGE plpython3u',
  ],
  [
    'DO $$ plpy.execute("ALTER ROLE x PASSWORD \'p\'") $$ LANGUAGE plpython3u',
    'DO $$ plpy.execute("ALTER ROLE x PASSWORD \'<redacted>\'") $$ LANGUAGE plpython3u',
  ],
]);

cases('no secret', [
  ["UPDATE konto SET navn='x'"],
  ['SELECT id, password, token FROM u WHERE password IS NOT NULL ORDER BY password'],
  ['SELECT u.password AS secret, $1 FROM u JOIN token USING (token)'],
  ["SELECT 1 FROM u WHERE password = other.password AND navn = 'x'"],
  ["INSERT INTO hendelse VALUES ('changed password', 'x', 'reset token ', 'y')"],
  ["INSERT INTO token VALUES ('x')"],
  ["UPDATE secret SET navn = 'x' WHERE password_changed_at > '2026-01-01' AND has_password = 'yes'"],
  ["SELECT * FROM u WHERE felt IN ('password', 'x') AND a = 'x'AND b = date'2026-01-01'"],
  ['GRANT SELECT (password), UPDATE (a, token) ON u TO kari'],
  ["COMMENT ON COLUMN u.password IS 'hashed with bcrypt'"],
  ['CREATE FUNCTION f(password text) RETURNS text AS $$ UPDATE u SET password=new.password, a = password $$'],
  ["UPDATE u SET password = f(p, E'', regtype 'text') WHERE e = 'K4ri99' AND regtype = 'u7e2x9'"],
  [
    "INSERT INTO tokens (token, navn) SELECT md5(b.navn || b.epost), b.navn FROM brukere b WHERE b.epost = 'ola@nav.no'",
  ],
  ['ALTER TABLE t ADD UNIQUE (password) WITH (fillfactor=70), ADD x int'],
  ['CREATE FUNCTION f() RETURNS int AS $$ x = 1; y(password=conn.password) $$ LANGUAGE plpython3u'],
  ["CREATE TABLE u (password_changed text DEFAULT 'x', tokens int DEFAULT '1')"],
  ["SELECT date'a\\', 'changed password ', 'x'"],
  ['UPDATE t SET x$a$ = 1, password = other, y$a$ = 2'],
  [`SELECT '${'Kari Nordmann '.repeat(9)}has changed her password' || 'x'`],
  ["SELECT 'changed password' || 'x', 'the password is ' || now()"],
  ['DO LANGUAGE plpgsql $$ <<here>> BEGIN x := password=y; END $$'],
  ["DO $$ BEGIN PERFORM f(N'a', 'changed password', 'x'); END $$"],
  ["DO $$ BEGIN IF password = '' OR password IS NULL THEN RAISE EXCEPTION 'mangler passord'; END IF; END $$"],
  ["SELECT 'it''s the password', 'of kari', 'send password to kari'"],
  ["SELECT 'https://nav.no', 'SELECT password FROM u WHERE password=$1'"],
]);
