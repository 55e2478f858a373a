/** Changes of what is audited: what counts as a change, and that a real server's changes are reported. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type AuditSettings, carryOver, diff } from '../../src/database/audit-settings.js';
import type { Role } from '../../src/database/look.js';
import { type LookResult, SettingsWatch } from '../../src/database/settings-watch.js';
import type { AuditChange, ConfigFields } from '../../src/event/config.js';
import { type Clock, systemClock } from '../../src/lib/clock.js';
import { Disk } from '../../src/lib/disk.js';
import { codeOf } from '../../src/lib/errors.js';
import { CheckedServer } from '../support/checked-server.js';
import { ManualClock } from '../support/clock.js';
import { temporaryFolder } from '../support/temp.js';

const KEPT: AuditSettings = {
  v: 1,
  server: 'db:5432',
  readAt: 0,
  isLoaded: true,
  settings: [
    { name: 'pgaudit.log', value: 'write' },
    { name: 'log_connections', value: 'on' },
  ],
  overrides: [{ setting: 'pgaudit.log', role: 'z', database: null, value: 'all' }],
  kinds: { batch: 'other', app: 'service', kari: 'person' },
};

describe('what changed', () => {
  test('nothing, if nothing did, whenever it was read and in any order', () => {
    expect(diff(KEPT, { ...KEPT, readAt: 60_000, settings: KEPT.settings.toReversed() })).toEqual([]);
  });

  test('each change with the values before and after', () => {
    const after: AuditSettings = {
      ...KEPT,
      isLoaded: false,
      settings: [
        { name: 'pgaudit.log', value: 'none' },
        { name: 'log_statement', value: 'all' },
      ],
      overrides: [
        { setting: 'pgaudit.log', role: null, database: null, value: 'none' },
        { setting: 'pgaudit.log', role: 'z', database: 'hold', value: 'ddl' },
      ],
      kinds: { batch: 'other', batch2: 'other', app: 'other', kari: 'service', ola: 'person' },
    };
    const setting = { what: 'setting', name: 'pgaudit.log' };
    const found = diff(KEPT, after);
    expect(found).toHaveLength(8);
    expect(found).toEqual(
      expect.arrayContaining([
        { what: 'library', name: 'pgaudit', before: 'loaded', after: null },
        { ...setting, before: 'write', after: 'none' },
        { ...setting, isOverride: true, before: null, after: 'none' },
        { ...setting, isOverride: true, role: 'z', before: 'all', after: null },
        { ...setting, isOverride: true, role: 'z', database: 'hold', before: null, after: 'ddl' },
        { what: 'role', name: 'batch2', before: null, after: 'other' },
        { what: 'role', name: 'app', before: 'service', after: 'other' },
        { what: 'role', name: 'kari', before: 'person', after: 'service' },
      ]),
    );
  });

  test('a removed role is not a change, nor is one whose kind an older look did not have', () => {
    expect(diff(KEPT, { ...KEPT, kinds: {} })).toEqual([]);
    const { kinds: _, ...old } = KEPT;
    expect(diff(old, KEPT)).toEqual([]);
  });

  test('a change of what the shipper may see is not one; what changed meanwhile is reported when it may see it again', () => {
    const hidden = carryOver(KEPT, { ...KEPT, settings: [{ name: 'log_connections', value: 'on' }] });
    expect(diff(KEPT, hidden)).toEqual([]);
    const more = [...KEPT.settings, { name: 'log_directory', value: 'log' }];
    expect(diff(hidden, { ...KEPT, settings: more })).toEqual([]);
    expect(diff(hidden, { ...KEPT, settings: [{ name: 'pgaudit.log', value: 'none' }] })).toEqual([
      { what: 'setting', name: 'pgaudit.log', before: 'write', after: 'none' },
    ]);
  });

  test('another server is not compared', () => {
    expect(diff(KEPT, { ...KEPT, server: 'other:5432', settings: [] })).toEqual([]);
  });
});

let server: CheckedServer;
beforeAll(async () => {
  server = await CheckedServer.start();
});
afterAll(async () => await server.stop());

interface Watched {
  readonly watch: SettingsWatch<LookResult>;
  /** Changes of settings. */
  readonly reported: ConfigFields[];
  readonly failures: string[];
  readonly cachePath: string;
  look(): Promise<readonly AuditChange[]>;
}

