/** On a real server: a state that needs somebody is visible as long as it lasts, and after a restart, too. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ThrowawayPostgres } from '../../demo/postgres.js';
import { startPostgres } from '../support/postgres.js';
import { restarter } from '../support/restart.js';
import {
  archived,
  eventually,
  logged,
  runCommand,
  runOnce,
  type Settings,
  Shipper,
  settings,
} from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

interface Problem {
  readonly code: string;
  readonly since: string;
  readonly what: string;
  readonly fix: string;
}

interface Shown {
  readonly codes: readonly string[];
  readonly unaudited: number;
  readonly gauge: number;
  readonly isGreen: boolean;
  readonly isReady: boolean;
}

async function problemsOf(shipper: Shipper): Promise<Problem[]> {
  const { problems = [] } = JSON.parse((await shipper.get('/internal/status.json')).body);
  return problems;
}

/** All places where a problem is visible. */
async function shown(shipper: Shipper): Promise<Shown> {
  const page = (await shipper.get('/')).body;
  return {
    codes: (await problemsOf(shipper)).map(({ code }) => code),
    unaudited: await shipper.metric('pgaudit_shipper_unaudited_roles'),
    gauge: await shipper.metric('pgaudit_shipper_problem{code="not-audited"}'),
    isGreen: page.includes('class="verdict good"'),
    isReady: await shipper.isReady(),
  };
}

const WELL: Shown = { codes: [], unaudited: 0, gauge: 0, isGreen: true, isReady: true };
const NOT_AUDITED: Shown = { codes: ['not-audited'], unaudited: 1, gauge: 1, isGreen: false, isReady: true };

async function started(
  more: Readonly<Record<string, string>> = {},
): Promise<{ postgres: ThrowawayPostgres; folder: string; config: Settings }> {
  const postgres = await startPostgres({ 'pgaudit.log_relation': 'on', ...more });
  await postgres.query('postgres', 'CREATE ROLE app_shipper LOGIN', 'CREATE ROLE "Z990001" LOGIN');
  const folder = await temporaryFolder();
  const config = settings(folder, [postgres.logPattern], {
    filter: { personalUsers: ['^Z'], serviceUsers: ['^app', '^postgres$'] },
    database: { url: `postgres://app_shipper@127.0.0.1:${postgres.port}/postgres` },
  });
  return { postgres, folder, config };
}

/** Waits until it reads, and has looked at the server. */
async function running(folder: string, config: Settings): Promise<Shipper> {
  const shipper = await Shipper.start(folder, config);
  await eventually(() => shipper.isReady());
  await eventually(async () => (await shipper.metric('pgaudit_shipper_unaudited_roles')) >= 0);
  return shipper;
}

test('a person who is not audited: page, status.json and gauge, through a restart, until it is undone', async () => {
  const { postgres, folder, config } = await started();
  const first = await running(folder, config);
  expect(await shown(first)).toEqual(WELL);
  await postgres.query('postgres', `ALTER ROLE "Z990001" SET pgaudit.log = 'none'`);
  await eventually(async () => (await problemsOf(first)).length > 0);
  expect(await shown(first)).toEqual(NOT_AUDITED);
  expect(await problemsOf(first)).toMatchObject([
    {
      what: '1 of 1 persons are not audited as filter.classes requires (pgaudit.log none: WRITE, DDL, ROLE not audited)',
      fix: expect.stringContaining('pgaudit-shipper check'),
    },
  ]);
  expect(first.logged('settings-changed')).toMatchObject([
    { changes: [{ name: 'pgaudit.log', role: 'Z990001', before: null, after: 'none' }] },
  ]);
  const [seen] = await problemsOf(first);
  await first.stop();

  const second = await running(folder, config);
  expect(await shown(second)).toEqual(NOT_AUDITED);
  expect(await problemsOf(second)).toMatchObject([{ since: seen?.since }]);
  expect(second.logged('problem')).toMatchObject([{ problem: 'not-audited', roles: ['Z990001'] }]);
  // Nothing changed since: the first look finds the state.
  expect(second.logged('settings-changed')).toEqual([]);
  await postgres.query('postgres', 'ALTER ROLE "Z990001" RESET pgaudit.log');
  await eventually(async () => (await problemsOf(second)).length === 0);
  expect(await shown(second)).toEqual(WELL);
  await second.stop();

  // Missing is not the same as broken.
  expect((await runCommand(['verify', `file:${folder}/archive`])).code).not.toBe(1);
  const populations = (await archived(folder, 'population')).map(({ population }) => population);
  // At the first start, and at the second, since the population had changed by then.
  expect(populations).toMatchObject([
    { persons: 1, services: 2, others: 0, unaudited: { count: 0 }, groups: [{ roles: ['Z990001'] }] },
    { persons: 1, unaudited: { count: 1, names: ['Z990001'] }, groups: [{ roles: ['Z990001'] }] },
  ]);
  expect(populations[1]?.groups[0]?.databases).toEqual([
    {
      databases: ['postgres', 'template1'],
      log: 'none',
      isAudited: false,
      faults: ['pgaudit.log none: WRITE, DDL, ROLE not audited'],
    },
  ]);
  const [, entry] = await logged(folder, 'population');
  expect(entry?.population?.unaudited).toEqual({ count: 1, names: ['Z990001'] });
  expect(Object.keys(entry?.population ?? {})).not.toEqual(expect.arrayContaining(['groups']));
  const configs = (await archived(folder, 'config')).map(({ config: reported }) => reported?.unaudited);
  expect(configs).toEqual([
    { count: 1, names: ['Z990001'] },
    { count: 0, names: [] },
  ]);
});

