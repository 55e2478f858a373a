/** Several servers: each is looked at for itself, and an old file belongs to one of them. */

import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCheck } from '../support/checked.js';
import { append, numbersOf, range } from '../support/log.js';
import {
  archived,
  eventually,
  logged,
  runCommand,
  runOnce,
  type Settings,
  Shipper,
  severalSettings,
  writeConfig,
} from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

async function scene(ofB: Settings = {}): Promise<{ folder: string; config: Settings }> {
  const folder = await temporaryFolder();
  for (const instance of ['a', 'b']) await mkdir(join(folder, instance));
  const sources = [
    { instance: 'a', files: [join(folder, 'a', '*.csv')] },
    { instance: 'b', files: [join(folder, 'b', '*.csv')], ...ofB },
  ];
  return { folder, config: severalSettings(folder, sources) };
}

test('check names the server of each finding, and looks at one alone where that is asked for', async () => {
  const { folder, config } = await scene({
    database: { url: 'postgres://shipper@127.0.0.1:1/postgres' },
    filter: { personalUsers: [] },
  });
  await append(join(folder, 'a', 'log.csv'), 1, 3);
  const { findings } = await runCheck(config);
  const of = (instance: string): string[] =>
    findings
      .filter(({ what }) => what.startsWith(`${instance}: `))
      .map(({ what, status }) => `${status} ${what.slice(3)}`);
  expect(of('a')).toEqual(['ok source', 'warning database']);
  expect(of('b')).toEqual(['failure filter', 'failure source', 'failure database']);
  const alone = await runCheck(config, { source: 'a' });
  expect(alone.findings.filter(({ what }) => what.startsWith('b: '))).toEqual([]);
  // What is everybody's names nobody.
  expect(alone.findings.map(({ what }) => what)).toContain('state');
});

test('check finds a file that two servers name, by whatever path', async () => {
  const { folder, config } = await scene();
  await append(join(folder, 'a', 'log.csv'), 1, 3);
  expect((await runCheck(config)).findings.filter(({ what }) => what === 'sources')).toEqual([]);
  await symlink(join(folder, 'a', 'log.csv'), join(folder, 'b', 'other.csv'));
  const { findings } = await runCheck(config);
  expect(findings.filter(({ what }) => what === 'sources')).toMatchObject([
    { status: 'failure', detail: `${join(folder, 'a', 'log.csv')} is matched by a and b` },
  ]);
});

test('a daemon does not start where two servers name a file', async () => {
  const { folder, config } = await scene();
  await append(join(folder, 'a', 'log.csv'), 1, 3);
  await symlink(join(folder, 'a', 'log.csv'), join(folder, 'b', 'other.csv'));
  const { code, output } = await runOnce(folder, config);
  expect(code).toBe(2);
  expect(output).toContain(`${join(folder, 'a', 'log.csv')} is matched by a and b`);
});

test('a file that comes to be named by two is read for neither, until it is matched by one', async () => {
  const { folder, config } = await scene();
  const shipper = await Shipper.start(folder, config);
  await append(join(folder, 'new.csv'), 1, 3);
  await symlink(join(folder, 'new.csv'), join(folder, 'b', 'new.csv'));
  await eventually(async () => numbersOf(await logged(folder)).length === 3);
  await symlink(join(folder, 'new.csv'), join(folder, 'a', 'new.csv'));
  await eventually(async () =>
    (await shipper.get('/internal/isready')).body.includes('two sources match it'),
  );
  await append(join(folder, 'new.csv'), 4, 5);
  await rm(join(folder, 'a', 'new.csv'));
  await eventually(async () => numbersOf(await logged(folder)).length === 5);
  // By then its own folder was looked at for `a`, too.
  await append(join(folder, 'a', 'own.csv'), 6);
  await eventually(async () =>
    (await logged(folder, 'statement')).some(({ session }) => session?.line === 6),
  );
  await shipper.stop();
  const events = await archived(folder);
  const shipped = events.flatMap(({ kind, instance, session }) =>
    kind === 'statement' ? [`${instance} ${session?.line}`] : [],
  );
  expect(shipped).toEqual(['b 1', 'b 2', 'b 3', 'b 4', 'b 5', 'a 6']);
  expect(events.filter(({ kind }) => kind === 'gap')).toEqual([]);
  // Nor does the next start miss it.
  expect((await runOnce(folder, config)).code).toBe(0);
  expect((await archived(folder, 'gap')).length).toBe(0);
});

