/**
 * On a real PostgreSQL: a person's change that pgAudit did not log is reported, and nothing that it did log ever is.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ArchivedEvent } from '../support/archive.js';
import { startPostgres } from '../support/postgres.js';
import { archived, eventually, logged, runCommand, runOnce, Shipper, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';
import { change, changesOf, extended, type Protocol, work } from '../support/workload.js';

const KARI = 'Z990001';
const OLA = 'Z990002';

const PROTOCOLS: readonly Protocol[] = ['simple', 'extended', 'prepared'];

/** Ways in which a server may log statements besides pgAudit. */
const TELLING: readonly Readonly<Record<string, string>>[] = [
  { log_statement: 'mod' },
  { log_statement: 'all', log_min_duration_statement: '0', 'pgaudit.log_rows': 'on' },
  { log_statement: 'none', log_min_duration_statement: '0', log_duration: 'on' },
  { log_statement: 'all', log_duration: 'on', 'pgaudit.log': 'all', log_min_messages: 'notice' },
  { log_statement: 'mod', update_process_title: 'off', 'pgaudit.log_relation': 'on', log_lock_waits: 'on' },
  {
    log_statement: 'all',
    'pgaudit.log_statement_once': 'on',
    log_temp_files: '0',
    log_min_duration_statement: '0',
  },
];

function alter(role: string, values: Readonly<Record<string, string>>): string[] {
  return [
    `ALTER ROLE "${role}" RESET ALL`,
    ...Object.entries(values).map(([name, value]) => `ALTER ROLE "${role}" SET ${name} = '${value}'`),
  ];
}

test('whatever an audited person does, and however the server logs it, nothing is unaudited and nothing is missing', async () => {
  const postgres = await startPostgres({ deadlock_timeout: '1ms' });
  const folder = await temporaryFolder();
  await postgres.query(
    'postgres',
    `CREATE ROLE "${KARI}" LOGIN SUPERUSER`,
    `CREATE ROLE "${OLA}" LOGIN`,
    'CREATE TABLE forbidden (id int)',
    `GRANT CREATE ON SCHEMA public TO "${OLA}"`,
  );
  for (const values of TELLING) {
    await postgres.query('postgres', ...alter(KARI, values), ...alter(OLA, values));
    await work(postgres, KARI, folder);
    const other = await postgres.connect(OLA);
    await expect(other.query('DELETE FROM forbidden')).rejects.toThrow('permission denied');
    await expect(other.query(extended('TRUNCATE forbidden'))).rejects.toThrow('permission');
    await other.end();
  }
  expect((await runOnce(folder, settings(folder, [postgres.logPattern]))).code).toBe(0);
  const events = await archived(folder);
  const doubts = events.filter(({ kind }) => ['unaudited', 'gap', 'suspect'].includes(kind));
  expect(doubts.map(({ kind, unaudited, gap }) => [kind, unaudited ?? gap])).toEqual([]);
  expect(events.filter(({ kind }) => kind === 'statement').length).toBeGreaterThan(TELLING.length * 150);
});

const WAYS = [{ log_statement: 'mod' }, { log_statement: 'all' }, { log_min_duration_statement: '0' }];

test.each(WAYS)(
  'each change of a person whom pgAudit does not log is reported, with the class that pgAudit would give it: %j',
  async way => {
    const postgres = await startPostgres(way);
    await postgres.query(
      'postgres',
      `CREATE ROLE "${KARI}" LOGIN SUPERUSER`,
      `CREATE ROLE "${OLA}" LOGIN SUPERUSER`,
      `ALTER ROLE "${OLA}" SET pgaudit.log = 'none'`,
    );
    for (const [index, protocol] of PROTOCOLS.entries())
      for (const [user, name] of [
        [KARI, `k${index}`],
        [OLA, `o${index}`],
      ] as const) {
        const client = await postgres.connect(user);
        for (const text of changesOf(name)) await change(client, text, protocol);
        await client.end();
      }
    const folder = await temporaryFolder();
    expect((await runOnce(folder, settings(folder, [postgres.logPattern]))).code).toBe(0);
    const reported = (await archived(folder, 'unaudited')).map(({ unaudited, actor }) => {
      const { class: filed, statement, expected, audited } = unaudited ?? {};
      return [actor?.user, filed, statement, expected, audited];
    });
    const classes = classesOf(await archived(folder, 'statement'));
    const expected = PROTOCOLS.flatMap((_, index) =>
      changesOf(`o${index}`).map((text, at) => [
        OLA,
        classes.get(changesOf(`k${index}`)[at] ?? ''),
        text,
        1,
        0,
      ]),
    );
    expect(reported).toEqual(expected);
  },
  120_000,
);

/** What pgAudit itself logs for each text; for `CREATE TABLE AS` it logs first what is read. */
function classesOf(statements: readonly ArchivedEvent[]): Map<string, string> {
  const known = new Map<string, string>();
  for (const { actor, audit } of statements)
    if (actor?.user === KARI && audit?.substatementId === 1)
      known.set(audit.statement ?? '', known.get(audit.statement ?? '') ?? audit.class);
  return known;
}

test('what the server’s own pgaudit.log leaves out is not expected, if the database can be queried', async () => {
  const postgres = await startPostgres({ log_statement: 'mod', 'pgaudit.log': 'ddl' });
  await postgres.query(
    'postgres',
    'CREATE ROLE shipper LOGIN',
    `CREATE ROLE "${KARI}" LOGIN SUPERUSER`,
    `CREATE ROLE "${OLA}" LOGIN SUPERUSER`,
    `ALTER ROLE "${OLA}" SET pgaudit.log = 'none'`,
  );
  const folder = await temporaryFolder();
  const database = { url: `postgres://shipper@127.0.0.1:${postgres.port}/postgres` };
  const shipper = await Shipper.start(folder, settings(folder, [postgres.logPattern], { database }));
  await eventually(async () => existsSync(join(folder, 'state', 'audit-settings.json')));
  for (const user of [KARI, OLA]) {
    const name = user.toLowerCase();
    await postgres.query(
      user,
      `CREATE TABLE ${name} (id int)`,
      `INSERT INTO ${name} VALUES (1)`,
      `DROP TABLE ${name}`,
    );
  }
  await eventually(async () => (await logged(folder, 'unaudited')).length === 2);
  await shipper.stop();
  const reported = (await archived(folder, 'unaudited')).map(({ actor, unaudited }) => [
    actor?.user,
    unaudited?.statement,
  ]);
  expect(reported).toEqual([
    [OLA, 'CREATE TABLE z990002 (id int)'],
    [OLA, 'DROP TABLE z990002'],
  ]);
  expect(shipper.logged('unaudited')).toMatchObject([{ level: 'error' }, { level: 'error' }]);
  // 1: the archive was changed.
  expect((await runCommand(['verify', join(folder, 'archive')])).code).not.toBe(1);
}, 60_000);