test('who leaves the group of persons is still shipped, and still has to be audited', async () => {
  const { postgres, folder, config } = await started();
  await postgres.query('postgres', 'CREATE ROLE persons', 'CREATE ROLE kari LOGIN IN ROLE persons');
  const filter = { personalUsers: ['memberOf:persons'], serviceUsers: ['^app', '^postgres$', '^Z'] };
  const grouped = { ...config, filter };
  expect((await runOnce(folder, grouped)).code).toBe(0);
  await postgres.query('postgres', 'REVOKE persons FROM kari', `ALTER ROLE kari SET pgaudit.log = 'none'`);
  const shipper = await running(folder, grouped);
  expect(await shown(shipper)).toEqual(NOT_AUDITED);
  expect(shipper.logged('settings-changed')).toMatchObject([
    {
      changes: [
        { what: 'role', name: 'kari', before: 'person', after: 'other' },
        { name: 'pgaudit.log', role: 'kari', before: null, after: 'none' },
      ],
    },
  ]);
  await shipper.stop();
  expect((await runCommand(['verify', `file:${folder}/archive`])).code).toBe(3);
  const [reported] = (await archived(folder, 'config')).map(({ config: changed }) => changed?.unaudited);
  expect(reported).toEqual({ count: 1, names: ['kari'] });
});

test('a group role that is renamed: whoever joins it is not shipped, and it is a problem until it is undone', async () => {
  const { postgres, folder, config } = await started();
  await postgres.query('postgres', 'CREATE ROLE persons', 'CREATE ROLE kari LOGIN IN ROLE persons');
  const filter = { personalUsers: ['memberOf:persons'], serviceUsers: ['^app', '^postgres$', '^Z'] };
  const shipper = await running(folder, { ...config, filter });
  expect(await shown(shipper)).toEqual(WELL);
  // The record wakes the daemon, which looks at the server then.
  await postgres.query('postgres', 'ALTER ROLE persons RENAME TO people');
  await postgres.query('kari', 'ALTER ROLE kari SET work_mem = 64');
  await eventually(async () => (await problemsOf(shipper)).length > 0);
  expect(await shown(shipper)).toMatchObject({ codes: ['group-missing'], isGreen: false, isReady: true });
  await postgres.query('postgres', 'ALTER ROLE people RENAME TO persons');
  await postgres.query('kari', 'ALTER ROLE kari RESET work_mem');
  await eventually(async () => (await problemsOf(shipper)).length === 0);
  expect(await shown(shipper)).toEqual(WELL);
  await shipper.stop();
});

