/** Everything that happens to log files while the daemon reads them: nothing is lost, nothing comes twice. */

import { copyFile, link, mkdir, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readArchive } from '../support/archive.js';
import { append, numbered, numberedRange, numbersOf, range } from '../support/log.js';
import { archived, eventually, logged, runOnce, Shipper, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

interface Scene {
  readonly folder: string;
  readonly logs: string;
  readonly shipper: Shipper;
  path(name: string): string;
  /** Waits until exactly these statements were delivered, in this order. */
  arrived(numbers: readonly number[]): Promise<void>;
  /** Stops the daemon; then the archive has exactly these statements. */
  ends(numbers: readonly number[]): Promise<void>;
}

async function scene(patterns = ['*.csv']): Promise<Scene> {
  const folder = await temporaryFolder();
  const logs = join(folder, 'log');
  await mkdir(logs);
  const path = (name: string): string => join(logs, name);
  const shipper = await Shipper.start(folder, settings(folder, patterns.map(path)));
  const arrived = async (numbers: readonly number[]): Promise<void> => {
    await eventually(async () => numbersOf(await logged(folder)).length >= numbers.length);
    expect(numbersOf(await logged(folder))).toEqual(numbers);
  };
  const ends = async (numbers: readonly number[]): Promise<void> => {
    await arrived(numbers);
    expect(await shipper.stop()).toBe(0);
    expect(numbersOf(await archived(folder))).toEqual(numbers);
  };
  return { folder, logs, shipper, path, arrived, ends };
}

test('a file that exists at the start, and one that comes later', async () => {
  const { path, arrived, ends } = await scene();
  await append(path('a.csv'), 1, 3);
  await arrived(range(1, 3));
  await append(path('b.csv'), 4, 5);
  await append(path('b.csv'), 6);
  await ends(range(1, 6));
});

test('a folder that comes later', async () => {
  const folder = await temporaryFolder();
  const logs = join(folder, 'later', 'log');
  const shipper = await Shipper.start(folder, settings(folder, [join(logs, '*.csv')]));
  await eventually(async () => shipper.logged('source-unreadable').length > 0);
  expect((await shipper.get('/internal/isready')).body).toContain(`${logs}: it does not exist (yet)`);
  await mkdir(logs, { recursive: true });
  await append(join(logs, 'a.csv'), 1, 2);
  await eventually(async () => numbersOf(await logged(folder)).length === 2);
  await eventually(() => shipper.isReady());
});

test('rotation to a new name, the old file growing a little more', async () => {
  const { path, arrived, ends } = await scene();
  await append(path('2026-11-21.csv'), 1, 2);
  await arrived([1, 2]);
  await append(path('2026-11-22.csv'), 10, 11);
  await arrived([1, 2, 10, 11]);
  await append(path('2026-11-21.csv'), 3);
  await ends([1, 2, 10, 11, 3]);
});

test('rename, and a new file under the old name', async () => {
  const { path, arrived, ends } = await scene(['*.csv', '*.csv.1']);
  await append(path('a.csv'), 1, 3);
  await arrived(range(1, 3));
  await append(path('a.csv'), 4);
  await rename(path('a.csv'), path('a.csv.1'));
  await append(path('a.csv.1'), 5);
  await append(path('a.csv'), 6, 7);
  await ends(range(1, 7));
});

test('a file that is moved away and still written to', async () => {
  const { path, arrived, ends } = await scene();
  await append(path('a.csv'), 1);
  await arrived([1]);
  await rename(path('a.csv'), path('moved-away'));
  await append(path('moved-away'), 2, 3);
  await ends(range(1, 3));
});

test('truncation in place', async () => {
  const { path, arrived, ends } = await scene();
  await append(path('a.csv'), 1, 5);
  await arrived(range(1, 5));
  await truncate(path('a.csv'));
  await append(path('a.csv'), 6, 7);
  await ends(range(1, 7));
});

test('truncation in place, and growth beyond the old end before a look', async () => {
  const { folder, path, arrived, shipper } = await scene();
  await append(path('a.csv'), 1, 2);
  await arrived([1, 2]);
  await shipper.stop();
  await writeFile(path('a.csv'), numberedRange(11, 15));
  await runOnce(folder, settings(folder, [path('*.csv')]));
  expect(numbersOf(await archived(folder))).toEqual([1, 2, ...range(11, 15)]);
});

test('overwritten in place by something larger while it is being read', async () => {
  const { path, arrived, ends } = await scene();
  await append(path('a.csv'), 1, 2);
  await arrived([1, 2]);
  await writeFile(path('a.csv'), numberedRange(11, 20));
  await ends([1, 2, ...range(11, 20)]);
});

test('copytruncate: the copy has what was not read yet, and is not read twice', async () => {
  const { folder, path, arrived, shipper } = await scene(['*.csv', '*.csv.1']);
  await append(path('a.csv'), 1, 3);
  await arrived(range(1, 3));
  await shipper.stop();
  await append(path('a.csv'), 4, 5);
  await copyFile(path('a.csv'), path('a.csv.1'));
  await truncate(path('a.csv'));
  await append(path('a.csv'), 6);
  await runOnce(folder, settings(folder, [path('*.csv'), path('*.csv.1')]));
  expect(numbersOf(await archived(folder))).toEqual(range(1, 6));
});

test('deletion while reading: the open file is read to its end', async () => {
  const { path, arrived, ends } = await scene();
  await append(path('a.csv'), 1, 2);
  await arrived([1, 2]);
  await rm(path('a.csv'));
  await append(path('b.csv'), 3);
  await ends(range(1, 3));
});

test('a copy, a hard link and a symbolic link of a file are the file', async () => {
  const { path, arrived, ends } = await scene();
  await append(path('a.csv'), 1, 3);
  await arrived(range(1, 3));
  await copyFile(path('a.csv'), path('copy.csv'));
  await link(path('a.csv'), path('hard.csv'));
  await symlink(path('a.csv'), path('soft.csv'));
  await append(path('a.csv'), 4);
  await ends(range(1, 4));
});

test('an empty file, and one whose first record is not complete yet', async () => {
  const { path, arrived, ends } = await scene();
  await writeFile(path('a.csv'), '');
  await writeFile(path('b.csv'), numbered(1).slice(0, 20));
  await append(path('c.csv'), 2);
  await arrived([2]);
  await writeFile(path('b.csv'), numbered(1).slice(20), { flag: 'a' });
  await arrived([2, 1]);
  await append(path('a.csv'), 3);
  await ends([2, 1, 3]);
});

test('records that come in pieces of any size', async () => {
  const { path, ends } = await scene();
  const bytes = Buffer.from(numberedRange(1, 5));
  for (let at = 0; at < bytes.length; at += 97) {
    await writeFile(path('a.csv'), bytes.subarray(at, at + 97), { flag: 'a' });
  }
  await ends(range(1, 5));
});

test('files are read in the order in which they were written, whatever their names', async () => {
  const folder = await temporaryFolder();
  await append(join(folder, 'z.csv'), 1, 2);
  await append(join(folder, 'a.csv'), 5, 6);
  await append(join(folder, 'm.csv'), 3, 4);
  await runOnce(folder, settings(folder, [join(folder, '*.csv')]));
  expect(numbersOf(await archived(folder))).toEqual(range(1, 6));
});

test('a torn record at the end of a file that has a successor is a gap', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'a.csv'), numbered(1) + numbered(2).slice(0, 100));
  await append(join(folder, 'b.csv'), 3);
  await runOnce(folder, settings(folder, [join(folder, '*.csv')]));
  const events = await archived(folder);
  expect(numbersOf(events)).toEqual([1, 3]);
  expect(events.filter(event => event.kind === 'gap')).toMatchObject([
    { gap: { reason: 'torn' }, source: { file: 'a.csv', offset: numbered(1).length, length: 100 } },
  ]);
});

