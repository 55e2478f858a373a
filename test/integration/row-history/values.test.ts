/** Values of every kind and size: the change never fails, and what is not recorded is named. */

import { expect, test } from 'vitest';
import { KARI, RowHistory } from '../../support/row-history.js';

const TYPES = [
  'CREATE DOMAIN fag.belop AS numeric CHECK (VALUE >= 0)',
  "CREATE TYPE fag.farge AS ENUM ('rød', 'blå')",
  'CREATE TYPE fag.adresse AS (gate text, nr int)',
  `CREATE TABLE fag.alt (
    id int, gone text, belop fag.belop, farge fag.farge, adresse fag.adresse, liste int[], dok json, dokb jsonb,
    f float8, b bytea, t timestamptz, r daterange, i interval, PRIMARY KEY (id) INCLUDE (belop))`,
  'ALTER TABLE fag.alt DROP COLUMN gone',
  'GRANT ALL ON fag.alt TO PUBLIC',
  `SELECT row_history.watch('fag.alt')`,
];

test('types are JSON as PostgreSQL makes it, whatever the session has set', async () => {
  const history = await RowHistory.start();
  await history.run('postgres', ...TYPES);
  await history.run(
    KARI,
    "SET extra_float_digits = -15; SET bytea_output = 'escape'; SET timezone = 'Asia/Tokyo'; SET datestyle = 'SQL, DMY'",
    `INSERT INTO fag.alt VALUES (1, 1.50, 'blå', ROW('Vei "1"', 2), '{1,NULL}', '{"a": 1e999}', '{"b": []}',
      0.1234567890123456, '\\x00ff', '2026-11-30 12:00:00+01', '[2026-01-02,2026-02-03)', '1 mon 2 days')`,
  );
  const [change] = await history.rows<{ key: unknown; new: string }>(
    'SELECT key, new::text FROM row_history.change',
  );
  expect(change?.key).toEqual({ id: 1 });
  const wide = `{"a": 1${'0'.repeat(999)}}`;
  expect(change?.new).toContain(`"dok": ${wide}`);
  expect(JSON.parse(change?.new.replace(wide, '0') ?? '')).toEqual({
    id: 1,
    belop: 1.5,
    farge: 'blå',
    adresse: { gate: 'Vei "1"', nr: 2 },
    liste: [1, null],
    dok: 0,
    dokb: { b: [] },
    f: 0.1234567890123456,
    b: '\\x00ff',
    t: '2026-11-30T11:00:00+00:00',
    r: '[2026-01-02,2026-02-03)',
    i: '1 mon 2 days',
  });
});

test('long values are cut, and named', async () => {
  const history = await RowHistory.start();
  await history.run(
    KARI,
    "INSERT INTO fag.konto VALUES (1, repeat('å', 10000)), (2, repeat('å', 10001))",
    "UPDATE fag.konto SET navn = navn || 'b' WHERE id = 2",
    'UPDATE fag.konto SET saldo = 1 WHERE id = 2',
  );
  const a = (length: number): string => 'å'.repeat(length);
  expect((await history.changes()).map(change => [change.old, change.new, change.shortened])).toEqual([
    [null, { id: 1, navn: a(10_000), saldo: null }, []],
    [null, { id: 2, navn: a(1000), saldo: null }, ['navn']],
    [{ navn: a(1000) }, { navn: a(1000) }, ['navn']],
    [{ saldo: null }, { saldo: 1 }, []],
  ]);
});

test('a key that is long is cut, too', async () => {
  const history = await RowHistory.start();
  await history.run(
    'postgres',
    'CREATE TABLE fag.lang (id text PRIMARY KEY, n int)',
    'GRANT ALL ON fag.lang TO PUBLIC',
  );
  await history.run('postgres', `SELECT row_history.watch('fag.lang')`);
  await history.run(KARI, "INSERT INTO fag.lang VALUES (repeat('x', 20000), 1)", 'UPDATE fag.lang SET n = 2');
  const id = 'x'.repeat(1000);
  expect(
    (await history.changes()).map(change => [change.key, change.old, change.new, change.shortened]),
  ).toEqual([
    [{ id }, null, { id, n: 1 }, ['id']],
    [{ id }, { n: 1 }, { n: 2 }, ['id']],
  ]);
});

test('rows of many long values have at most 500 characters of each', async () => {
  const history = await RowHistory.start();
  const columns = Array.from({ length: 200 }, (_, index) => `c${index}`);
  await history.run(
    'postgres',
    `CREATE TABLE fag.bred (${columns.map(name => `${name} text`).join()})`,
    'GRANT ALL ON fag.bred TO PUBLIC',
    `SELECT row_history.watch('fag.bred')`,
  );
  await history.run(KARI, `INSERT INTO fag.bred VALUES (${columns.map(() => `repeat('x', 6000)`).join()})`);
  const [change] = await history.changes();
  expect(change?.new).toEqual(Object.fromEntries(columns.map(name => [name, 'x'.repeat(500)])));
  expect(change?.shortened).toEqual(columns.toSorted());
});

test('what is no jsonb hides nothing else of its row', async () => {
  const history = await RowHistory.start();
  await history.run('postgres', 'ALTER TABLE fag.konto ADD dok json');
  await history.run(
    KARI,
    `INSERT INTO fag.konto VALUES (1, 'a', 1, '{"a": "\\u0000"}')`,
    "UPDATE fag.konto SET navn = 'b'",
    `UPDATE fag.konto SET saldo = 2, dok = '{}'`,
  );
  expect(
    (await history.changes()).map(change => [change.key, change.old, change.new, change.shortened]),
  ).toEqual([
    [{ id: 1 }, null, { id: 1, navn: 'a', saldo: 1 }, ['dok']],
    [{ id: 1 }, { navn: 'a' }, { navn: 'b' }, []],
    [{ id: 1 }, { saldo: 1 }, { saldo: 2 }, ['dok']],
  ]);
});

test('a value of 300 MB is written, changed and removed, and its beginning is recorded', async () => {
  const history = await RowHistory.start();
  await history.run('postgres', 'ALTER TABLE fag.konto ADD fil bytea, ADD liste bytea[]');
  await history.run(
    KARI,
    `INSERT INTO fag.konto SELECT 1, 'a', 1, decode(repeat('ab', 300000000), 'hex')`,
    "UPDATE fag.konto SET navn = 'b'",
    "UPDATE fag.konto SET fil = fil || '\\x00', navn = 'c'",
    'UPDATE fag.konto SET liste = ARRAY[fil]',
    'DELETE FROM fag.konto',
  );
  const fil = `\\x${'ab'.repeat(499)}`;
  expect(
    (await history.changes()).map(change => [change.key, change.old, change.new, change.shortened]),
  ).toEqual([
    [{ id: 1 }, null, { id: 1, navn: 'a', saldo: 1, fil, liste: null }, ['fil']],
    [{ id: 1 }, { navn: 'a' }, { navn: 'b' }, []],
    [{ id: 1 }, { navn: 'b', fil }, { navn: 'c', fil }, ['fil']],
    [{ id: 1 }, { liste: null }, {}, ['liste']],
    [{ id: 1 }, { id: 1, navn: 'c', saldo: 1, fil }, null, ['fil', 'liste']],
  ]);
});