const NOBODY = { count: 0, names: [] };

function kindsOf(roles: readonly Role[]): LookResult['kinds'] {
  const logins = roles.filter(({ canLogin }) => canLogin).map(({ name }) => name);
  return Object.fromEntries(logins.map(name => [name, name.startsWith('batch') ? 'other' : 'person']));
}

async function open(
  cachePath?: string,
  port = server.postgres.port,
  clock: Clock = systemClock,
): Promise<Watched> {
  const path = cachePath ?? join(await temporaryFolder(), 'settings.json');
  const reported: ConfigFields[] = [];
  const failures: string[] = [];
  const report = {
    settingsFailed: (error: unknown) => void failures.push(codeOf(error)),
    settingsNotRecorded: (error: unknown) => void failures.push(`not recorded: ${codeOf(error)}`),
    settingsChecked: () => undefined,
    cacheFailed: (_path: string, error: unknown) => void failures.push(`cache ${codeOf(error)}`),
  };
  const watch = await SettingsWatch.load(
    {
      url: `postgres://shipper:s3cret@127.0.0.1:${port}/postgres`,
      cachePath: path,
      evaluate: async ({ roles }) => ({ kinds: kindsOf(roles), population: [], unaudited: NOBODY }),
    },
    { clock, disk: new Disk(), report },
  );
  onTestFinished(() => watch.close());
  const look = async (): Promise<readonly AuditChange[]> => {
    const before = reported.length;
    await watch.look(content => void (content.kind === 'config' && reported.push(content)));
    return reported.slice(before).flatMap(({ config }) => config.changes);
  };
  return { watch, reported, failures, cachePath: path, look };
}

