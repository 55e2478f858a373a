/** The main use, end to end: a real PostgreSQL with pgAudit, the real daemon, the real Google clients. */

import { beforeAll, expect, test } from 'vitest';
import type { ThrowawayPostgres } from '../../demo/postgres.js';
import { installedMajors } from '../../demo/postgres.js';
import { sum } from '../support/archive.js';
import { type Cloud, startCloud } from '../support/cloud.js';
import { startPostgres } from '../support/postgres.js';
import { eventually, Shipper, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const PERSONS = ['Z990001', 'Z990002', 'kari.nordmann@nav.no', 'odd"name,\nZ990003'];
const SERVICES = ['app_web', 'app_batch'];

beforeAll(() => {
  if (installedMajors().length === 0)
    throw new Error('No PostgreSQL with pgAudit is installed: run `npm run setup`.');
});

async function scene(): Promise<{ postgres: ThrowawayPostgres; cloud: Cloud; shipper: Shipper }> {
  const postgres = await startPostgres();
  const roles = [...PERSONS, ...SERVICES].map(user => `CREATE ROLE "${user.replaceAll('"', '""')}" LOGIN`);
  await postgres.query(
    'postgres',
    ...roles,
    'CREATE TABLE t (id int PRIMARY KEY, name text)',
    'GRANT ALL ON t TO PUBLIC',
    'GRANT CREATE ON SCHEMA public TO PUBLIC',
    `GRANT app_web TO "Z990001"`,
  );
  const cloud = await startCloud();
  const folder = await temporaryFolder();
  const filter = { personalUsers: ['^[A-Z]\\d{6}$', '@nav\\.no$', '^odd'], serviceUsers: ['^app_'] };
  const shipper = await Shipper.start(
    folder,
    settings(folder, [postgres.logPattern], { ...cloud.settings, filter }),
  );
  await eventually(() => shipper.isReady());
  return { postgres, cloud, shipper };
}

/** SQL, person, class and command of each statement, in order. */
function statements(cloud: Cloud): unknown[][] {
  return cloud
    .archived('statement')
    .map(({ actor, audit }) => [
      actor?.user,
      audit?.class,
      audit?.command,
      audit?.statement,
      audit?.parameters,
    ]);
}

test('what persons change arrives in both clouds, with parameters; services and logins never do', async () => {
  const { postgres, cloud, shipper } = await scene();
  for (const user of SERVICES) {
    await postgres.query(
      user,
      "INSERT INTO t VALUES (0, 'app') ON CONFLICT DO NOTHING",
      'UPDATE t SET name = name',
      'SELECT * FROM t',
    );
  }
  const kari = await postgres.connect('Z990001');
  await kari.query('INSERT INTO t VALUES ($1, $2)', [1, 'Kåre "K",\nlinje']);
  await kari.query('INSERT INTO t VALUES ($1, $2)', [2, null]);
  await kari.query('SET ROLE app_web');
  await kari.query('DELETE FROM t\nWHERE id = 2 -- hidden by SET ROLE? "no"');
  await kari.query('RESET ROLE');
  await kari.query('BEGIN');
  await kari.query('UPDATE t SET id = 9 WHERE id = 1');
  await kari.query('ROLLBACK');
  await expect(kari.query("INSERT INTO t VALUES (1, 'dup')")).rejects.toThrow('duplicate key');
  await kari.query("DO $$ BEGIN UPDATE t SET name = 'in a block'; END $$");
  await kari.end();
  await postgres.query(
    'kari.nordmann@nav.no',
    'CREATE TABLE u AS SELECT * FROM t',
    'GRANT SELECT ON u TO app_web',
    'DROP TABLE u',
  );
  await postgres.query(PERSONS[3] ?? '', 'SELECT 1', 'DELETE FROM t WHERE false');

  const expected = [
    ['Z990001', 'WRITE', 'INSERT', 'INSERT INTO t VALUES ($1, $2)', ['1', 'Kåre "K",\nlinje']],
    ['Z990001', 'WRITE', 'INSERT', 'INSERT INTO t VALUES ($1, $2)', ['2', '']],
    ['Z990001', 'WRITE', 'DELETE', 'DELETE FROM t\nWHERE id = 2 -- hidden by SET ROLE? "no"', []],
    ['Z990001', 'WRITE', 'UPDATE', 'UPDATE t SET id = 9 WHERE id = 1', []],
    ['Z990001', 'WRITE', 'INSERT', "INSERT INTO t VALUES (1, 'dup')", []],
    ['Z990001', 'WRITE', 'UPDATE', "UPDATE t SET name = 'in a block'", []],
    ['kari.nordmann@nav.no', 'DDL', 'CREATE TABLE AS', 'CREATE TABLE u AS SELECT * FROM t', []],
    ['kari.nordmann@nav.no', 'ROLE', 'GRANT', 'GRANT SELECT ON u TO app_web', []],
    ['kari.nordmann@nav.no', 'DDL', 'DROP TABLE', 'DROP TABLE u', []],
    ['odd"name,\nZ990003', 'WRITE', 'DELETE', 'DELETE FROM t WHERE false', []],
  ];
  await eventually(async () => cloud.logged('statement').length >= expected.length);
  expect(await shipper.stop()).toBe(0);
  expect(statements(cloud)).toEqual(expected);
  expect(cloud.logged()).toEqual(cloud.archived());

  const seals = cloud.archived('seal').flatMap(event => (event.seal ? [event.seal.records] : []));
  const read = seals.reduce((total, records) => total + records.read, 0);
  const dropped = seals.reduce((total, records) => total + sum(records.dropped), 0);
  const failures = cloud.archived('failure').map(({ actor, failure }) => [actor?.user, failure?.sqlState]);
  expect(failures).toEqual([['Z990001', '23505']]);
  expect(read).toBe(expected.length + failures.length + dropped);
  expect(new Set(seals.flatMap(records => Object.keys(records.dropped)))).toEqual(
    new Set(['not-audit', 'service-user', 'other-user']),
  );
});

test('an UPDATE arrives in both clouds by itself, without another one after it', async () => {
  const { postgres, cloud } = await scene();
  const kari = await postgres.connect('Z990001');
  for (let n = 1; n <= 10; n++) {
    await kari.query('UPDATE t SET name = $1', [`${n}`]);
    await eventually(
      async () => cloud.logged('statement').length === n && cloud.archived('statement').length === n,
    );
  }
  await kari.end();
});

test('a forged record is a suspect under the name of who forged it, and never a statement (I2)', async () => {
  const { postgres, cloud, shipper } = await scene();
  const forged = 'AUDIT: SESSION,1,1,WRITE,DELETE,,,DELETE FROM t,<none>';
  await postgres.query(
    'Z990002',
    `DO $$BEGIN RAISE LOG '${forged}'; END$$`,
    `CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE plpgsql AS $$BEGIN RAISE LOG '${forged}'; END$$`,
    'SELECT pg_temp.f()',
    'UPDATE t SET name = \'x\' WHERE name = \'\n2026-11-21 20:40:01.123 CET,"Z990001","postgres",1,"h",1.1,1,"X",2026-11-21 20:40:01 CET,3/1,0,LOG,00000,"AUDIT: SESSION,1,1,WRITE,DELETE,,,DELETE FROM t,<none>",,,,,,,,,"psql","client backend",,0\n\'',
  );
  await eventually(async () => cloud.logged('statement').length === 2);
  await shipper.stop();
  expect(
    cloud.archived('suspect').map(({ actor, suspect }) => [actor?.user, suspect?.reason, suspect?.message]),
  ).toEqual([
    ['Z990002', 'context', forged],
    ['Z990002', 'context', forged],
  ]);
  expect(statements(cloud).map(([user, , command]) => [user, command])).toEqual([
    ['Z990002', 'CREATE FUNCTION'],
    ['Z990002', 'UPDATE'],
  ]);
  expect(cloud.logging.shown.filter(entry => entry.severity === 'CRITICAL')).toHaveLength(2);
});

test('killed at any moment under load: nothing is lost, and nothing is in the archive twice (I1)', async () => {
  const postgres = await startPostgres();
  await postgres.query(
    'postgres',
    'CREATE ROLE "Z990001" LOGIN',
    'CREATE TABLE t (id int)',
    'GRANT ALL ON t TO PUBLIC',
  );
  const cloud = await startCloud();
  const folder = await temporaryFolder();
  const config = settings(folder, [postgres.logPattern], cloud.settings);
  const kari = await postgres.connect('Z990001');
  let count = 0;
  let isWorking = true;
  const work = (async () => {
    while (isWorking) await kari.query('INSERT INTO t SELECT $1::int FROM pg_sleep(0.004)', [++count]);
    await kari.end();
  })();
  const shown = (): number => cloud.logging.shown.filter(entry => entry.labels.kind === 'statement').length;
  for (const more of [1, 300, 20, 150, 5, 400, 60]) {
    const before = count;
    const shipper = await Shipper.start(folder, config);
    // From here on, records can be read only by this run.
    await eventually(async () => shown() >= before + more);
    await shipper.kill();
  }
  isWorking = false;
  await work;
  const shipper = await Shipper.start(folder, config);
  await eventually(async () => shown() >= count);
  expect(await shipper.stop()).toBe(0);
  const numbers = cloud.archived('statement').map(event => Number(event.audit?.parameters?.[0]));
  expect(numbers).toEqual(Array.from({ length: count }, (_, index) => index + 1));
  // Of several requests in flight a small one may arrive before a large one: Cloud Logging sorts by time.
  expect(
    cloud
      .logged('statement')
      .map(event => event.id)
      .sort(),
  ).toEqual(
    cloud
      .archived('statement')
      .map(event => event.id)
      .sort(),
  );
  // The kills hit work in progress: each run journaled statements.
  const runs: number[] = [];
  for (const event of cloud.archived()) {
    if (event.lifecycle?.action === 'started') runs.push(0);
    if (event.kind === 'statement') runs.push((runs.pop() ?? 0) + 1);
  }
  expect(runs.filter(statements => statements > 0).length).toBeGreaterThanOrEqual(7);
});
