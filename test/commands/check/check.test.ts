/** What `check` makes of what it read: rules that no server or machine of the tests can show. */

import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clockFinding } from '../../../src/commands/check/clock.js';
import type { Finding } from '../../../src/commands/check/finding.js';
import { activeFindings, modeFindings } from '../../../src/commands/check/log-file.js';
import { durableFinding, mountOf } from '../../../src/commands/check/mount.js';
import { renderTable } from '../../../src/commands/check/render.js';
import { periodOf, rotationFindings } from '../../../src/commands/check/rotation.js';
import { serverFindings } from '../../../src/commands/check/server.js';
import { schema } from '../../../src/config/schema.js';
import { deviations, type Person } from '../../../src/database/population/effective.js';
import { loggedClasses, passes } from '../../../src/database/population/rules.js';
import type { Snapshot } from '../../../src/database/snapshot.js';
import { runCheck } from '../../support/checked.js';
import { numbered } from '../../support/log.js';
import { type Settings, settings } from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';

const DAY = 24 * 60 * 60_000;

/** A server with these settings, and nothing else. */
function serverWith(values: Record<string, string>, more: Partial<Snapshot> = {}): Snapshot {
  const list = Object.entries(values).map(([name, value]) => ({ name, value, isPending: false }));
  return {
    server: 'db:5432',
    version: 170_002,
    pgaudit: '17.0',
    user: 'shipper',
    isSuperuser: false,
    clockAhead: 0,
    took: 0,
    settings: new Map(list.map(setting => [setting.name, setting])),
    overrides: [],
    roles: [],
    databases: [],
    logFile: 'hidden',
    jsonLogFile: null,
    written: [],
    ...more,
  };
}

const shown = (findings: readonly Finding[]): string[] =>
  findings.map(({ status, what, detail }) => `${status} ${what}: ${detail}`);

describe('pgaudit.log', () => {
  test.each([
    ['none', []],
    ['', []],
    ['write, ddl', ['DDL', 'WRITE']],
    ['all, -misc, -misc_set,-read', ['DDL', 'FUNCTION', 'ROLE', 'WRITE']],
    ['-write, WRITE', ['WRITE']],
    ['write, -all, "role"', ['ROLE']],
  ])('%j logs %j', (value, expected) => {
    const classes = [...loggedClasses(value)].filter(name => name !== 'NONE' && name !== '');
    expect(classes.sort()).toEqual(expected);
  });
});

test.each([
  ['log', 'warning', true],
  ['log', 'error', true],
  ['log', 'log', true],
  ['log', 'fatal', false],
  ['log', 'PANIC', false],
  ['notice', 'warning', false],
  ['warning', 'warning', true],
  ['debug', 'debug2', true],
  ['debug1', 'notice', false],
  ['error', 'log', false],
  ['error', 'error', true],
  // Since PostgreSQL 19 by kind of process.
  ['log', 'fatal, backend:warning', true],
  ['log', 'backend:fatal,warning', false],
  ['log', 'warning, checkpointer:fatal', true],
  ['log', 'Fatal , Backend:LOG', true],
  ['log', 'checkpointer:debug1, panic', false],
  ['error', 'autovacuum:debug1', true],
])('a record of level %s passes log_min_messages %s: %s', (level, least, expected) => {
  expect(passes(level, least)).toBe(expected);
});

test('role in database counts before role, that before database, that before all roles, that before the server', () => {
  const levels: [role: Person, database: string | null, value: string][] = [
    ['kari', 'hold', 'role in database'],
    ['kari', null, 'role'],
    [null, 'hold', 'database'],
    [null, null, 'all'],
  ];
  const overrides = levels.map(([role, database, value]) => ({ setting: 'x', role, database, value }));
  const databases = ['hold', 'other'].map(name => ({ name, extension: { kind: 'missing' } as const }));
  const valuesAfter = (taken: number): string[] => {
    const server = serverWith({ x: 'server' }, { databases, overrides: overrides.slice(taken) });
    return deviations(server, 'x', ['kari', null], () => false).map(
      ({ value, persons }) => `${value}: ${persons.map(person => person ?? 'new').join(', ')}`,
    );
  };
  expect([0, 1, 2, 3, 4].map(valuesAfter)).toEqual([
    ['role in database: kari', 'role: kari', 'database: new', 'all: new'],
    ['role: kari', 'database: new', 'all: new'],
    ['database: kari, new', 'all: kari, new'],
    ['all: kari, new'],
    ['server: kari, new'],
  ]);
});

