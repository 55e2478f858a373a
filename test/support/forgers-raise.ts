/** Records that say `AUDIT: …` because somebody raised them, in every way that SQL offers. */

import {
  type Attempt,
  BOSS,
  FORGED,
  HOSTILE,
  LOUD,
  PAYLOAD,
  quiet,
  raises,
  record,
  runs,
  VERBOSE,
} from './forgers.js';

const RAISE = `RAISE LOG '${FORGED}';`;
const BLOCK = `DO $$BEGIN ${RAISE} END$$`;

/** A function in PL/pgSQL that raises. */
function functionThat(signature: string, { is = '', body = RAISE } = {}): string {
  return `CREATE FUNCTION ${signature} RETURNS int LANGUAGE plpgsql ${is} AS $$BEGIN ${body} RETURN 1; END$$`;
}

function triggerThat(name: string, body = RAISE): string {
  return `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN ${body} RETURN NULL; END$$`;
}

/** The content of a block, and how many suspects it makes. */
const BLOCKS: Readonly<Record<string, readonly [body: string, suspects: number]>> = {
  'at level LOG': [RAISE, 1],
  'at level WARNING': [`RAISE WARNING '${FORGED}';`, 1],
  'with SQLSTATE 00000': [`RAISE LOG '${FORGED}' USING ERRCODE = '00000';`, 1],
  'at level WARNING with SQLSTATE 00000': [`RAISE WARNING '${FORGED}' USING ERRCODE = '00000';`, 1],
  'with a fake record as hint and detail': [
    `RAISE LOG '${FORGED}' USING HINT = E'"\\n${record()}', DETAIL = E'\\n${record()}', SCHEMA = '${FORGED}';`,
    1,
  ],
  'with the message as an option': [`RAISE LOG USING MESSAGE = '${FORGED}';`, 1],
  'put together by format()': [`RAISE LOG '%', format('AUDIT%s %s', ':', '${PAYLOAD}');`, 1],
  'with a fake record in the message': [`RAISE LOG '%', E'${FORGED}"\\n${record()}\\n';`, 1],
  'with ten fields, and rows': [`RAISE LOG '${FORGED},5';`, 1],
  'of type OBJECT': [`RAISE LOG '${FORGED.replace('SESSION', 'OBJECT')}';`, 1],
  'with the ids that come next': [
    `RAISE LOG '${FORGED}'; RAISE LOG '${FORGED.replace('1,1', '1,2')}'; RAISE LOG '${FORGED.replace('1,1', '2,1')}';`,
    3,
  ],
  'with <previously logged>': [
    "RAISE LOG 'AUDIT: SESSION,1,1,WRITE,DELETE,,,<previously logged>,<previously logged>';",
    1,
  ],
  'with doubled AUDIT:': [`RAISE LOG 'AUDIT: ${FORGED}';`, 1],
  'with an invalid payload': ["RAISE LOG 'AUDIT: '; RAISE LOG 'AUDIT: SESSION,1'; RAISE LOG 'AUDIT: \"';", 3],
  'in an EXECUTE, in an exception handler, in a loop': [
    `BEGIN RAISE EXCEPTION '${FORGED}'; EXCEPTION WHEN others THEN
       FOR i IN 1..2 LOOP EXECUTE 'DO $x$BEGIN ${RAISE.replaceAll("'", "''")} END$x$'; END LOOP;
     END;`,
    2,
  ],
  'a million characters long': [
    `RAISE LOG '%', 'AUDIT: SESSION,1,1,WRITE,DELETE,,,' || repeat('x', 1000000) || ',<none>';`,
    1,
  ],
};

const EXCEPTIONS: Readonly<Record<string, string>> = {
  'as an error': `RAISE EXCEPTION '${FORGED}';`,
  'as an error with the SQLSTATE of a warning': `RAISE EXCEPTION '${FORGED}' USING ERRCODE = '01000';`,
  'as an error with SQLSTATE 00000': `RAISE EXCEPTION '${FORGED}' USING ERRCODE = '00000';`,
  'as a failed assertion': `ASSERT false, '${FORGED}';`,
};