describe('on a real server', () => {
  test('the first look reports nothing; then each change is reported once, and its undoing', async () => {
    const { look } = await open();
    expect(await look()).toEqual([]);
    await server.run("ALTER SYSTEM SET pgaudit.log = 'ddl'; SELECT pg_reload_conf();");
    expect(await look()).toEqual([
      { what: 'setting', name: 'pgaudit.log', before: 'write,ddl,role', after: 'ddl' },
    ]);
    expect(await look()).toEqual([]);
    await server.run('ALTER SYSTEM RESET pgaudit.log; SELECT pg_reload_conf();');
    expect(await look()).toEqual([
      { what: 'setting', name: 'pgaudit.log', before: 'ddl', after: 'write,ddl,role' },
    ]);
    await server.run(
      [
        'ALTER ROLE "Z990001" SET pgaudit.log = none',
        'ALTER ROLE "Z990001" SET work_mem = "8MB"',
        'ALTER DATABASE hold SET pgaudit.log_parameter = off',
        'ALTER ROLE "Z990001" IN DATABASE hold SET log_min_messages = panic',
        'CREATE ROLE batch LOGIN',
        'CREATE ROLE batch_group',
      ].join('\n'),
    );
    const setting = { what: 'setting', isOverride: true, before: null };
    expect(await look()).toEqual([
      { what: 'role', name: 'batch', before: null, after: 'other' },
      { ...setting, name: 'log_min_messages', role: 'Z990001', database: 'hold', after: 'panic' },
      { ...setting, name: 'pgaudit.log', role: 'Z990001', after: 'none' },
      { ...setting, name: 'pgaudit.log_parameter', database: 'hold', after: 'off' },
    ]);
  });

  test('a change between two looks is reported by the next one, also after a restart', async () => {
    const { watch, look, cachePath } = await open();
    await look();
    await watch.close();
    const kept = JSON.parse(await readFile(cachePath, 'utf8'));
    expect(JSON.stringify(kept)).not.toContain('s3cret');
    await server.run('ALTER SYSTEM SET pgaudit.log_relation = off; SELECT pg_reload_conf();');
    const second = await open(cachePath);
    expect(await second.look()).toEqual([
      { what: 'setting', name: 'pgaudit.log_relation', before: 'on', after: 'off' },
    ]);
    expect(second.reported[0]?.config.since).toBe(new Date(kept.readAt).toISOString());
    await server.run('ALTER SYSTEM RESET pgaudit.log_relation; SELECT pg_reload_conf();');
  });

  test("what is granted to the shipper's own role, and a role that is dropped, are not reported", async () => {
    const { look } = await open();
    await look();
    await server.run('CREATE ROLE batch2 LOGIN');
    expect(await look()).toEqual([{ what: 'role', name: 'batch2', before: null, after: 'other' }]);
    await server.run('DROP ROLE batch2\nREVOKE pg_read_all_settings FROM shipper');
    expect(await look()).toEqual([]);
    await server.run('GRANT pg_read_all_settings TO shipper');
    expect(await look()).toEqual([]);
    const override = { what: 'setting', name: 'pgaudit.log', isOverride: true, database: 'postgres' };
    await server.run("ALTER DATABASE postgres SET pgaudit.log = 'all'");
    expect(await look()).toEqual([{ ...override, before: null, after: 'all' }]);
    // A look from this database does not see it now.
    await server.run("ALTER SYSTEM SET pgaudit.log = 'ddl'; SELECT pg_reload_conf();");
    expect(await look()).toEqual([]);
    await server.run('ALTER DATABASE postgres RESET pgaudit.log');
    expect(await look()).toEqual([
      { what: 'setting', name: 'pgaudit.log', before: 'write,ddl,role', after: 'ddl' },
      { ...override, before: 'all', after: null },
    ]);
    await server.run('ALTER SYSTEM RESET pgaudit.log; SELECT pg_reload_conf();');
  });

  test('a change that could not be journaled is reported again', async () => {
    const { watch, look, failures } = await open();
    await look();
    await server.run('ALTER SYSTEM SET pgaudit.log_rows = on; SELECT pg_reload_conf();');
    await watch.look(() => Promise.reject(new Error('no room')));
    expect(failures).toEqual(['not recorded: Error']);
    expect(await look()).toEqual([{ what: 'setting', name: 'pgaudit.log_rows', before: 'off', after: 'on' }]);
    await server.run('ALTER SYSTEM RESET pgaudit.log_rows; SELECT pg_reload_conf();');
  });

  test('a database that is down is reported once; a damaged file is reported, and replaced', async () => {
    const { look, failures, cachePath } = await open(undefined, 1);
    expect([await look(), await look(), failures]).toEqual([[], [], ['ECONNREFUSED']]);
    await writeFile(cachePath, '{');
    const second = await open(cachePath);
    expect([await second.look(), second.failures]).toEqual([[], ['cache cache']]);
  });

  test('it looks at once and every minute, until it is stopped', async () => {
    const clock = new ManualClock('2026-11-21T20:40:00Z');
    const { watch, reported } = await open(undefined, server.postgres.port, clock);
    const stop = new AbortController();
    const following = watch.follow(
      stop.signal,
      content => void (content.kind === 'config' && reported.push(content)),
    );
    await untilWaiting(clock);
    await server.run('ALTER SYSTEM SET log_statement = ddl; SELECT pg_reload_conf();');
    await clock.advance(59_000);
    expect(reported).toEqual([]);
    await clock.advance(1000);
    while (reported.length === 0) await new Promise(resolve => setTimeout(resolve, 5));
    expect(reported).toEqual([
      {
        kind: 'config',
        config: {
          since: '2026-11-21T20:40:00.000Z',
          changes: [{ what: 'setting', name: 'log_statement', before: 'mod', after: 'ddl' }],
          unaudited: NOBODY,
        },
      },
    ]);
    stop.abort();
    await following;
  });
});

/** The first look is over: it waits for the next one, and to write its result. */
async function untilWaiting(clock: ManualClock): Promise<void> {
  while (clock.waiting < 2) await new Promise(resolve => setTimeout(resolve, 5));
}