test('truncate-on-rotation: the file of a week ago is overwritten, same name and inode', async () => {
  const { folder, path, arrived, shipper } = await scene();
  await append(path('1.csv'), 1, 3);
  await append(path('2.csv'), 4, 5);
  await arrived(range(1, 5));
  const { ino } = await stat(path('1.csv'));
  await truncate(path('1.csv'));
  await append(path('1.csv'), 6, 7);
  await arrived(range(1, 7));
  // The same while the shipper is down.
  await shipper.stop();
  await append(path('1.csv'), 8);
  await truncate(path('2.csv'));
  await append(path('2.csv'), 9, 30);
  expect((await stat(path('1.csv'))).ino).toBe(ino);
  await runOnce(folder, settings(folder, [path('*.csv')]));
  const events = await archived(folder);
  expect(numbersOf(events)).toEqual(range(1, 30));
  expect(events.filter(event => event.kind === 'gap')).toEqual([]);
});

test('a `.1` copy of a file that was read, while the shipper runs and while it is down', async () => {
  const { folder, path, arrived, shipper } = await scene(['*.csv*']);
  await append(path('a.csv'), 1, 3);
  await arrived(range(1, 3));
  await copyFile(path('a.csv'), path('a.csv.1'));
  await append(path('b.csv'), 4);
  await arrived(range(1, 4));
  await shipper.stop();
  await copyFile(path('b.csv'), path('b.csv.1'));
  await runOnce(folder, settings(folder, [path('*.csv*')]));
  expect(numbersOf(await archived(folder))).toEqual(range(1, 4));
});

test('deletion before reading: a file that was seen is held, and read all the same', async () => {
  const { folder, path, shipper } = await scene();
  await shipper.stop();
  const { archive, state, ...rest } = settings(folder, [path('*.csv')]);
  const blocked = join(folder, 'blocked');
  await writeFile(blocked, 'in the way');
  const full = await Shipper.start(folder, {
    ...rest,
    state: { directory: join(folder, 'state-2'), maxSize: '1MiB' },
    archive: { to: `file:${join(blocked, 'archive')}`, segment: { maxAge: '300ms', maxSize: '100KiB' } },
  });
  await append(path('a.csv'), 1, 2500);
  await full.eventuallyLogged('journal-full');
  await append(path('b.csv'), 2501, 2600);
  await eventually(async () => full.logged('file-found').length === 2);
  await rm(path('b.csv'));
  await rm(blocked);
  await eventually(async () => numbersOf(await logged(folder)).length === 2600);
  await full.stop();
  const events = await readArchive(join(blocked, 'archive'));
  expect(numbersOf(events)).toEqual(range(1, 2600));
  expect(events.filter(event => event.kind === 'gap')).toEqual([]);
});

test('files that appear in any order: a gap that a late file fills is not one', async () => {
  const { folder, path, arrived, shipper } = await scene();
  await append(path('1.csv'), 1, 2);
  await arrived([1, 2]);
  await append(path('3.csv'), 5, 6);
  await arrived([1, 2, 5, 6]);
  await append(path('2.csv'), 3, 4);
  await arrived([1, 2, 5, 6, 3, 4]);
  await shipper.stop();
  expect((await archived(folder)).filter(event => event.kind === 'gap')).toEqual([]);
});