describe('rotation', () => {
  test.each([
    ['postgresql-%Y-%m-%d_%H%M%S.log', null],
    ['postgresql-%F.log', null],
    ['postgresql-%s.log', null],
    ['postgresql.log', null],
    ['postgresql-%u.log', 7 * DAY],
    ['postgresql-%a.log', 7 * DAY],
    ['postgresql-%d.log', 28 * DAY],
    ['postgresql-%m%d.log', 365 * DAY],
    ['postgresql-%H.log', DAY],
    ['postgresql-%I.log', DAY / 2],
    ['postgresql-%M.log', DAY / 24],
  ])('%s comes again after %s ms', (pattern, expected) => {
    expect(periodOf(pattern)).toBe(expected);
  });

  const weekly = { log_truncate_on_rotation: 'on', log_rotation_age: '1440', log_rotation_size: '0' };

  test('a week is long enough, an hour is not; what is hidden is said', () => {
    const ofName = (log_filename: string) => shown(rotationFindings(serverWith({ ...weekly, log_filename })));
    expect(ofName('postgresql-%u.log')).toEqual([
      'ok rotation: a new file after 1 day; postgresql-%u.log is overwritten after 7 days: the shipper must not be down for longer',
    ]);
    expect(ofName('postgresql-%M.log')).toEqual([
      'warning rotation: a new file after 1 day; postgresql-%M.log is overwritten after 1 hour',
    ]);
    expect(shown(rotationFindings(serverWith(weekly)))).toEqual([
      'warning rotation: a new file after 1 day, log_truncate_on_rotation is on, and log_filename is hidden',
    ]);
  });

  test('only rotation by time truncates', () => {
    const server = serverWith({ ...weekly, log_rotation_age: '0', log_filename: 'postgresql-%M.log' });
    expect(shown(rotationFindings(server))).toEqual([
      'ok rotation: a new file only on request; nothing is overwritten',
    ]);
  });
});

describe('the server', () => {
  const config = (more: Settings = {}) => schema.parse(settings('/tmp', ['/tmp/*.csv'], more));
  const findings = (server: Snapshot, more: Settings = {}): string[] => {
    const { sources, identity } = config(more);
    const found = sources.flatMap(source => serverFindings(server, ['Z990001', null], source, { identity }));
    return shown(found).filter(text => !text.startsWith('ok'));
  };

  test.each([
    ['C', []],
    ['C.UTF-8', []],
    ['en_US.UTF-8', []],
    ['English_United States.1252', []],
    ['nb_NO.UTF-8', ['warning lc_messages: nb_NO.UTF-8']],
    ['czech', ['warning lc_messages: czech']],
  ])('lc_messages %s', (lc_messages, expected) => {
    expect(findings(serverWith({ lc_messages }))).toEqual(expected);
  });

  test.each([
    ['mod', []],
    ['all', []],
    ['ddl', ['warning log_statement: ddl for the whole server']],
    ['none', ['warning log_statement: none for the whole server']],
  ])('log_statement %s', (log_statement, expected) => {
    const databases = [{ name: 'postgres', extension: { kind: 'missing' } }] as const;
    expect(findings(serverWith({ log_statement }, { databases }))).toEqual(expected);
  });

  test.each([
    ['on', []],
    ['authentication,authorization', []],
    ['all', []],
    ['receipt', ['warning log_connections: receipt']],
    ['', ['warning log_connections: off']],
  ])('log_connections of PostgreSQL 18: %j', (log_connections, expected) => {
    expect(findings(serverWith({ log_connections }, { version: 180_001 }))).toEqual(expected);
  });

  test('versions', () => {
    const ofVersion = (version: number, more: Settings = {}) => findings(serverWith({}, { version }), more);
    expect(ofVersion(110_022)).toEqual(['failure server: PostgreSQL 11.22']);
    expect(ofVersion(130_016)).toEqual([]);
    expect(ofVersion(130_016, { identity: [{ authentication: true }] })).toEqual([
      'warning server: PostgreSQL 13.16 does not log how a session was authenticated',
    ]);
    expect(ofVersion(180_000)).toEqual([]);
    expect(ofVersion(190_000)).toEqual([]);
    expect(ofVersion(200_000)).toEqual(['warning server: PostgreSQL 20.0']);
  });
});

describe('the active file', () => {
  test('that this machine does not have is only a warning', () => {
    const active = { path: '/elsewhere/postgresql.csv', state: 'elsewhere' } as const;
    expect(shown(activeFindings(serverWith({}), active))).toEqual([
      'warning active file: /elsewhere/postgresql.csv is the file the server writes now; this user sees no such file on this machine',
    ]);
  });

  const [owner, shipper] = [
    { uid: 100, gid: 101 },
    { uid: 1069, gids: [1069] },
  ];
  const inGroup = { uid: 1069, gids: [1069, 101] };

  test.each([
    ['0600', { uid: 0, gids: [0] }, 'ok'],
    ['0600', { uid: 100, gids: [101] }, 'ok'],
    ['0600', shipper, 'failure'],
    ['0600', inGroup, 'failure'],
    ['0640', shipper, 'failure'],
    ['0640', inGroup, 'ok'],
    ['0644', shipper, 'warning'],
  ])('log_file_mode %s for %j: %s', (log_file_mode, who, expected) => {
    expect(modeFindings(serverWith({ log_file_mode }), owner, who).map(({ status }) => status)).toEqual([
      expected,
    ]);
  });
});

