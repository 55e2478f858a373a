/** Nobody forges, changes, reads or removes history without being a superuser who first takes it apart. */

import { expect, test } from 'vitest';
import { KARI, OLA, RowHistory, SERVICE, SHIPPER } from '../../support/row-history.js';

const REFUSED = /is refused/;

/** Runs each statement by itself, and returns how it failed. */
async function errors(history: RowHistory, user: string, statements: readonly string[]): Promise<string[]> {
  const client = await history.connect(user);
  const messages: string[] = [];
  for (const statement of statements) {
    const message = await client.query(statement).then(
      () => 'done',
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    messages.push(message);
  }
  await client.end();
  return messages;
}

test('append-only for everybody: superusers, the owner, and members of pg_write_all_data', async () => {
  const history = await RowHistory.start();
  await history.run('postgres', `GRANT pg_write_all_data, pg_read_all_data TO "${OLA}"`);
  await history.run(KARI, 'INSERT INTO fag.konto VALUES (1)');
  const [month] = await history.rows<{ name: string }>(
    'SELECT tableoid::regclass::text AS name FROM row_history.change',
  );
  const before = await history.changes();
  const changing = [
    "UPDATE row_history.change SET login = 'x'",
    'DELETE FROM row_history.change',
    `UPDATE ${month?.name} SET login = 'x'`,
    `DELETE FROM ${month?.name}`,
  ];
  const truncating = [
    'TRUNCATE row_history.change',
    `TRUNCATE ${month?.name}`,
    'TRUNCATE row_history.change_default',
  ];
  const forging = [
    'INSERT INTO row_history.change SELECT * FROM row_history.change',
    `INSERT INTO ${month?.name} SELECT * FROM row_history.change`,
    "INSERT INTO row_history.watched VALUES ('fag.konto', 'fag', 'x')",
    'DELETE FROM row_history.watched',
    `INSERT INTO row_history.service VALUES ('${KARI}')`,
    'UPDATE row_history.watched SET masked = ARRAY[]::text[]',
  ];
  const all = [...changing, ...truncating, ...forging];
  const asSuperuser = await errors(history, 'postgres', [
    ...all,
    'TRUNCATE row_history.watched',
    'TRUNCATE row_history.service',
    "SET session_replication_role = 'replica'",
    ...all,
  ]);
  expect(asSuperuser.filter(message => !REFUSED.test(message))).toEqual(['done']);
  for (const message of await errors(history, OLA, [...changing, ...forging]))
    expect(message).toMatch(REFUSED);
  const [, ...asOwner] = await errors(history, 'postgres', [
    'SET ROLE row_history_owner',
    ...changing,
    ...truncating,
  ]);
  for (const message of asOwner) expect(message).toMatch(REFUSED);
  expect(await history.changes()).toEqual(before);
});

test('persons and services can use none of it; the shipper reads, and calls maintain', async () => {
  const history = await RowHistory.start();
  const using = [
    'SELECT * FROM row_history.change',
    'SELECT * FROM row_history.state',
    'SELECT * FROM row_history.watched',
    'SELECT * FROM row_history.maintain(NULL, NULL, NULL)',
    "SELECT row_history.watch('fag.konto')",
    "SELECT row_history.write(1, 'INSERT', NULL)",
    'CREATE TRIGGER t AFTER INSERT ON fag.mitt FOR EACH ROW EXECUTE FUNCTION row_history.record()',
    'SET ROLE row_history_owner',
    'CREATE TABLE row_history.t (a int)',
  ];
  await history.run(KARI, 'CREATE TABLE fag.mitt (id int)');
  for (const message of await errors(history, KARI, using)) expect(message).toContain('permission denied');
  for (const message of await errors(history, SERVICE, using)) expect(message).toContain('permission denied');
  const asShipper = await errors(history, SHIPPER, using);
  expect(asShipper.map(message => message === 'done')).toEqual(using.map((_, index) => index < 4));
  const granted = await history.rows(`SELECT p.proname FROM pg_proc p
    WHERE p.pronamespace = 'row_history'::regnamespace AND has_function_privilege('${SHIPPER}', p.oid, 'EXECUTE')`);
  expect(granted).toEqual([{ proname: 'maintain' }]);
});

test('record() refuses a trigger that is none of ours, so that nobody forges with a view', async () => {
  const history = await RowHistory.start();
  await history.run(
    'postgres',
    `GRANT row_history_watcher TO "${OLA}"`,
    'CREATE VIEW fag.falsk AS SELECT 1 AS id',
    `ALTER VIEW fag.falsk OWNER TO "${OLA}"`,
  );
  expect(
    await errors(history, OLA, [
      'CREATE TRIGGER t INSTEAD OF INSERT ON fag.falsk FOR EACH ROW EXECUTE FUNCTION row_history.record()',
      'INSERT INTO fag.falsk VALUES (7)',
    ]),
  ).toEqual(['done', 'row_history.record() cannot be used in this trigger']);
  expect(await history.changes()).toEqual([]);
});

test('whoever may watch, watches what they own, and nothing else', async () => {
  const history = await RowHistory.start();
  await history.run('postgres', `GRANT row_history_watcher TO "${OLA}"`);
  await history.run(OLA, 'CREATE TABLE fag.eget (id int, hemmelig text)', 'GRANT ALL ON fag.eget TO PUBLIC');
  await history.run(
    OLA,
    "SELECT row_history.watch('fag.eget')",
    "SELECT row_history.mask('fag.eget', 'hemmelig')",
  );
  await history.run(KARI, "INSERT INTO fag.eget VALUES (1, 'x')");
  expect((await history.changes()).map(({ new: values, masked }) => [values, masked])).toEqual([
    [{ id: 1 }, ['hemmelig']],
  ]);
  const attempts = [
    "SELECT row_history.mask('fag.konto', 'saldo')",
    "SELECT row_history.unwatch('fag.konto')",
    "SELECT row_history.unregister('fag.konto')",
    "SELECT row_history.register('fag.konto', '{navn}')",
    `SELECT row_history.services('${OLA}')`,
    'SELECT * FROM row_history.change',
  ];
  for (const message of await errors(history, OLA, attempts))
    expect(message).toMatch(/you do not own|must be owner|denied/);
  expect(await history.faults()).toEqual({ 'fag.konto': null, 'fag.eget': null });
  await history.run(OLA, "SELECT row_history.unwatch('fag.eget')", "SELECT row_history.unwatch('fag.eget')");
  expect(await history.faults()).toEqual({ 'fag.konto': null });
});

/** A type whose owner wrote its cast to json: it runs when the row becomes JSON. */
const HOSTILE_TYPE = [
  "CREATE TYPE fag.ond AS ENUM ('a', 'b')",
  `CREATE FUNCTION fag.som_json(fag.ond) RETURNS json LANGUAGE plpgsql AS $$
    DECLARE found text := current_user;
    BEGIN
      BEGIN INSERT INTO row_history.change SELECT * FROM row_history.change; found := 'forged';
      EXCEPTION WHEN OTHERS THEN NULL; END;
      BEGIN PERFORM FROM row_history.change; found := 'read';
      EXCEPTION WHEN OTHERS THEN NULL; END;
      BEGIN SET ROLE row_history_owner; found := 'owner';
      EXCEPTION WHEN OTHERS THEN NULL; END;
      CREATE TABLE pg_temp.trace (a int);
      PERFORM set_config('search_path', 'fag, pg_catalog', false);
      IF $1 = 'b' THEN RAISE EXCEPTION 'no'; END IF;
      RETURN to_json(found);
    END$$`,
  'CREATE CAST (fag.ond AS json) WITH FUNCTION fag.som_json(fag.ond)',
  'CREATE TABLE fag.fange (id int PRIMARY KEY, x fag.ond)',
  'GRANT ALL ON fag.fange TO PUBLIC',
];

test('the owner of a type gets no rights from its cast to json, and leaves nothing behind in the session', async () => {
  const history = await RowHistory.start();
  await history.run(KARI, ...HOSTILE_TYPE);
  await history.run('postgres', "SELECT row_history.watch('fag.fange')");
  const client = await history.connect('postgres');
  await client.query("INSERT INTO fag.fange VALUES (1, 'a'), (2, 'a'), (3, 'b')");
  const left = await client.query(
    "SELECT current_setting('search_path') AS path, to_regclass('pg_temp.trace') AS trace",
  );
  await client.end();
  expect(left.rows).toEqual([{ path: '"$user", public', trace: null }]);
  expect((await history.changes()).map(change => [change.new, change.shortened])).toEqual([
    [{ id: 1, x: 'row_history_sandbox' }, []],
    [{ id: 2, x: 'row_history_sandbox' }, []],
    [{ id: 3 }, ['x']],
  ]);
});

test('neither search_path nor temporary objects nor settings change what is recorded', async () => {
  const history = await RowHistory.start();
  await history.run(
    KARI,
    'CREATE TEMPORARY TABLE change (LIKE fag.konto)',
    'CREATE TEMPORARY TABLE pg_class (LIKE fag.konto)',
    "CREATE FUNCTION pg_temp.to_jsonb(anyelement) RETURNS jsonb LANGUAGE sql AS $$SELECT '{}'::jsonb$$",
    "CREATE FUNCTION fag.to_jsonb(fag.konto) RETURNS jsonb LANGUAGE sql AS $$SELECT '{}'::jsonb$$",
    "CREATE FUNCTION fag.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$SELECT '-infinity'::timestamptz$$",
    'CREATE FUNCTION fag.never(text, text) RETURNS boolean LANGUAGE sql AS $$SELECT false$$',
    'CREATE OPERATOR fag.= (LEFTARG = text, RIGHTARG = text, FUNCTION = fag.never)',
    'CREATE OPERATOR fag.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = fag.never)',
    'SET search_path = pg_temp, fag, row_history, pg_catalog',
    'SET quote_all_identifiers = on; SET standard_conforming_strings = off; SET row_security = off',
    'SET enable_indexscan = off; SET enable_partition_pruning = off; SET transform_null_equals = on',
    "INSERT INTO fag.konto VALUES (1, 'a', 1)",
    'UPDATE fag.konto SET saldo = 2',
  );
  expect(await history.told()).toEqual([
    ['INSERT', { id: 1 }, null, { id: 1, navn: 'a', saldo: 1 }],
    ['UPDATE', { id: 1 }, { saldo: 1 }, { saldo: 2 }],
  ]);
  expect((await history.changes()).map(change => change.partition)).toEqual([null, null]);
});

test('names of any kind', async () => {
  const history = await RowHistory.start();
  const names = [
    'a"; DROP TABLE fag.konto; --',
    "it's",
    'new\nline',
    '%1$s %I',
    '$1',
    'x'.repeat(63),
    'æ\\ø',
    'select',
  ];
  const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
  await history.run(
    'postgres',
    `CREATE ROLE ${quoted('p\'"\\\n,{}')} LOGIN`,
    `SELECT row_history.services('it''s "x"\\,{}', '${SERVICE}')`,
  );
  for (const name of names) {
    const table = `${quoted(name)}.${quoted(name)}`;
    await history.run(
      'postgres',
      `CREATE SCHEMA ${quoted(name)}`,
      `GRANT ALL ON SCHEMA ${quoted(name)} TO PUBLIC`,
      `CREATE TABLE ${table} (${quoted(name)} int, t text, secret text, PRIMARY KEY (${quoted(name)}, t)) PARTITION BY LIST (t)`,
      `CREATE TABLE ${quoted(name)}.del PARTITION OF ${table} DEFAULT`,
      `GRANT ALL ON ${table} TO PUBLIC`,
      `SELECT row_history.watch(${literal(table)})`,
      `SELECT row_history.mask(${literal(table)}, 'secret')`,
    );
    await history.run(
      'p\'"\\\n,{}',
      `INSERT INTO ${table} VALUES (1, 'a', 'b')`,
      `UPDATE ${table} SET ${quoted(name)} = 2`,
    );
    await history.run(KARI, `INSERT INTO ${table} SELECT 3, repeat('x', 2000), repeat('y', 2000000)`);
    await history.run(SERVICE, `DELETE FROM ${table}`);
  }
  const changes = await history.changes();
  expect(
    changes.map(change => [change.login, change.schema_name, change.table_name, change.key, change.new]),
  ).toEqual(
    names.flatMap(name => [
      ['p\'"\\\n,{}', name, name, { [name]: 1, t: 'a' }, { [name]: 1, t: 'a' }],
      ['p\'"\\\n,{}', name, name, { [name]: 1, t: 'a' }, { [name]: 2 }],
      [KARI, name, name, { [name]: 3, t: 'x'.repeat(2000) }, { [name]: 3, t: 'x'.repeat(2000) }],
    ]),
  );
  expect(new Set(Object.values(await history.faults()))).toEqual(new Set([null]));
});

function literal(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