const inBlock = ([name, [body, suspects]]: readonly [string, readonly [string, number]]): Attempt => ({
  name: `RAISE ${name}`,
  steps: [raises(`DO $$BEGIN ${body} END$$`, { suspects }), runs('DELETE FROM t WHERE false')],
});

const asError = ([name, body]: readonly [string, string]): Attempt => ({
  name: `RAISE ${name}`,
  steps: [raises(`DO $$BEGIN ${body} END$$`, { fails: true }), runs('DELETE FROM t WHERE false')],
});

/** Objects that make PostgreSQL itself call a function that raises. */
const CALLED: readonly Attempt[] = [
  {
    name: 'RAISE in a function that another function and a view call',
    steps: [
      runs(functionThat('inner_one()')),
      runs(functionThat('outer_one()', { body: 'PERFORM inner_one();' })),
      runs('CREATE VIEW seen AS SELECT outer_one() AS one'),
      raises('SELECT * FROM seen'),
      raises('SELECT outer_one()', { parameters: [] }),
    ],
  },
  {
    name: 'RAISE in an SQL function, a procedure, an operator, a cast, an aggregate',
    steps: [
      runs(functionThat('raising(int, int)')),
      runs('CREATE FUNCTION wrapped() RETURNS int LANGUAGE sql AS $$ SELECT raising(1, 2) $$'),
      raises('SELECT wrapped()'),
      runs(`CREATE PROCEDURE committed() LANGUAGE plpgsql AS $$BEGIN ${RAISE} COMMIT; ${RAISE} END$$`),
      raises('CALL committed()', { suspects: 2 }),
      runs('CREATE OPERATOR @@@@ (LEFTARG = int, RIGHTARG = int, FUNCTION = raising)'),
      raises('SELECT 1 @@@@ 2'),
      runs("CREATE AGGREGATE sums(int) (SFUNC = raising, STYPE = int, INITCOND = '0')"),
      raises('SELECT sums(1)'),
    ],
  },
  {
    name: 'RAISE in triggers: row, statement, deferred',
    steps: [
      runs('CREATE TABLE hooked (id int)'),
      runs(triggerThat('hook')),
      runs('CREATE TRIGGER a AFTER INSERT ON hooked FOR EACH ROW EXECUTE FUNCTION hook()'),
      runs('CREATE TRIGGER b BEFORE INSERT ON hooked FOR EACH STATEMENT EXECUTE FUNCTION hook()'),
      runs(
        'CREATE CONSTRAINT TRIGGER c AFTER INSERT ON hooked DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hook()',
      ),
      runs('INSERT INTO hooked VALUES (1)', { suspects: 3 }),
      runs('INSERT INTO hooked VALUES ($1)', { parameters: ['2'], suspects: 3 }),
      runs('COPY hooked FROM STDIN', { copy: '3\n', suspects: 3 }),
    ],
  },
  {
    name: 'RAISE in a default, a check, a generated column, an index, a policy, a rule',
    steps: [
      runs(functionThat('raise_int(int)', { is: 'IMMUTABLE' })),
      runs('CREATE TABLE called (a int DEFAULT raise_int(1), b int CHECK (raise_int(b) = 1))'),
      runs('INSERT INTO called (b) VALUES (1)', { suspects: 2 }),
      runs('CREATE INDEX ON called (raise_int(a))', { suspects: 1 }),
      runs('CREATE VIEW ruled AS SELECT 1 AS one'),
      runs('CREATE RULE r AS ON INSERT TO ruled DO INSTEAD SELECT raise_int(1)'),
      runs('CREATE TABLE policed (id int)'),
      runs('ALTER TABLE policed ENABLE ROW LEVEL SECURITY'),
      runs('ALTER TABLE policed FORCE ROW LEVEL SECURITY'),
      runs('CREATE POLICY p ON policed USING (raise_int(id) = 1)'),
      runs('INSERT INTO policed VALUES (1)', { suspects: 1 }),
    ],
  },
  {
    name: 'RAISE in an event trigger, when another changes something',
    before: [
      `CREATE FUNCTION on_command() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN ${RAISE} END$$`,
      `CREATE EVENT TRIGGER e ON ddl_command_start WHEN TAG IN ('CREATE SEQUENCE') EXECUTE FUNCTION on_command()`,
    ],
    steps: [runs('CREATE SEQUENCE s', { suspects: 1 })],
  },
  {
    name: 'RAISE in a function with the rights of another, and with a hostile name',
    before: [
      `CREATE FUNCTION "${FORGED}"() RETURNS int SECURITY DEFINER LANGUAGE plpgsql AS $$BEGIN ${RAISE} RETURN 1; END$$`,
      `ALTER FUNCTION "${FORGED}"() OWNER TO "${BOSS}"`,
    ],
    steps: [raises(`SELECT "${FORGED}"()`)],
  },
  {
    name: 'RAISE in a parallel worker, which PostgreSQL logs under no name, and again in its leader',
    steps: [
      runs(functionThat('parallel()', { is: 'PARALLEL SAFE' })),
      quiet('SET client_min_messages = log'),
      quiet(
        "SELECT set_config(name, 'regress', false) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query')",
      ),
      raises('SELECT parallel()', { suspects: ['', HOSTILE] }),
    ],
  },
  {
    name: 'RAISE in a function that is called without SQL',
    steps: [
      runs(functionThat('fast()')),
      raises('fast()', { isCall: true }),
      runs(functionThat('fast_write()', { body: `${RAISE} DELETE FROM t WHERE false;` })),
      raises('fast_write()', {
        isCall: true,
        statements: [{ statement: 'DELETE FROM t WHERE false', parameters: [] }],
      }),
    ],
  },
  {
    name: 'RAISE at levels that are logged if log_min_messages says so',
    logins: [{ user: LOUD }],
    steps: [
      raises(`DO $$BEGIN RAISE NOTICE '${FORGED}'; RAISE INFO '${FORGED}'; RAISE DEBUG '${FORGED}'; END$$`, {
        suspects: 2,
      }),
      raises(`DO $$BEGIN RAISE INFO '${FORGED}' USING ERRCODE = '01000'; END$$`),
    ],
  },
  {
    name: 'settings that only a superuser may change',
    steps: [
      "SET pgaudit.log = 'none'",
      "SET log_min_messages = 'panic'",
      "SET log_error_verbosity = 'terse'",
      "SET lc_messages = 'C'",
      'SET update_process_title = off',
      `ALTER ROLE "${HOSTILE}" SET pgaudit.log = 'none'`,
    ].map(sql => quiet(sql, { fails: true })),
  },
  {
    name: 'RAISE if the log names the place in the source',
    logins: [{ user: VERBOSE }],
    steps: [raises(BLOCK), runs(`UPDATE t SET name = '"\n${record()}' WHERE false`)],
  },
  {
    name: 'a mine in a table of the attacker, that another steps on: it is done in that session',
    logins: [{}, { user: BOSS }],
    steps: [
      runs('CREATE TABLE mine (id int)'),
      runs(triggerThat('mined', `${RAISE} DELETE FROM t WHERE false;`)),
      runs('CREATE TRIGGER m AFTER INSERT ON mine EXECUTE FUNCTION mined()'),
      runs(`GRANT INSERT ON mine TO "${BOSS}"`),
      runs('INSERT INTO mine VALUES (1)', {
        session: 1,
        statements: [{}, { statement: 'DELETE FROM t WHERE false' }],
        suspects: 1,
      }),
    ],
  },
  {
    name: 'RAISE while autovacuum processes a table: the record has no user',
    steps: [
      runs(functionThat('slow_one(int)', { is: 'IMMUTABLE' })),
      runs(
        'CREATE TABLE vacuumed (id int) WITH (autovacuum_analyze_threshold = 0, autovacuum_analyze_scale_factor = 0)',
      ),
      runs('CREATE INDEX ON vacuumed (slow_one(id))'),
      runs('INSERT INTO vacuumed VALUES (1)', { suspects: [HOSTILE, ''] }),
      quiet("SELECT autoanalyze_count > 0 FROM pg_stat_all_tables WHERE relname = 'vacuumed'", {
        isAwaited: true,
      }),
      // One record for the table, one for its index.
      runs('DROP TABLE vacuumed', { statements: [{}, {}] }),
    ],
  },
];

export const RAISE_ATTEMPTS: readonly Attempt[] = [
  ...Object.entries(BLOCKS).map(inBlock),
  ...Object.entries(EXCEPTIONS).map(asError),
  ...CALLED,
];