describe('clocks', () => {
  test.each([
    [0, 'ok'],
    [-4900, 'ok'],
    [5100, 'warning'],
    [-DAY / 2, 'warning'],
    [DAY, 'failure'],
    [-DAY, 'failure'],
  ])('%d ms ahead: %s', (ahead, expected) => {
    expect(clockFinding('its clock', ahead).status).toBe(expected);
  });
});

describe('the file system of the state folder', () => {
  const MOUNTS = [
    '22 1 0:20 / / rw,relatime - overlay overlay rw',
    '30 22 8:1 / /var rw - ext4 /dev/sda1 rw',
    '31 30 8:2 /var/lib/kubelet/pods/1/volumes/kubernetes.io~empty-dir/state /var/empty rw shared:1 - ext4 /dev/sda2 rw',
    '32 30 0:40 / /var/with\\040space rw - nfs4 server:/x rw',
    '33 22 0:41 / /run rw - tmpfs tmpfs rw',
  ].join('\n');

  test.each([
    ['/state', 'warning'],
    ['/var/lib/pgaudit-shipper', 'ok'],
    ['/variable', 'warning'],
    ['/var/empty/x', 'warning'],
    ['/var/with space/x', 'warning'],
    ['/run/shipper', 'warning'],
  ])('%s: %s', (path, expected) => {
    const mount = mountOf(MOUNTS, path);
    expect(mount === null ? null : durableFinding(path, mount).status).toBe(expected);
  });

  test('each is distinguished', () => {
    const details = ['/state', '/var/empty', '/var/with space', '/run/x'].map(path => {
      const mount = mountOf(MOUNTS, path);
      return mount === null ? null : durableFinding('S', mount).detail;
    });
    expect(details).toEqual([
      "S: overlay is the container's own layer",
      'S: an emptyDir',
      'S: nfs4 is a network file system',
      'S: tmpfs keeps it in memory',
    ]);
  });
});

describe('the whole command', () => {
  test('prints a table, with what to do below', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a.csv'), numbered(1));
    const config = settings(folder, [join(folder, '*.csv')]);
    await mkdir(join(folder, 'state'), { mode: 0o700 });
    await chmod(join(folder, 'state'), 0o755);
    const { code, output } = await runCheck(config, { json: false });
    expect(code).toBe(0);
    expect(output).toMatch(/^ok {7}configuration {2}config\.yaml\n/);
    expect(output).toMatch(
      /^warning {2}state {10}\S+ is open to other users\n {24}→ chmod 700 \S+\n {24}the journal contains SQL and parameters\n/m,
    );
    expect(output).toMatch(/\n\n\d+ ok, 3 to look at, 0 failed\n$/);
  });

  test('local destinations that cannot be written fail', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file'), '');
    await writeFile(join(folder, 'a.csv'), numbered(1));
    const to = `file:${join(folder, 'file', 'below')}`;
    const { code, faults } = await runCheck(
      settings(folder, [join(folder, '*.csv')], { archive: { to }, logging: { to } }),
    );
    expect(code).toBe(1);
    expect(faults.filter(fault => fault.startsWith('failure'))).toEqual([
      expect.stringMatching(
        /^failure logging: \S+ cannot be written \(ENOTDIR\): a part of its path is not a folder →/,
      ),
      expect.stringMatching(/^failure archive: \S+ cannot be written \(ENOTDIR\)/),
    ]);
  });

  test('--json gives every finding all of its fields', async () => {
    const folder = await temporaryFolder();
    const { output } = await runCheck(settings(folder, [join(folder, '*.csv')]));
    const { findings } = JSON.parse(output);
    expect(findings[0]).toEqual({
      what: 'configuration',
      status: 'ok',
      detail: 'config.yaml',
      why: null,
      fix: null,
    });
    for (const finding of findings.filter(({ status }: Finding) => status !== 'ok'))
      expect([finding.why, finding.fix]).toEqual([expect.any(String), expect.any(String)]);
  });

  test('what could steer the terminal is written out', () => {
    const hostile = 'x\u001b[2J\u202e\u0007';
    const table = renderTable([
      { what: 'x', status: 'failure', detail: hostile, why: hostile, fix: hostile },
    ]);
    const written = 'x\\u001b[2J\\u202e\\u0007';
    expect(table.split('\n').slice(0, 3)).toEqual([
      `failure  x  ${written}`,
      `            → ${written}`,
      `            ${written}`,
    ]);
  });

  test('several lines of a fix are below each other', () => {
    const table = renderTable([{ what: 'x', status: 'failure', detail: 'd', why: 'w', fix: 'a\nb' }]);
    expect(table).toBe(
      'failure  x  d\n            → a\n              b\n            w\n\n0 ok, 0 to look at, 1 failed\n',
    );
  });
});
