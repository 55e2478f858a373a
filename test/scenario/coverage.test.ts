/** What the daemon's seals cover, according to `verify`: what was removed while it was down is missing (I12). */

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readArchive } from '../support/archive.js';
import { append, numbered, numbersOf, range } from '../support/log.js';
import { startPostgres } from '../support/postgres.js';
import { eventually, runCommand, runOnce, Shipper, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

interface Verified {
  readonly verdict: string;
  readonly instances: readonly {
    readonly coveredUntil: string | null;
    readonly missing: readonly { readonly from: string | null; readonly to: string; readonly why: string }[];
  }[];
}

async function logFolder() {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'log'));
  return {
    folder,
    path: (name: string) => join(folder, 'log', name),
    config: settings(folder, [join(folder, 'log', '*.csv')]),
  };
}

async function verify(
  folder: string,
  ...more: string[]
): Promise<Verified & { readonly code: number | null }> {
  const { code, output } = await runCommand(['verify', '--json', ...more, join(folder, 'archive')]);
  return { ...JSON.parse(output), code };
}

function gapsIn(events: Awaited<ReturnType<typeof readArchive>>): unknown[] {
  return events.flatMap(({ gap }) => (gap === undefined ? [] : [gap]));
}

test('a daemon that was down while the log was kept leaves no gap', async () => {
  const { folder, path, config } = await logFolder();
  await append(path('a.csv'), 1, 3);
  expect((await runOnce(folder, config)).code).toBe(0);
  await append(path('a.csv'), 4, 5);
  await append(path('b.csv'), 6, 8);
  expect((await runOnce(folder, config)).code).toBe(0);
  // It was read to its end and a newer one exists: its removal then is normal.
  await rm(path('a.csv'));
  expect((await runOnce(folder, config)).code).toBe(0);
  expect(gapsIn(await readArchive(join(folder, 'archive')))).toEqual([]);
  expect(await verify(folder)).toMatchObject({ verdict: 'whole', code: 0 });
});

test('the file in which it had stopped was removed meanwhile: until the next one begins, nothing is known', async () => {
  const { folder, path, config } = await logFolder();
  await append(path('a.csv'), 1, 3);
  await runOnce(folder, config);
  await append(path('a.csv'), 4, 5);
  await rm(path('a.csv'));
  const lines = [1, 2].map(n => numbered(5000 + n, { sessionId: '6b0201a1.9999', sessionLine: n }));
  await writeFile(path('b.csv'), lines.join(''));
  expect((await runOnce(folder, config)).code).toBe(0);
  const events = await readArchive(join(folder, 'archive'));
  expect(numbersOf(events)).toEqual([...range(1, 3), 1, 2]);
  const stretch = { after: '2026-11-21T20:40:00.003Z', before: '2026-11-21T20:40:05.001Z' };
  expect(gapsIn(events)).toContainEqual({ reason: 'unwatched', ...stretch });
  const missing = { from: stretch.after, to: stretch.before, why: 'gap (unwatched)' };
  expect(await verify(folder, '--since', '2026-11-21')).toMatchObject({
    code: 3,
    instances: [{ missing: expect.arrayContaining([expect.objectContaining(missing)]) }],
  });
});

test('it was removed, and only an older one is left: nothing more is covered until a new one comes', async () => {
  const { folder, path, config } = await logFolder();
  await append(path('a.csv'), 1, 3);
  await append(path('b.csv'), 4, 6);
  await runOnce(folder, config);
  const [first] = (await verify(folder)).instances;
  await rm(path('b.csv'));
  await runOnce(folder, config);
  expect((await verify(folder)).instances[0]?.coveredUntil).toBe(first?.coveredUntil);
  // The clock was set back meanwhile.
  await writeFile(path('c.csv'), numbered(0, { sessionId: '6b0201a1.9999', sessionLine: 1 }));
  await runOnce(folder, config);
  expect(gapsIn(await readArchive(join(folder, 'archive')))).toContainEqual(
    expect.objectContaining({ reason: 'unwatched' }),
  );
});

