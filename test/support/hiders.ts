/** Ways in which a person may try to change rows unseen, and the expected outcome of each. */

/**
 * `shipped`: the change itself is in the archive; `reported`: what made it possible is; `limit`: nothing shows it, as
 * docs/compliance.md says.
 */
export type Found = 'shipped' | 'reported' | 'limit';

export interface Attempt {
  readonly name: string;
  /** The user; the ordinary person if left out. */
  readonly as?: string;
  /** `MARK` is a number that no other attempt writes. Each statement is sent by itself in one session. */
  readonly sql: readonly string[];
  /** Parameters of the last one. */
  readonly parameters?: readonly string[];
  /** Other sessions after it, by their user. */
  readonly afterwards?: readonly { readonly as: string; readonly sql: readonly string[] }[];
  readonly found: Found;
  /** Text in the event that reports it, if not the mark itself. */
  readonly by?: string;
}

export const PERSON = 'Z990001';
/** CREATEROLE, in `persons`. */
export const MAKER = 'Z990002';
/** Superuser, in `persons`. */
export const BOSS = 'Z990009';

const UPDATE = 'UPDATE fag.konto SET lonn = MARK WHERE id = 1';

/** A function that changes a row when it is called. */
const changing = (name: string, more = ''): string =>
  `CREATE FUNCTION fag.${name}() RETURNS int LANGUAGE plpgsql ${more} AS $$BEGIN ${UPDATE}; RETURN 1; END$$`;

