/** Old log files are shipped once, however often and in whatever form they come. */

import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readArchive } from '../../support/archive.js';
import { ManualClock } from '../../support/clock.js';
import { FaultyFs } from '../../support/faulty-fs.js';
import { Life, lifeConfig } from '../../support/life.js';
import { append, numbered, numberedRange, numbersOf, range } from '../../support/log.js';
import {
  archived,
  type Ended,
  eventually,
  logged,
  runCommand,
  runOnce,
  type Settings,
  Shipper,
  settings,
  writeConfig,
} from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';

async function scene(): Promise<{ folder: string; log: string; config: Settings }> {
  const folder = await temporaryFolder();
  const log = join(folder, 'log');
  await mkdir(log);
  return { folder, log, config: settings(folder, [join(log, '*.csv')]) };
}

async function backfill(folder: string, config: Settings, ...files: readonly string[]): Promise<Ended> {
  return await runCommand(['backfill', ...files, '--config', await writeConfig(folder, config)]);
}

test('plain and compressed files, in any order and with odd names, each once, however often it is called', async () => {
  const { folder, config } = await scene();
  const [old, older] = [join(folder, 'old [1] (copy)*.csv'), join(folder, 'older.csv.gz')];
  await writeFile(old, numberedRange(11, 20));
  await writeFile(older, gzipSync(numberedRange(1, 10)));
  for (let call = 1; call <= 3; call++) {
    const { code, output } = await backfill(folder, config, old, older);
    expect(code).toBe(0);
    expect(output).toContain('2 files, ');
    expect(numbersOf(await archived(folder))).toEqual(range(1, 20));
  }
  expect(numbersOf(await logged(folder)).sort((a, b) => a - b)).toEqual(range(1, 20));
  expect(existsSync(join(folder, 'state', 'backfill'))).toBe(false);
});

test('what the daemon has read is not shipped again, under whatever name; what is new in it is', async () => {
  const { folder, log, config } = await scene();
  await append(join(log, 'a.csv'), 1, 5);
  await runOnce(folder, config);
  const copy = join(folder, 'copy.csv');
  await rename(join(log, 'a.csv'), copy);
  await append(copy, 6, 7);
  const compressed = join(folder, 'moved.gz');
  await writeFile(compressed, gzipSync(await readFile(copy)));
  expect((await backfill(folder, config, compressed, copy)).code).toBe(0);
  expect(numbersOf(await archived(folder))).toEqual(range(1, 7));
  expect(await archived(folder, 'gap')).toEqual([]);
});

test('a running daemon on the same state folder is reported, and nothing happens', async () => {
  const { folder, config } = await scene();
  const shipper = await Shipper.start(folder, config);
  const file = join(folder, 'old.csv');
  await writeFile(file, numbered(1));
  const { code, output } = await backfill(folder, config, file);
  expect(code).toBe(1);
  expect(output).toMatch(/process \d+ already uses this state folder; stop it/);
  await shipper.stop();
  expect(numbersOf(await archived(folder))).toEqual([]);
});

test('a file that is missing or not gzip is named', async () => {
  const { folder, config } = await scene();
  await writeFile(join(folder, 'broken.csv.gz'), 'not gzip');
  for (const name of ['nowhere.csv', 'broken.csv.gz']) {
    const { code, output } = await backfill(folder, config, join(folder, name));
    expect(code).toBe(1);
    expect(output).toContain(`${name} cannot be read`);
  }
});

