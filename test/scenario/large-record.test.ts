/** Records over 1 MiB, which a process of their own reads: they may kill it, and nothing else. */

import { appendFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { largeRecord, readingChild, SCRUBBED_STATEMENT, sha256 } from '../support/large.js';
import { append, numbersOf } from '../support/log.js';
import { archived, eventually, Shipper, settings, severalSettings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const LARGE = largeRecord(2);

/** Stopped processes would outlive the test. */
const held: number[] = [];
afterEach(() => {
  for (const pid of held.splice(0)) signal(pid, 'SIGKILL');
});

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function logWithLarge(): Promise<{ folder: string; path: string; start: () => Promise<Shipper> }> {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  await append(path, 1);
  await appendFile(path, LARGE);
  await append(path, 3);
  return { folder, path, start: () => Shipper.start(folder, settings(folder, [path])) };
}

async function untilArchived(folder: string, count: number): Promise<void> {
  const isThere = async (): Promise<boolean> =>
    (await archived(folder)).filter(({ kind }) => kind === 'statement').length >= count;
  await eventually(isThere);
}

/** The outcome of line 2; checks that nothing else differs. */
async function gapsOf(folder: string): Promise<object[]> {
  const events = await archived(folder);
  expect(numbersOf(events)).toEqual([1, 3]);
  return events.flatMap(({ gap }) => (gap === undefined ? [] : [gap]));
}

const GAP = {
  reason: 'unreadable',
  user: 'Z990001',
  session: '6b0201a1.552d',
  line: '2',
  sha256: sha256(LARGE),
};

test('a record of 20 MB arrives whole and redacted, and also if its process was killed once', async () => {
  const { folder, start } = await logWithLarge();
  const shipper = await start();
  signal(await readingChild(shipper), 'SIGKILL');
  await untilArchived(folder, 3);
  await shipper.stop();
  const events = await archived(folder, 'statement');
  expect(numbersOf(events)).toEqual([1, 2, 3]);
  expect(events[1]?.audit?.statement === SCRUBBED_STATEMENT).toBe(true);
  expect(shipper.logged('large-record-failed')).toMatchObject([{ why: 'died' }]);
  expect(await readdir(join(folder, 'state'))).not.toContain('large-record.json');
});

test('one that kills its process twice is a gap, and what follows is shipped', async () => {
  const { folder, path, start } = await logWithLarge();
  const shipper = await start();
  const first = await readingChild(shipper);
  signal(first, 'SIGKILL');
  signal(await readingChild(shipper, [first]), 'SIGKILL');
  await untilArchived(folder, 2);
  expect(await gapsOf(folder)).toMatchObject([GAP]);
  await shipper.stop();
  const next = await start();
  await append(path, 4);
  await untilArchived(folder, 3);
  await next.stop();
  expect(numbersOf(await archived(folder))).toEqual([1, 3, 4]);
});

test('the third daemon does not try a record under which two died', async () => {
  const { folder, start } = await logWithLarge();
  for (let n = 0; n < 2; n++) {
    const shipper = await start();
    const child = await readingChild(shipper);
    held.push(child);
    signal(child, 'SIGSTOP');
    await shipper.kill();
  }
  const third = await start();
  await untilArchived(folder, 2);
  await third.stop();
  expect(await gapsOf(folder)).toMatchObject([GAP]);
  expect(third.logged('large-record-failed')).toEqual([]);
  expect(await readdir(join(folder, 'state'))).not.toContain('large-record.json');
});

test('a damaged mark counts no deaths', async () => {
  const { folder, start } = await logWithLarge();
  await mkdir(join(folder, 'state'));
  await writeFile(join(folder, 'state', 'large-record.json'), '{"version":1,');
  const shipper = await start();
  await untilArchived(folder, 3);
  await shipper.stop();
  expect(await readdir(join(folder, 'state'))).not.toContain('large-record.json');
});

test('a daemon that is stopped in order during the record, or killed after it, does not count', async () => {
  const { folder, start } = await logWithLarge();
  const config = settings(folder, [join(folder, 'a.csv')], { shutdown: { gracePeriod: '1s' } });
  for (let n = 0; n < 3; n++) {
    const shipper = await Shipper.start(folder, config);
    const child = await readingChild(shipper);
    held.push(child);
    signal(child, 'SIGSTOP');
    await shipper.stop();
  }
  for (let n = 0; n < 3; n++) {
    const shipper = await start();
    await untilArchived(folder, 3);
    await shipper.kill();
  }
  const events = await archived(folder);
  expect(numbersOf(events)).toEqual([1, 2, 3]);
  expect(events.filter(({ kind }) => kind === 'gap')).toEqual([]);
});

test('while it is read, other servers are shipped and HTTP answers', async () => {
  const folder = await temporaryFolder();
  const [one, other] = [join(folder, 'one.csv'), join(folder, 'other.csv')];
  const sources = [
    { instance: 'one', files: [one] },
    { instance: 'other', files: [other] },
  ].map(source => ({ timezone: 'Europe/Oslo', filter: { personalUsers: ['^Z'] }, ...source }));
  await append(one, 1);
  await appendFile(one, LARGE);
  const { filter: _, ...config } = severalSettings(folder, sources);
  const shipper = await Shipper.start(folder, config);
  const child = await readingChild(shipper);
  held.push(child);
  signal(child, 'SIGSTOP');
  await append(other, 1, 5);
  const ofOther = async (): Promise<number[]> =>
    numbersOf((await archived(folder)).filter(({ id }) => id.startsWith('other/')));
  await eventually(async () => (await ofOther()).length === 5);
  expect((await shipper.get('/internal/isalive')).status).toBe(200);
  expect(await readdir(join(folder, 'state'))).toContain('large-record-one.json');
  signal(child, 'SIGCONT');
  await untilArchived(folder, 7);
  await shipper.stop();
});