const AS_PERSON: readonly Attempt[] = [
  { name: 'openly', sql: [UPDATE], found: 'shipped' },
  {
    name: 'in capital letters and over lines',
    sql: ['UPDATE\n\tfag.konto\r\nSET lonn = MARK'],
    found: 'shipped',
  },
  {
    name: 'with a comment like an application',
    sql: [`/* app_web */ ${UPDATE} -- app_web`],
    found: 'shipped',
  },
  {
    name: 'under the name of an application',
    sql: ["SET application_name = 'app_web'", UPDATE],
    found: 'shipped',
  },
  { name: 'in the role of another', sql: ['SET ROLE shared', UPDATE], found: 'shipped' },
  { name: 'in a DO block', sql: [`DO $$BEGIN ${UPDATE}; END$$`], found: 'shipped' },
  {
    name: 'by EXECUTE in a DO block',
    sql: [`DO $$BEGIN EXECUTE 'UPDATE fag.konto SET lonn = ' || 'MARK'; END$$`],
    found: 'shipped',
  },
  { name: 'in a function of their own', sql: [changing('own'), 'SELECT fag.own()'], found: 'shipped' },
  {
    name: 'in a function with the rights of its owner',
    sql: ['SELECT fag.of_owner(MARK)'],
    found: 'limit',
  },
  {
    name: 'in a language of their own, which pgAudit does not see into either',
    sql: [changing('definer', 'SECURITY DEFINER'), 'SELECT fag.definer()'],
    found: 'shipped',
  },
  {
    name: 'in an SQL function',
    sql: [`CREATE FUNCTION fag.plain() RETURNS void LANGUAGE sql AS '${UPDATE}'`, 'SELECT fag.plain()'],
    found: 'shipped',
  },
  {
    name: 'in a procedure that commits',
    sql: [`CREATE PROCEDURE fag.p() LANGUAGE plpgsql AS $$BEGIN ${UPDATE}; COMMIT; END$$`, 'CALL fag.p()'],
    found: 'shipped',
  },
  {
    name: 'prepared',
    sql: ['PREPARE x(int) AS UPDATE fag.konto SET lonn = $1', 'EXECUTE x(MARK)'],
    found: 'shipped',
  },
  {
    name: 'with a parameter',
    sql: ['UPDATE fag.konto SET lonn = $1 WHERE id = 2'],
    parameters: ['MARK'],
    found: 'shipped',
  },
  {
    name: 'by a cursor',
    sql: [
      'BEGIN; DECLARE c CURSOR FOR SELECT * FROM fag.konto FOR UPDATE; FETCH c; UPDATE fag.konto SET lonn = MARK WHERE CURRENT OF c; COMMIT',
    ],
    found: 'shipped',
  },
  { name: 'behind a read in one string', sql: [`SELECT 1; ${UPDATE}`], found: 'shipped' },
  { name: 'before a failure in one string', sql: [`${UPDATE}; SELECT 1/0`], found: 'shipped' },
  {
    name: 'WITH under a SELECT',
    sql: ['WITH x AS (UPDATE fag.konto SET lonn = MARK RETURNING id) SELECT * FROM x'],
    found: 'shipped',
  },
  {
    name: 'WITH under a SELECT, prepared',
    sql: [
      'PREPARE w AS WITH x AS (UPDATE fag.konto SET lonn = MARK RETURNING id) SELECT * FROM x',
      'EXECUTE w',
    ],
    found: 'shipped',
  },
  {
    name: 'WITH under a SELECT too large to parse',
    sql: [
      `WITH x AS (UPDATE fag.konto SET lonn = MARK RETURNING id) SELECT * FROM x /* ${'x'.repeat(300_000)} */`,
    ],
    found: 'shipped',
  },
  {
    name: 'WITH under a SELECT whose quotes are read in two ways',
    sql: [
      'SET standard_conforming_strings = off',
      "WITH x AS (SELECT '\\' ), y AS (UPDATE fag.konto SET lonn = MARK RETURNING id) SELECT 1 -- ') SELECT 1",
    ],
    found: 'shipped',
  },
  {
    name: 'EXPLAIN ANALYZE of a WITH',
    sql: ['EXPLAIN ANALYZE WITH x AS (UPDATE fag.konto SET lonn = MARK RETURNING id) SELECT * FROM x'],
    found: 'shipped',
  },
  {
    name: 'MERGE',
    sql: [
      'MERGE INTO fag.konto k USING (VALUES (1)) v(id) ON k.id = v.id WHEN MATCHED THEN UPDATE SET lonn = MARK',
    ],
    found: 'shipped',
  },
  {
    name: 'MERGE in a function',
    sql: [
      'DO $$BEGIN MERGE INTO fag.konto k USING (VALUES (2)) v(id) ON k.id = v.id WHEN MATCHED THEN UPDATE SET lonn = MARK; END$$',
    ],
    found: 'shipped',
  },
  {
    name: 'INSERT ON CONFLICT',
    sql: ['INSERT INTO fag.konto VALUES (1) ON CONFLICT (id) DO UPDATE SET lonn = MARK'],
    found: 'shipped',
  },
  { name: 'EXPLAIN ANALYZE', sql: [`EXPLAIN ANALYZE ${UPDATE}`], found: 'shipped' },
  {
    name: 'a trigger on a table of their own',
    sql: [
      changing('t', '').replace('RETURNS int', 'RETURNS trigger').replace('RETURN 1', 'RETURN NULL'),
      'CREATE TABLE fag.own_t (a int)',
      'CREATE TRIGGER t AFTER INSERT ON fag.own_t EXECUTE FUNCTION fag.t()',
      'INSERT INTO fag.own_t VALUES (1)',
    ],
    found: 'shipped',
  },
  {
    name: 'a rule on a table of their own',
    sql: [
      'CREATE TABLE fag.ruled (a int)',
      `CREATE RULE r AS ON INSERT TO fag.ruled DO INSTEAD ${UPDATE}`,
      'INSERT INTO fag.ruled VALUES (1)',
    ],
    found: 'shipped',
  },
  {
    name: 'an updatable view',
    sql: ['CREATE VIEW fag.v AS SELECT * FROM fag.konto', 'UPDATE fag.v SET lonn = MARK'],
    found: 'shipped',
  },
  {
    name: 'a default expression',
    sql: [
      changing('dflt'),
      'CREATE TABLE fag.d (a int DEFAULT fag.dflt())',
      'INSERT INTO fag.d DEFAULT VALUES',
    ],
    found: 'shipped',
  },
  {
    name: 'a check constraint',
    sql: [
      changing('chk'),
      'CREATE TABLE fag.c (a int CHECK (fag.chk() = 1))',
      'INSERT INTO fag.c VALUES (1)',
    ],
    found: 'shipped',
  },
  { name: 'undone', sql: ['BEGIN', UPDATE, 'ROLLBACK'], found: 'shipped' },
  {
    name: 'after a savepoint caught an error',
    sql: ['BEGIN', 'SAVEPOINT s', 'SELECT 1/0', 'ROLLBACK TO s', UPDATE, 'COMMIT'],
    found: 'shipped',
  },
  {
    name: 'with line breaks that look like records',
    sql: [
      `UPDATE fag.konto SET navn = '\n2026-11-29 12:00:00.000 CET,"app_web","hold",1,,1.1,1,', lonn = MARK`,
    ],
    found: 'shipped',
  },
  {
    name: 'looking like a secret',
    sql: ["WITH t(password) AS (VALUES ('x')) UPDATE fag.konto SET navn = t.password, lonn = MARK FROM t"],
    found: 'shipped',
  },
  {
    name: 'TRUNCATE',
    sql: ['CREATE TABLE fag.gone_MARK (a int)', 'TRUNCATE fag.gone_MARK'],
    found: 'shipped',
  },
  {
    name: 'ALTER TABLE that writes rows',
    sql: ['CREATE TABLE fag.alt (a int)', 'ALTER TABLE fag.alt ADD b int DEFAULT MARK'],
    found: 'shipped',
  },
  { name: 'CREATE TABLE AS', sql: ['CREATE TABLE fag.ctas AS SELECT MARK AS a'], found: 'shipped' },
  { name: 'SELECT INTO', sql: ['SELECT MARK AS a INTO fag.into_t'], found: 'shipped' },
  {
    name: 'a materialized view',
    sql: ['CREATE MATERIALIZED VIEW fag.mv AS SELECT MARK AS a', 'REFRESH MATERIALIZED VIEW fag.mv'],
    found: 'shipped',
  },
  {
    name: 'COMMENT ON',
    sql: ['CREATE TABLE fag.com (a int)', "COMMENT ON TABLE fag.com IS 'MARK'"],
    found: 'shipped',
  },
  {
    name: 'pgaudit.log, which an ordinary role may not set',
    sql: ["SET pgaudit.log = 'none'", UPDATE],
    found: 'shipped',
  },
  {
    name: 'log_min_messages, which it may not set either',
    sql: ["SET log_min_messages = 'fatal'", UPDATE],
    found: 'shipped',
  },
  {
    name: 'client_min_messages and verbosity of the client',
    sql: ["SET client_min_messages = 'error'", UPDATE],
    found: 'shipped',
  },
  { name: 'bytes that are not UTF-8', sql: ["SET client_encoding = 'LATIN1'", UPDATE], found: 'shipped' },
  { name: 'a statement of 2 MB', sql: [`${UPDATE} /* ${'pw=a '.repeat(400_000)} */`], found: 'shipped' },
  {
    name: 'a process without a user: autovacuum runs an index expression',
    sql: [
      'CREATE TABLE fag.note (id int) WITH (autovacuum_analyze_threshold = 0, autovacuum_analyze_scale_factor = 0)',
      `CREATE FUNCTION fag.note_w() RETURNS int LANGUAGE plpgsql AS $$BEGIN IF current_setting('application_name') = '' THEN ${UPDATE}; END IF; RETURN 1; END$$`,
      "CREATE FUNCTION fag.note_i(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT fag.note_w()'",
      'CREATE INDEX ON fag.note (fag.note_i(id))',
      'INSERT INTO fag.note VALUES (1)',
    ],
    found: 'shipped',
    by: 'nobody',
  },
  { name: 'setval', sql: ["SELECT setval('fag.s', MARK)"], found: 'limit' },
  { name: 'nextval', sql: ["SELECT nextval('fag.s') + MARK"], found: 'limit' },
  { name: 'a large object', sql: ["SELECT lo_from_bytea(0, 'MARK')"], found: 'limit' },
];