test('files that were gone for long are recognized, though the checkpoint no longer has them', async () => {
  const { folder, log } = await scene();
  const config = lifeConfig(folder, [join(log, '*.csv')]);
  const clock = new ManualClock('2026-11-21T20:40:00Z');
  const fs = new FaultyFs(folder);
  const paths = range(1, 70).map(n => join(log, `${n}.csv`));
  for (const [index, path] of paths.entries())
    await writeFile(path, numbered(index + 1, { sessionId: `6b0201a1.${index + 1}`, sessionLine: 1 }));
  const life = await Life.start(config, { clock, fs });
  await life.settle();
  for (const path of paths) await rm(path);
  await life.settle();
  for (let hours = 0; hours < 3; hours++) await life.pass(3_600_000);
  await life.settle();
  await life.shutDown();
  const { resume } = JSON.parse(await readFile(join(folder, 'state', 'checkpoint.json'), 'utf8'));
  expect(resume.files.length).toBeLessThan(70);
  await writeFile(join(log, 'restored.csv'), numbered(1, { sessionId: '6b0201a1.1', sessionLine: 1 }));
  const again = await Life.start(config, { clock, fs, once: true });
  await again.end();
  expect(await archived(folder, 'statement')).toHaveLength(70);
});

test('on a machine without the log, old files in any order leave no gap, and say nothing about what the log has now', async () => {
  const { folder, log, config } = await scene();
  const files = ['middle.csv', 'old.csv', 'new.csv'].map(name => join(folder, name));
  for (const [index, from] of [11, 1, 21].entries())
    await writeFile(files[index] ?? '', numberedRange(from, from + 9));
  for (const file of files) expect((await backfill(folder, config, file)).code).toBe(0);
  const events = await readArchive(join(folder, 'archive'));
  expect(events.flatMap(({ seal }) => seal?.until ?? [])).toEqual([]);
  await writeFile(join(log, 'live.csv'), numberedRange(31, 40));
  for (const _run of [1, 2]) expect((await runOnce(folder, config)).code).toBe(0);
  expect(numbersOf(await archived(folder)).sort((a, b) => a - b)).toEqual(range(1, 40));
  expect(await archived(folder, 'gap')).toEqual([]);
});

test('a backfilled file that becomes the log is one: its removal leaves a gap', async () => {
  const { folder, log, config } = await scene();
  const copy = join(folder, 'copy.csv');
  await writeFile(copy, numberedRange(1, 5));
  expect((await backfill(folder, config, copy)).code).toBe(0);
  await rename(copy, join(log, 'a.csv'));
  expect((await runOnce(folder, config)).code).toBe(0);
  await rm(join(log, 'a.csv'));
  const next = [1, 2].map(n => numbered(5000 + n, { sessionId: '6b0201a1.9999', sessionLine: n }));
  await writeFile(join(log, 'b.csv'), next.join(''));
  expect((await runOnce(folder, config)).code).toBe(0);
  expect(await archived(folder, 'gap')).toMatchObject([{ gap: { reason: 'unwatched' } }]);
});

test('a backfilled file is not what came after a log file that is gone', async () => {
  const { folder, log, config } = await scene();
  await append(join(log, 'a.csv'), 1, 5);
  await runOnce(folder, config);
  await rm(join(log, 'a.csv'));
  const newer = join(folder, 'newer.csv');
  await writeFile(newer, numbered(5001, { sessionId: '6b0201a1.9999', sessionLine: 1 }));
  expect((await backfill(folder, config, newer)).code).toBe(0);
  expect(await archived(folder, 'gap')).toEqual([]);
  await writeFile(join(log, 'b.csv'), numbered(6001, { sessionId: '6b0201a1.9998', sessionLine: 1 }));
  expect((await runOnce(folder, config)).code).toBe(0);
  expect(await archived(folder, 'gap')).toMatchObject([{ gap: { reason: 'unwatched' } }]);
});

test('a call that is refused leaves alone what another process has unpacked', async () => {
  const { folder, log, config } = await scene();
  await append(join(log, 'a.csv'), 1, 3);
  const shipper = await Shipper.start(folder, config);
  await eventually(() => shipper.isReady());
  const unpacked = join(folder, 'state', 'backfill', '0-old.csv');
  await mkdir(dirname(unpacked));
  await writeFile(unpacked, numberedRange(4, 6));
  const { code, output } = await backfill(folder, config, join(log, 'a.csv'));
  expect([code, output]).toEqual([1, expect.stringContaining('already uses this state folder')]);
  expect(existsSync(unpacked)).toBe(true);
  await shipper.stop();
});