test('who may turn auditing off from now on is recorded at once, not with the next day', async () => {
  const { postgres, folder, config } = await started();
  const shipper = await running(folder, config);
  // The service's record wakes the daemon, which looks at the server then.
  const change = async (sql: string): Promise<void> => {
    await postgres.query('postgres', sql);
    await postgres.query('app_shipper', 'ALTER ROLE app_shipper SET work_mem = 64');
  };
  const populations = async (): Promise<number> => (await logged(folder, 'population')).length;
  await eventually(async () => (await populations()) === 1);
  await change('ALTER ROLE "Z990001" SUPERUSER');
  await eventually(async () => (await populations()) === 2);
  await change('ALTER ROLE "Z990001" NOSUPERUSER');
  await eventually(async () => (await populations()) === 3);
  await shipper.stop();
  const recorded = (await archived(folder, 'population')).map(({ population }) => population?.mayTurnOff);
  expect(recorded).toEqual([[], [{ role: 'Z990001', by: ['superuser'] }], []]);
});

test('a server that writes no csvlog, one that writes it elsewhere, one without pgAudit, and one that is down', async () => {
  const { postgres, folder, config } = await started();
  const codes = async (shipper: Shipper): Promise<readonly string[]> => (await shown(shipper)).codes;
  await postgres.query('postgres', "ALTER SYSTEM SET log_destination = 'stderr'", 'SELECT pg_reload_conf()');
  const first = await running(folder, config);
  await eventually(async () => (await codes(first)).length > 0);
  expect(await problemsOf(first)).toMatchObject([
    {
      code: 'log-format',
      what: 'log_destination: stderr: neither csvlog nor jsonlog is written: there is nothing to ship',
      fix: "ALTER SYSTEM SET log_destination = 'stderr,csvlog'; SELECT pg_reload_conf();",
    },
  ]);
  await first.stop();

  await postgres.query('postgres', 'ALTER SYSTEM RESET log_destination', 'SELECT pg_reload_conf()');
  const other = join(folder, 'empty.csv');
  await writeFile(other, '');
  await postgres.query('postgres', 'GRANT pg_read_all_settings TO app_shipper');
  await postgres.query('postgres', 'GRANT EXECUTE ON FUNCTION pg_current_logfile(text) TO app_shipper');
  const wrong = await running(folder, { ...config, source: { files: [other] } });
  await eventually(async () => (await codes(wrong)).length > 0);
  expect(await problemsOf(wrong)).toMatchObject([
    { code: 'log-elsewhere', fix: `source: {files: ["${postgres.logPattern}"]}` },
  ]);
  await wrong.stop();

  await postgres.query(
    'postgres',
    'ALTER SYSTEM RESET log_destination',
    "ALTER SYSTEM SET shared_preload_libraries = 'auto_explain'",
  );
  const restart = await restarter(postgres);
  await postgres.stop();
  const down = await Shipper.start(folder, config);
  await down.eventuallyLogged('settings-failed');
  await eventually(() => down.isReady());
  expect(await shown(down)).toMatchObject({ codes: ['database-unreachable'], isGreen: false, isReady: true });
  expect((await problemsOf(down))[0]?.fix).toBe('nobody listens at the host and port of database.url');
  await down.stop();

  restart();
  const second = await running(folder, config);
  expect(await shown(second)).toMatchObject({
    codes: ['pgaudit-not-loaded', 'not-audited'],
    unaudited: 1,
    isGreen: false,
    isReady: true,
  });
  expect((await problemsOf(second))[0]?.fix).toContain('ALTER SYSTEM SET shared_preload_libraries');
  await second.stop();
  const reported = (await archived(folder, 'population')).map(({ population }) => population?.server);
  expect(reported.at(-1)).toEqual({ version: expect.stringMatching(/^\d+\.\d+$/), pgaudit: null });
});

test('runs with --once report the population, too: once a day, and when it changed', async () => {
  const { postgres, folder, config } = await started();
  for (const log of [null, null, 'none', 'none', null]) {
    const action = log === null ? 'RESET pgaudit.log' : `SET pgaudit.log = '${log}'`;
    await postgres.query('postgres', `ALTER ROLE "Z990001" ${action}`);
    expect((await runOnce(folder, config)).code).toBe(0);
  }
  const reported = (await archived(folder)).filter(({ kind }) => kind === 'population' || kind === 'config');
  expect(
    reported.map(({ kind, population, config: changed }) => [
      kind,
      (population ?? changed)?.unaudited?.count,
    ]),
  ).toEqual([
    ['population', 0],
    ['config', 1],
    ['population', 1],
    ['config', 0],
    ['population', 0],
  ]);
});