test('a file that was compressed before it was read is a part of the log; one that was read is not missed', async () => {
  const { folder, path, config } = await logFolder();
  const both = { ...config, source: { files: [path('*')], timezone: 'Europe/Oslo' } };
  const compress = async (name: string): Promise<void> => {
    await writeFile(path(`${name}.gz`), gzipSync(await readFile(path(name))));
    await rm(path(name));
  };
  await append(path('a.csv'), 1, 3);
  await append(path('b.csv'), 4, 6);
  await runOnce(folder, both);
  await compress('a.csv');
  await runOnce(folder, both);
  expect(await verify(folder)).toMatchObject({ verdict: 'whole' });
  const [before] = (await verify(folder)).instances;
  await append(path('c.csv'), 7, 5000);
  await compress('c.csv');
  await append(path('d.csv'), 5001, 5003);
  await runOnce(folder, both);
  expect((await verify(folder)).instances[0]?.coveredUntil).toBe(before?.coveredUntil);
  const file = join(folder, 'config.yaml');
  expect((await runCommand(['backfill', '--config', file, path('c.csv.gz')])).code).toBe(0);
  await runOnce(folder, both);
  const [after] = (await verify(folder)).instances;
  expect((after?.coveredUntil ?? '') > (before?.coveredUntil ?? '')).toBe(true);
});

test('a file that was only renamed meanwhile is not a loss, nor is a folder that is empty for a while', async () => {
  const { folder, path, config } = await logFolder();
  await append(path('a.csv'), 1, 3);
  await runOnce(folder, config);
  await rename(path('a.csv'), path('renamed.csv'));
  await append(path('b.csv'), 4);
  await runOnce(folder, config);
  await rename(join(folder, 'log'), join(folder, 'elsewhere'));
  await mkdir(join(folder, 'log'));
  await runOnce(folder, config);
  await rm(join(folder, 'log'), { recursive: true });
  await rename(join(folder, 'elsewhere'), join(folder, 'log'));
  await runOnce(folder, config);
  expect(gapsIn(await readArchive(join(folder, 'archive')))).toEqual([]);
});

test('no log is no evidence: an empty folder extends nothing', async () => {
  const { folder, config } = await logFolder();
  const shipper = await Shipper.start(folder, config);
  await eventually(async () => shipper.logged('started').length > 0);
  await shipper.stop();
  expect(await verify(folder)).toMatchObject({ code: 3, instances: [{ coveredUntil: null }] });
});

test('nothing is expected after --retire', async () => {
  const { folder, path, config } = await logFolder();
  await append(path('a.csv'), 1, 3);
  await runOnce(folder, config);
  const { code } = await runCommand(['run', '--once', '--retire', '--config', join(folder, 'config.yaml')]);
  expect(code).toBe(0);
  const [stopped] = (await readArchive(join(folder, 'archive'))).filter(
    ({ lifecycle }) => lifecycle?.retired === true,
  );
  expect(stopped?.lifecycle).toMatchObject({ action: 'stopped', retired: true });
  expect((await runCommand(['run', '--retire', '--config', join(folder, 'config.yaml')])).code).toBe(2);
});

test("a heartbeat that comes back proves whose log it is; in another server's folder none comes back", async () => {
  const postgres = await startPostgres();
  const folder = await temporaryFolder();
  const database = { url: `postgres://postgres@127.0.0.1:${postgres.port}/postgres` };
  const config = settings(folder, [postgres.logPattern]);
  const source = { files: [postgres.logPattern], timezone: 'Europe/Oslo' };
  expect((await runOnce(folder, { ...config, source, database })).code).toBe(0);
  const whole = await verify(folder);
  expect(whole).toMatchObject({ code: 0, verdict: 'whole' });
  const other = await logFolder();
  await append(other.path('a.csv'), 1, 3);
  await runOnce(other.folder, { ...other.config, database });
  expect(await verify(other.folder)).toMatchObject({ code: 3, instances: [{ coveredUntil: null }] });
});

test('a running daemon covers more with each seal', async () => {
  const { folder, path, config } = await logFolder();
  await append(path('a.csv'), 1, 3);
  const shipper = await Shipper.start(folder, config);
  const until = async (): Promise<string> => (await verify(folder)).instances[0]?.coveredUntil ?? '';
  await eventually(async () => (await until()) !== '');
  const first = await until();
  let n = 3;
  await eventually(async () => {
    n += 1;
    await append(path('a.csv'), n);
    return (await until()) > first;
  });
  const covered = 'pgaudit_shipper_covered_until_timestamp_seconds{audit_instance="samples"}';
  expect(await shipper.metric(covered)).toBeGreaterThan(Date.parse(first) / 1000);
  await shipper.stop();
});