test('what another server alone names is not missed once all can be seen again', async () => {
  const { folder, config } = await scene();
  const [path, loop] = [join(folder, 'new.csv'), join(folder, 'a', 'loop.csv')];
  const shipper = await Shipper.start(folder, config);
  const hindrances = async (): Promise<string> => (await shipper.get('/internal/isready')).body;
  await append(path, 1, 3);
  await symlink(path, join(folder, 'b', 'new.csv'));
  await eventually(async () => numbersOf(await logged(folder)).length === 3);
  await symlink(path, join(folder, 'a', 'new.csv'));
  await eventually(async () => (await hindrances()).includes('two sources match it'));
  await symlink(loop, loop);
  await eventually(async () => (await hindrances()).includes('loop.csv'));
  await rm(join(folder, 'a', 'new.csv'));
  await append(path, 4, 5);
  await eventually(async () => numbersOf(await logged(folder)).length === 5);
  await rm(loop);
  await append(join(folder, 'a', 'own.csv'), 6);
  await eventually(async () => numbersOf(await logged(folder)).length === 6);
  await eventually(async () => await shipper.isReady());
  await shipper.stop();
  expect((await archived(folder, 'statement')).map(({ instance }) => instance)).toEqual([...'bbbbba']);
  expect((await runOnce(folder, config)).code).toBe(0);
  expect((await archived(folder, 'gap')).length).toBe(0);
});

test('check refuses a server that is not there, and to follow a change where it is not said at which', async () => {
  const { folder, config } = await scene();
  const path = await writeConfig(folder, config);
  for (const [options, fault] of [
    [['--source', 'c'], '--source takes one of the configured sources: a, b'],
    [['--end-to-end'], '--end-to-end needs --source, one of a, b'],
  ] as const) {
    const { code, output } = await runCommand(['check', '--config', path, ...options]);
    expect([code, output.trim()]).toEqual([2, fault]);
  }
});

test('backfill reads an old file as the log of the server that is named', async () => {
  const { folder, config } = await scene();
  await append(join(folder, 'a', 'log.csv'), 1, 2);
  await append(join(folder, 'b', 'log.csv'), 11, 12);
  const old = join(folder, 'old.csv');
  await append(old, 5, 8);
  const path = await writeConfig(folder, config);
  for (const [options, fault] of [
    [[], '--source INSTANCE must say which server wrote them: a, b'],
    [['--source', 'c'], '--source c is not a configured source: a, b'],
  ] as const) {
    const { code, output } = await runCommand(['backfill', old, '--config', path, ...options]);
    expect([code, output.trim()]).toEqual([2, fault]);
  }
  for (let call = 0; call < 2; call++) {
    const { code, output } = await runCommand(['backfill', old, '--config', path, '--source', 'b']);
    expect([code, output]).toEqual([0, expect.stringContaining('1 files, ')]);
    expect(output).toContain(call === 0 ? ' 0 of these earlier' : 'read, ');
  }
  expect((await runOnce(folder, config)).code).toBe(0);
  const events = await archived(folder);
  const of = (instance: string) => numbersOf(events.filter(event => event.instance === instance));
  expect(of('a')).toEqual(range(1, 2));
  expect(of('b').sort((x, y) => x - y)).toEqual([5, 6, 7, 8, 11, 12]);
});

test('search and report find the events of each server under its name', async () => {
  const { folder, config } = await scene();
  await append(join(folder, 'a', 'log.csv'), 1, 2);
  await append(join(folder, 'b', 'log.csv'), 1, 3);
  expect((await runOnce(folder, config)).code).toBe(0);
  const archive = `file:${join(folder, 'archive')}`;
  const found = await runCommand(['search', archive, '--user', 'Z990001', '--json']);
  const lines = found.output.trim().split('\n');
  expect(lines.map(line => JSON.parse(line).instance).sort()).toEqual(['a', 'a', 'b', 'b', 'b']);
  const out = join(folder, 'report.html');
  const report = await runCommand([
    'report',
    archive,
    '--since',
    '2026-11-01',
    '--until',
    '2026-11-30',
    '--out',
    out,
  ]);
  // Nothing is known of the days before the archive began.
  expect(report.code, report.output).toBe(3);
  const against = await runCommand([
    'verify',
    archive,
    '--against',
    join(folder, 'a'),
    '--against',
    join(folder, 'b'),
    '--json',
  ]);
  expect([against.code, JSON.parse(against.output).parts[0].logFiles]).toMatchObject([
    0,
    { matched: 5, missing: 0 },
  ]);
});
