/** Several servers by one daemon: one chain, and each server's log is read as if it were the only one. */

import { mkdir, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { schema } from '../../src/config/schema.js';
import type { Source } from '../../src/daemon/source.js';
import { objectsIn } from '../support/archive.js';
import { ManualClock } from '../support/clock.js';
import { FaultyFs } from '../support/faulty-fs.js';
import { Life } from '../support/life.js';
import { append, numbersOf, range } from '../support/log.js';
import {
  archived,
  eventually,
  logged,
  runCommand,
  runOnce,
  type Settings,
  Shipper,
  settings,
  severalSettings,
} from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

interface Scene {
  readonly folder: string;
  /** The log file of a server. */
  log(instance: string): string;
  /** The configuration for these servers. */
  config(...instances: readonly string[]): Settings;
  /** The numbers of a server's statements in the archive, which must be intact. */
  numbers(instance: string): Promise<number[]>;
}

async function scene(more: Settings = {}): Promise<Scene> {
  const folder = await temporaryFolder();
  for (const instance of ['a', 'b', 'host']) await mkdir(join(folder, instance));
  const log = (instance: string): string => join(folder, instance, 'postgresql.csv');
  return {
    folder,
    log,
    config: (...instances) =>
      severalSettings(
        folder,
        instances.map(instance => ({ instance, files: [join(folder, instance, '*.csv')] })),
        more,
      ),
    numbers: async instance =>
      numbersOf((await archived(folder)).filter(event => event.instance === instance)),
  };
}

/** What `verify` says of the archive. */
async function verified(folder: string): Promise<void> {
  const { code, output } = await runCommand(['verify', `file:${join(folder, 'archive')}`]);
  expect(code, output).toBe(0);
}

test('two logs with the same bytes, through kills: each event once under its server, one chain, coverage of each', async () => {
  const { folder, log, config, numbers } = await scene();
  let last = 0;
  for (let life = 0; life < 6; life++, last += 7) {
    const shipper = await Shipper.start(folder, config('a', 'b'));
    const before = (await logged(folder, 'statement')).length;
    await append(log('a'), last + 1, last + 4);
    await append(log('b'), last + 1, last + 7);
    // Half of them are killed while they work, the others at once.
    if (life % 2 === 0) await eventually(async () => (await logged(folder, 'statement')).length > before);
    await append(log('a'), last + 5, last + 7);
    await shipper.kill();
  }
  expect((await runOnce(folder, config('a', 'b'))).code).toBe(0);
  for (const instance of ['a', 'b']) expect(await numbers(instance)).toEqual(range(1, last));
  const events = await archived(folder);
  expect(new Set(events.map(({ chain }) => chain)).size).toBe(1);
  expect(events.filter(({ kind }) => kind === 'gap')).toEqual([]);
  const statements = events.filter(({ kind }) => kind === 'statement');
  expect(new Set(statements.map(({ source }) => source?.fileId)).size).toBe(1);
  expect(statements.filter(({ id, instance }) => !id.startsWith(`${instance}/`))).toEqual([]);
  // Both servers are in the folder of the chain's own name.
  const paths = await objectsIn(join(folder, 'archive'));
  expect(paths.filter(path => !path.includes('/instance=host/node=test/'))).toEqual([]);
  // The seal also shows each server's silence.
  expect(new Set(events.at(-1)?.seal?.coverage.map(({ source }) => source))).toEqual(new Set(['a', 'b']));
  await verified(folder);
});

test('the state folder is lost: each server continues from its own positions in the newest seal', async () => {
  const { folder, log, config, numbers } = await scene();
  await append(log('a'), 1, 5);
  await append(log('b'), 1, 3);
  expect((await runOnce(folder, config('a', 'b'))).code).toBe(0);
  await rm(join(folder, 'state'), { recursive: true });
  await append(log('a'), 6, 7);
  await append(log('b'), 4, 9);
  expect((await runOnce(folder, config('a', 'b'))).code).toBe(0);
  expect([await numbers('a'), await numbers('b')]).toEqual([range(1, 7), range(1, 9)]);
  const events = await archived(folder);
  expect(events.filter(({ lifecycle }) => lifecycle?.takenUpFromArchive)).toHaveLength(1);
  await verified(folder);
});

test('from source to sources and back: the server that the chain is named after continues, a new one begins', async () => {
  const { folder, log, config, numbers } = await scene();
  const alone = settings(folder, [log('host')], { instance: 'host' });
  await append(log('host'), 1, 4);
  expect((await runOnce(folder, alone)).code).toBe(0);
  await append(log('host'), 5, 6);
  await append(log('a'), 1, 3);
  expect((await runOnce(folder, config('host', 'a'))).code).toBe(0);
  await append(log('host'), 7);
  expect((await runOnce(folder, alone)).code).toBe(0);
  expect([await numbers('host'), await numbers('a')]).toEqual([range(1, 7), range(1, 3)]);
  expect(new Set((await archived(folder)).map(({ chain }) => chain)).size).toBe(1);
  await verified(folder);
});

test('a server that is removed and added again continues where it was, even if the state was lost meanwhile', async () => {
  const { folder, log, config, numbers } = await scene();
  await append(log('a'), 1, 4);
  await append(log('b'), 1, 4);
  expect((await runOnce(folder, config('a', 'b'))).code).toBe(0);
  await append(log('a'), 5);
  await append(log('b'), 5);
  expect((await runOnce(folder, config('a'))).code).toBe(0);
  expect([await numbers('a'), await numbers('b')]).toEqual([range(1, 5), range(1, 4)]);
  await rm(join(folder, 'state'), { recursive: true });
  expect((await runOnce(folder, config('b'))).code).toBe(0);
  expect([await numbers('a'), await numbers('b')]).toEqual([range(1, 5), range(1, 5)]);
  await verified(folder);
});

test('one that cannot be read: the other is delivered, readiness and metrics name it, it continues when fixed', async () => {
  const { folder, log, config, numbers } = await scene();
  const folderOfB = join(folder, 'b');
  await rm(folderOfB, { recursive: true });
  await symlink(folderOfB, folderOfB);
  const shipper = await Shipper.start(folder, config('a', 'b'));
  await append(log('a'), 1, 3);
  await eventually(async () => (await logged(folder, 'statement')).length === 3);
  await shipper.eventuallyLogged('source-unreadable');
  const { status, body } = await shipper.get('/internal/isready');
  expect([status, body.trim()]).toEqual([
    503,
    expect.stringMatching(/^not ready\nsource b: .*links form a loop$/),
  ]);
  expect(shipper.logged('source-unreadable')).toMatchObject([{ source: 'b' }]);
  const failing = (instance: string): Promise<number> =>
    shipper.metric(`pgaudit_shipper_source_instance_failing{audit_instance="${instance}"}`);
  expect([await failing('a'), await failing('b')]).toEqual([0, 1]);
  // A look at the other one clears nothing.
  expect(shipper.logged('source-readable')).toMatchObject([{ source: 'a' }]);
  expect(await shipper.metric('pgaudit_shipper_source_readable')).toBe(0);
  await unlink(folderOfB);
  await mkdir(folderOfB);
  await append(log('b'), 1, 2);
  await eventually(() => shipper.isReady());
  await eventually(async () => (await logged(folder, 'statement')).length === 5);
  expect(await shipper.metric('pgaudit_shipper_source_readable')).toBe(1);
  expect(await shipper.metric('pgaudit_shipper_source_instance_lag_bytes{audit_instance="b"}')).toBe(0);
  const series = (await shipper.get('/internal/prometheus')).body
    .split('\n')
    .filter(line => /^\w/.test(line));
  const names = series.map(line => /[{,]audit_instance="(\w+)",(?:.+,)?node="test"[,}]/.exec(line)?.[1]);
  expect(new Set(names)).toEqual(new Set(['host', 'a', 'b']));
  await shipper.stop();
  expect([await numbers('a'), await numbers('b')]).toEqual([range(1, 3), range(1, 2)]);
});

test('one whose reading throws is opened again, and the other is read meanwhile', async () => {
  const { folder, log, config, numbers } = await scene();
  const shipper = await Shipper.start(folder, config('a', 'b'));
  await append(log('b'), 1, 3);
  await eventually(async () => (await logged(folder, 'statement')).length === 3);
  // The ledger cannot be read: whether a new file was read long ago is not known.
  const ledger = join(folder, 'state', 'files-b.ndjson');
  await mkdir(ledger);
  await append(join(folder, 'b', 'next.csv'), 4, 6);
  await shipper.eventuallyLogged('source-failed');
  expect(shipper.logged('source-failed')).toMatchObject([{ source: 'b', error: 'EISDIR', level: 'error' }]);
  await append(log('a'), 1, 2);
  await eventually(async () => (await logged(folder, 'statement')).length === 5);
  expect((await shipper.get('/internal/isready')).body).toContain('source b reading: fails, and is retried');
  expect(await shipper.metric('pgaudit_shipper_source_instance_failing{audit_instance="b"}')).toBe(1);
  expect(JSON.parse((await shipper.get('/internal/status.json')).body).sources).toMatchObject([
    { instance: 'a', isRead: true },
    { instance: 'b', isRead: false },
  ]);
  await rm(ledger, { recursive: true });
  await eventually(async () => (await logged(folder, 'statement')).length === 8);
  await shipper.eventuallyLogged('source-recovered');
  await eventually(() => shipper.isReady());
  expect(await shipper.metric('pgaudit_shipper_source_instance_failing{audit_instance="b"}')).toBe(0);
  await shipper.stop();
  expect([await numbers('a'), await numbers('b')]).toEqual([range(1, 2), range(1, 6)]);
});

test('one that fails in the middle of a batch: nothing is lost, duplicated, or kept from the half that was decided', async () => {
  const { folder, log, config } = await scene({
    archive: { to: `file:${join(await temporaryFolder(), 'archive')}` },
  });
  const clock = new ManualClock('2026-11-21T22:30:00Z');
  let decided = 0;
  const life = await Life.start(schema.parse(config('a', 'b')), {
    clock,
    fs: new FaultyFs(folder),
    onStages: ({ sources: [, b] }) => failing(b, () => ++decided === 4 || decided === 10),
  });
  await append(log('a'), 1, 5);
  // Line 3 is missing, which is reported once.
  await append(log('b'), 1, 2);
  await append(log('b'), 4, 9);
  // It waits for ten seconds twice, and as long for what is missing.
  for (let turn = 0; turn < 3; turn++) await life.settle();
  await life.shutDown();
  expect(decided).toBeGreaterThan(10);
  const events = await logged(folder);
  const of = (instance: string) => events.filter(event => event.instance === instance);
  expect(numbersOf(of('a'))).toEqual(range(1, 5));
  expect(numbersOf(of('b'))).toEqual([1, 2, 4, 5, 6, 7, 8, 9]);
  expect(of('b').flatMap(({ gap }) => gap ?? [])).toMatchObject([{ firstLine: 3, lastLine: 3 }]);
});

/** Identifying a person throws if `isDue` says so. */
function failing(source: Source | undefined, isDue: () => boolean): void {
  if (source === undefined) return;
  const open = source.open.bind(source);
  source.open = async until => {
    const { identify, ...rest } = await open(until);
    const failingIdentify: typeof identify = async asker => {
      if (isDue()) throw new Error('out of order');
      return await identify(asker);
    };
    return { ...rest, identify: failingIdentify };
  };
}

test('with --once, one that fails fails the run, and the others are delivered', async () => {
  const { folder, log, config, numbers } = await scene();
  await append(log('a'), 1, 2);
  await append(log('b'), 1, 2);
  await mkdir(join(folder, 'state', 'files-b.ndjson'), { recursive: true });
  const { code, output } = await runOnce(folder, config('a', 'b'));
  expect(code).toBe(1);
  expect(output).toContain('"code":"source-failed"');
  expect([await numbers('a'), await numbers('b')]).toEqual([range(1, 2), []]);
  await rm(join(folder, 'state', 'files-b.ndjson'), { recursive: true });
  expect((await runOnce(folder, config('a', 'b'))).code).toBe(0);
  expect([await numbers('a'), await numbers('b')]).toEqual([range(1, 2), range(1, 2)]);
});

test.each(['one', 'several'])(
  'while its database is waited for, %s is not ready, and stops on a signal',
  async which => {
    const { folder, log, config } = await scene();
    const more = {
      filter: { personalUsers: ['memberOf:persons'] },
      database: { url: 'postgres://shipper@127.0.0.1:1/postgres' },
    };
    const alone = settings(folder, [log('host')], { instance: 'host' });
    await append(log('host'), 1, 2);
    await writeFile(log('a'), '');
    const waiting = { ...(which === 'one' ? alone : config('host', 'a')), ...more };
    const shipper = await Shipper.start(folder, waiting);
    await shipper.eventuallyLogged('catalog-failed');
    const { status, body } = await shipper.get('/internal/isready');
    expect([status, body]).toEqual([503, expect.stringContaining('waits for its database')]);
    expect(await shipper.stop()).toBe(0);
    const { code, output } = await runOnce(folder, waiting);
    expect([code, output]).toEqual([1, expect.stringContaining('memberOf rules need the database')]);
    // Nothing was read, so nothing was dropped.
    expect((await runOnce(folder, which === 'one' ? alone : config('host', 'a'))).code).toBe(0);
    expect(numbersOf(await archived(folder))).toEqual(range(1, 2));
  },
);