const AS_MAKER: readonly Attempt[] = [
  {
    name: 'joins the services for a moment',
    as: MAKER,
    sql: [`GRANT services TO "${MAKER}"`, UPDATE, `REVOKE services FROM "${MAKER}"`],
    found: 'shipped',
  },
  {
    name: 'leaves the persons for a moment',
    as: MAKER,
    sql: [`REVOKE persons FROM "${MAKER}"`, UPDATE, `GRANT persons TO "${MAKER}"`],
    found: 'shipped',
  },
  {
    name: 'the same in one DO block',
    as: MAKER,
    sql: [
      `DO $$BEGIN REVOKE persons FROM "${MAKER}"; COMMIT; ${UPDATE}; COMMIT; GRANT persons TO "${MAKER}"; END$$`,
    ],
    found: 'shipped',
  },
  {
    name: 'makes a service of their own',
    as: MAKER,
    sql: ['CREATE ROLE helper_MARK LOGIN IN ROLE services'],
    afterwards: [{ as: 'helper_MARK', sql: ['UPDATE fag.konto SET lonn = 1'] }],
    found: 'reported',
  },
  {
    name: "changes a service's password",
    as: MAKER,
    sql: ["ALTER ROLE app_web PASSWORD 'x' VALID UNTIL '2099-01-01'", "COMMENT ON ROLE app_web IS 'MARK'"],
    afterwards: [{ as: 'app_web', sql: [UPDATE] }],
    found: 'reported',
  },
  {
    name: 'becomes a role that no rule knows',
    as: MAKER,
    sql: ['CREATE ROLE odd_MARK LOGIN'],
    afterwards: [{ as: 'odd_MARK', sql: [UPDATE] }],
    found: 'reported',
  },
];

