/** The state folder on a small file system of its own that becomes full. */

import { execFileSync, spawnSync } from 'node:child_process';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { hasCode } from '../../src/lib/errors.js';
import { append, numbersOf, range } from '../support/log.js';
import { archived, eventually, logged, Shipper, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

/** Whether this user may mount: only then there can be a small file system. */
const mayMount = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

/** A daemon with its state on a file system of 4 MiB. */
async function scene() {
  const [folder, small] = [await temporaryFolder(), await temporaryFolder()];
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=0700', 'tmpfs', small]);
  onTestFinished(() => void execFileSync('umount', ['-l', small]));
  const path = join(folder, 'a.csv');
  const config = settings(folder, [path], { state: { directory: join(small, 'state') } });
  const shipper = await Shipper.start(folder, config);
  await append(path, 1, 10);
  await eventually(async () => numbersOf(await logged(folder)).length === 10);
  return { folder, small, path, config, shipper };
}

test.skipIf(!mayMount)(
  'a disk that is full, then has room: journaling pauses, says why, and continues without a skipped byte (I9)',
  async () => {
    const { folder, small, path, shipper } = await scene();
    await fill(join(small, 'ballast'));
    await append(path, 11, 2000);
    await shipper.eventuallyLogged('journal-failed');
    expect(shipper.logged('journal-failed')[0]).toMatchObject({
      level: 'error',
      error: 'ENOSPC',
      msg: 'the journal cannot be written; reading waits: the disk is full',
    });
    expect((await shipper.get('/internal/isready')).body).toContain('cannot be written: the disk is full');
    expect(await shipper.metric('pgaudit_shipper_journal_failures_total{code="ENOSPC"}')).toBeGreaterThan(0);
    await rm(join(small, 'ballast'));
    await eventually(async () => numbersOf(await logged(folder)).length === 2000);
    await eventually(() => shipper.isReady());
    await shipper.stop();
    const events = await archived(folder);
    expect(numbersOf(events)).toEqual(range(1, 2000));
    expect(events.filter(event => event.kind === 'gap')).toEqual([]);
  },
);

test.skipIf(!mayMount)(
  'a killed shipper on a full disk continues where it was when there is room',
  async () => {
    const { folder, small, path, config, shipper } = await scene();
    await fill(join(small, 'ballast'));
    await append(path, 11, 500);
    await shipper.eventuallyLogged('journal-failed');
    await shipper.kill();
    const again = await Shipper.start(folder, config);
    await again.eventuallyLogged('journal-failed');
    await rm(join(small, 'ballast'));
    await eventually(async () => numbersOf(await logged(folder)).length === 500);
    await again.stop();
    expect(numbersOf(await archived(folder))).toEqual(range(1, 500));
  },
);

test.skipIf(!mayMount)('a disk that becomes read-only, and writable again', async () => {
  const { folder, small, path, shipper } = await scene();
  // Not while a file is open for writing.
  await eventually(async () => spawnSync('mount', ['-o', 'remount,ro', small]).status === 0);
  await append(path, 11, 15);
  await shipper.eventuallyLogged('journal-failed');
  expect((await shipper.get('/internal/isready')).body).toContain('the file system is read-only');
  execFileSync('mount', ['-o', 'remount,rw', small]);
  await eventually(async () => numbersOf(await logged(folder)).length === 15);
  await shipper.stop();
  expect(numbersOf(await archived(folder))).toEqual(range(1, 15));
});

/** Takes all the room that is left, even if the shipper takes some meanwhile. */
async function fill(path: string): Promise<void> {
  const { bavail, bsize } = await statfs(join(path, '..'));
  try {
    await writeFile(path, Buffer.alloc(bavail * bsize));
  } catch (error) {
    if (!hasCode(error, 'ENOSPC')) throw error;
  }
}
