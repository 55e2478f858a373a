/** Which statement changed a row: of a real server, whatever kind of statement it was. */

import { expect, test } from 'vitest';
import { KARI, rowSettings, serverWithHistory } from '../support/rows.js';
import { archived, runOnce } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const TABLES = [
  'CREATE TABLE forelder (id int PRIMARY KEY, tekst text)',
  'CREATE TABLE barn (id int PRIMARY KEY, forelder int REFERENCES forelder ON DELETE CASCADE ON UPDATE CASCADE)',
  'CREATE TABLE logg (tekst text)',
  'CREATE VIEW utsnitt AS SELECT * FROM forelder',
  'CREATE TABLE delt (id int, tekst text) PARTITION BY RANGE (id)',
  'CREATE TABLE delt_1 PARTITION OF delt FOR VALUES FROM (0) TO (100)',
  'CREATE TABLE delt_2 PARTITION OF delt FOR VALUES FROM (100) TO (200)',
  `CREATE FUNCTION begge(n int) RETURNS void LANGUAGE plpgsql AS
    $$BEGIN INSERT INTO forelder VALUES (n, 'f'); INSERT INTO logg VALUES ('l' || n); END$$`,
  `CREATE FUNCTION logg_endring() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN INSERT INTO logg VALUES (NEW.tekst); RETURN NEW; END$$`,
  'CREATE TABLE sporet (id int, tekst text)',
  'CREATE TRIGGER logger BEFORE INSERT ON sporet FOR EACH ROW EXECUTE FUNCTION logg_endring()',
  ...['forelder', 'barn', 'logg', 'delt', 'sporet'].map(table => `SELECT row_history.watch('${table}')`),
];

/** Each row as `operation table`, and the statement that the event names. */
async function joined(statements: readonly string[], server = {}): Promise<string[]> {
  const postgres = await serverWithHistory(TABLES, server);
  const client = await postgres.connect(KARI);
  for (const statement of statements) await client.query(statement);
  await client.end();
  const folder = await temporaryFolder();
  expect(await runOnce(folder, rowSettings(folder, postgres))).toMatchObject({ code: 0 });
  const events = await archived(folder);
  const sql = new Map(events.map(({ id, audit }) => [id, audit?.statement]));
  return events
    .filter(({ kind }) => kind === 'row')
    .map(({ row }) => `${row?.operation} ${row?.table}: ${sql.get(row?.statement ?? '') ?? row?.statements}`);
}

test.each([
  ['when statements are logged as they begin', {}],
  ['when they are logged as they end', { 'pgaudit.log_rows': 'on' }],
])('%s', async (_when, server) => {
  const inner = {
    forelder: "INSERT INTO forelder VALUES (n, 'f')",
    logg: "INSERT INTO logg VALUES ('l' || n)",
    trigger: 'INSERT INTO logg VALUES (NEW.tekst)',
    block: "UPDATE forelder SET tekst = 'do' WHERE id = 8",
  };
  const prepared = 'PREPARE p AS UPDATE forelder SET tekst = $1 WHERE id = 8';
  const both =
    "WITH ny AS (INSERT INTO forelder VALUES (8, 'w') RETURNING tekst) INSERT INTO logg SELECT tekst FROM ny";
  const conflict =
    "INSERT INTO forelder VALUES (2, 'd') ON CONFLICT (id) DO UPDATE SET tekst = excluded.tekst";
  const made: readonly (readonly [sql: string, rows: readonly string[], by?: readonly string[]])[] = [
    ["INSERT INTO forelder VALUES (1, 'a'), (2, 'b')", ['INSERT forelder', 'INSERT forelder']],
    ['INSERT INTO barn VALUES (10, 1)', ['INSERT barn']],
    ['UPDATE forelder SET id = 3 WHERE id = 1', ['UPDATE forelder', 'UPDATE barn']],
    ['DELETE FROM forelder WHERE id = 3', ['DELETE forelder', 'DELETE barn']],
    ["UPDATE utsnitt SET tekst = 'c' WHERE id = 2", ['UPDATE forelder']],
    [conflict, ['UPDATE forelder']],
    ["INSERT INTO delt VALUES (1, 'x')", ['INSERT delt']],
    ['UPDATE delt SET id = 101', ['DELETE delt', 'INSERT delt']],
    ['SELECT begge(7)', ['INSERT forelder', 'INSERT logg'], [inner.forelder, inner.logg]],
    ["INSERT INTO sporet VALUES (1, 's')", ['INSERT logg', 'INSERT sporet'], [inner.trigger]],
    [both, ['INSERT forelder', 'INSERT logg']],
    ['TRUNCATE sporet', ['TRUNCATE sporet']],
    [prepared, []],
    ["EXECUTE p('q')", ['UPDATE forelder'], [prepared]],
    [`DO $$BEGIN ${inner.block}; END$$`, ['UPDATE forelder'], [inner.block]],
  ];
  const found = await joined(
    made.map(([sql]) => sql),
    server,
  );
  expect(found).toEqual(
    made.flatMap(([sql, rows, by = []]) =>
      rows.map((row, index) => `${row.replace(' ', ' public.')}: ${by[index] ?? sql}`),
    ),
  );
});

test('one statement that is executed again and again within milliseconds', async () => {
  const postgres = await serverWithHistory(TABLES);
  const client = await postgres.connect(KARI);
  await client.query('BEGIN');
  for (let n = 0; n < 500; n++)
    await client.query({ name: 'i', text: 'INSERT INTO logg VALUES ($1)', values: [`nr ${n}`] });
  await client.query('COMMIT');
  await client.end();
  const folder = await temporaryFolder();
  expect(await runOnce(folder, rowSettings(folder, postgres))).toMatchObject({ code: 0 });
  const events = await archived(folder);
  const parameters = new Map(events.map(({ id, audit }) => [id, audit?.parameters?.[0]]));
  const rows = events.filter(({ kind }) => kind === 'row');
  expect(rows.map(({ row }) => parameters.get(row?.statement ?? ''))).toEqual(
    Array.from({ length: 500 }, (_, n) => `nr ${n}`),
  );
});