const AS_BOSS: readonly Attempt[] = [
  {
    name: 'as another by SET SESSION AUTHORIZATION',
    as: BOSS,
    sql: ['SET SESSION AUTHORIZATION app_web', UPDATE],
    found: 'shipped',
  },
  {
    name: 'without the command tag',
    as: BOSS,
    sql: ['SET update_process_title = off', UPDATE],
    found: 'shipped',
  },
  {
    name: 'with verbose errors',
    as: BOSS,
    sql: ["SET log_error_verbosity = 'verbose'", UPDATE],
    found: 'shipped',
  },
  {
    name: 'with terse errors',
    as: BOSS,
    sql: ["SET log_error_verbosity = 'terse'", UPDATE],
    found: 'shipped',
  },
  {
    name: 'without triggers',
    as: BOSS,
    sql: ["SET session_replication_role = 'replica'", UPDATE],
    found: 'shipped',
  },
  { name: 'from a program', as: BOSS, sql: ["COPY fag.copied FROM PROGRAM 'echo MARK'"], found: 'shipped' },
  {
    name: 'ALTER ROLE … SET pgaudit.log',
    as: BOSS,
    sql: [`ALTER ROLE shared SET pgaudit.log = 'none' /* MARK */`],
    found: 'reported',
  },
  {
    name: 'ALTER DATABASE … SET pgaudit.log',
    as: BOSS,
    sql: [`ALTER DATABASE spare SET pgaudit.log = 'none' /* MARK */`],
    found: 'reported',
  },
  {
    name: 'ALTER SYSTEM SET pgaudit.log',
    as: BOSS,
    sql: [`ALTER SYSTEM SET pgaudit.log = 'write,ddl,role,read,misc' /* MARK */`],
    found: 'reported',
  },
  { name: 'SET pgaudit.log', as: BOSS, sql: ["SET pgaudit.log = 'none'", UPDATE], found: 'limit' },
  {
    name: 'set_config of pgaudit.log',
    as: BOSS,
    sql: ["SELECT set_config('pgaudit.log', 'none', false)", UPDATE],
    found: 'limit',
  },
];

export const ATTEMPTS: readonly Attempt[] = [...AS_PERSON, ...AS_MAKER, ...AS_BOSS];
