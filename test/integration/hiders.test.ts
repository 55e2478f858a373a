/** Attempts to change rows unseen, on a real server: the change is shipped, or what made it possible is. */

import { expect, test } from 'vitest';
import type { ThrowawayPostgres } from '../../demo/postgres.js';
import { ATTEMPTS, type Attempt, BOSS, type Found, MAKER, PERSON } from '../support/hiders.js';
import { startPostgres } from '../support/postgres.js';
import { archived, eventually, logged, Shipper, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const SERVER = {
  // `read` and `misc`, so that what pgAudit logs under them is in the log; log_relation is off.
  'pgaudit.log': 'write,ddl,role,read,misc',
  autovacuum_naptime: '1s',
};

const SETUP = [
  'CREATE ROLE persons',
  'CREATE ROLE services',
  `CREATE ROLE "${PERSON}" LOGIN IN ROLE persons`,
  `CREATE ROLE "${MAKER}" LOGIN CREATEROLE IN ROLE persons`,
  `CREATE ROLE "${BOSS}" LOGIN SUPERUSER IN ROLE persons`,
  'CREATE ROLE app_web LOGIN IN ROLE services',
  `CREATE ROLE shared IN ROLE persons`,
  `GRANT shared TO "${PERSON}"`,
  'CREATE ROLE shipper LOGIN',
  'CREATE DATABASE spare',
  'CREATE SCHEMA fag',
  'GRANT ALL ON SCHEMA fag TO PUBLIC',
  'CREATE TABLE fag.konto (id int PRIMARY KEY, navn text, lonn int)',
  'INSERT INTO fag.konto SELECT g, g, 100 FROM generate_series(1, 20) g',
  'CREATE TABLE fag.copied (a int)',
  'CREATE SEQUENCE fag.s',
  'GRANT ALL ON ALL TABLES IN SCHEMA fag TO PUBLIC',
  'GRANT ALL ON ALL SEQUENCES IN SCHEMA fag TO PUBLIC',
  `CREATE FUNCTION fag.of_owner(a int) RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS
    $$BEGIN EXECUTE 'UPDATE fag.konto SET lonn = ' || a; RETURN 1; END$$`,
];

/** Errors are part of some attempts. */
async function run(
  postgres: ThrowawayPostgres,
  { as = PERSON, sql, parameters }: Attempt,
  mark: string,
): Promise<void> {
  const client = await postgres.connect(as);
  for (const [index, statement] of sql.entries()) {
    const values =
      index === sql.length - 1 ? parameters?.map(value => value.replace('MARK', mark)) : undefined;
    await client.query(statement.replaceAll('MARK', mark), values).catch(() => undefined);
  }
  await client.end();
}

test('whatever they try: the table of what is found', async () => {
  const postgres = await startPostgres(SERVER);
  await postgres.query('postgres', ...SETUP);
  const folder = await temporaryFolder();
  const filter = { personalUsers: ['memberOf:persons'], serviceUsers: ['memberOf:services'] };
  const database = { url: `postgres://shipper@127.0.0.1:${postgres.port}/postgres` };
  const shipper = await Shipper.start(folder, settings(folder, [postgres.logPattern], { filter, database }));
  await eventually(() => shipper.isReady());
  const markOf = (index: number): string => String(7_000_000 + index);
  for (const [index, attempt] of ATTEMPTS.entries()) {
    const mark = markOf(index);
    await run(postgres, attempt, mark);
    for (const { as, sql } of attempt.afterwards ?? [])
      await run(postgres, { ...attempt, as: as.replace('MARK', mark), sql }, mark);
  }
  const { length } = ATTEMPTS;
  const nobody = markOf(ATTEMPTS.findIndex(({ by }) => by === 'nobody'));
  await run(
    postgres,
    { name: 'the end', sql: ['UPDATE fag.konto SET lonn = MARK'], found: 'shipped' },
    markOf(length),
  );
  const events = async (): Promise<string[]> => (await logged(folder)).map(event => JSON.stringify(event));
  await eventually(async () => {
    const all = await events();
    const isByNobody = (line: string): boolean => line.includes('"user":""') && line.includes(nobody);
    return all.some(line => line.includes(markOf(length))) && all.some(isByNobody);
  });
  await shipper.stop();

  const shipped = (await archived(folder)).filter(({ kind }) => kind === 'statement' || kind === 'config');
  const foundOf = (index: number, { found: expected, by, afterwards }: Attempt): Found => {
    const mark = markOf(index);
    const lines = shipped.filter(
      event => JSON.stringify(event).includes(mark) && (by !== 'nobody' || event.actor?.user === ''),
    );
    const changes = lines.filter(({ audit }) => audit !== undefined && audit.class !== 'ROLE');
    if (afterwards !== undefined || expected === 'reported') return lines.length > 0 ? 'reported' : 'limit';
    return changes.length > 0 ? 'shipped' : 'limit';
  };
  const table = ATTEMPTS.map((attempt, index) => [
    attempt.name,
    attempt.as ?? PERSON,
    foundOf(index, attempt),
  ]);
  console.info(table.map(row => row.join(' | ')).join('\n'));
  expect(table).toEqual(ATTEMPTS.map(({ name, as = PERSON, found }) => [name, as, found]));
  expect(length).toBeGreaterThanOrEqual(60);
});
