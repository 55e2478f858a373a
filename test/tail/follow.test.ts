/** One content, whatever becomes of the files that hold it: what is certain to be lost, and what is read again (I1, I11). */

import { appendFile, copyFile, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { timeReader } from '../../src/parse/time.js';
import type { Follower } from '../../src/tail/follow.js';
import { Followers } from '../../src/tail/followers.js';
import { identify } from '../../src/tail/identify.js';
import { Survey } from '../../src/tail/survey.js';
import { numbered, numberedRange, range } from '../support/log.js';
import { temporaryFolder } from '../support/temp.js';

const times = timeReader(undefined);
/** Milliseconds: what is in doubt for so long is certain. */
const SETTLE = 3000;

/** A log of five records, read to its end, and let go of. */
async function readFive() {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  await writeFile(path, numberedRange(1, 5));
  const survey = new Survey([join(folder, '*')], file => identify(file, times));
  const followers = new Followers([], { maxRecordSize: 1 << 20, times, once: false }, 0);
  onTestFinished(async () => {
    for (const one of followers.inOrder) await one.close();
  });
  const look = async (now: number): Promise<void> => {
    followers.assign((await survey.take()).files, true, now);
  };
  await look(0);
  const [follower] = followers.inOrder;
  if (follower === undefined) throw new Error('the log is not known');
  expect(await read(follower, 0)).toEqual(range(1, 5));
  await follower.close();
  return { folder, path, look, follower, followers };
}

/** Session lines, gaps as `reason offset+length`, and whether the file holds something else now. */
async function read(follower: Follower, now: number): Promise<(number | string)[]> {
  const seen: (number | string)[] = [];
  const batches = follower.read(now);
  for (let next = await batches.next(); ; next = await batches.next()) {
    if (next.done === true) return next.value ? seen : [...seen, 'replaced'];
    seen.push(...framesOf(next.value));
  }
}

function framesOf(batch: ReturnType<Follower['abandon']> | null): (number | string)[] {
  return [...(batch?.frames ?? [])].map(frame =>
    frame.kind === 'record' ? Number(frame.text(6)) : `${frame.reason} ${frame.offset}+${frame.length}`,
  );
}

const CHANGED =
  [1, 2].map(n => numbered(n)).join('') + numbered(3).replace('SET a', 'SET b') + numberedRange(4, 5);
const LENGTH = numberedRange(1, 5).length;

test('bytes that changed before those that are not read yet are certain once they stay, and it is read anew', async () => {
  const { path, look, follower } = await readFive();
  await writeFile(path, CHANGED + numbered(6));
  await look(1000);
  await follower.hold(1000);
  expect([follower.isOpen, follower.isInDoubt]).toEqual([false, true]);
  expect([1000 + SETTLE - 1, 1000 + SETTLE].map(now => follower.loss(now))).toEqual([null, 'changed']);
  const before = follower.position;
  expect(framesOf(follower.abandon('changed'))).toEqual([`changed ${LENGTH}+${numbered(6).length}`]);
  expect([follower.isInDoubt, follower.position.fileId === before.fileId]).toEqual([false, false]);
  expect(follower.position).toMatchObject({
    offset: 0,
    rereadUntil: before.lastTime,
    contentId: before.contentId,
  });
  await look(9000);
  expect(await read(follower, 9000)).toEqual(range(1, 6));
});

test('a copy of how it was before does not hide that a longer file has changed', async () => {
  const { folder, path, look, follower } = await readFive();
  await copyFile(path, join(folder, 'b.csv'));
  await writeFile(path, CHANGED + numbered(6));
  await look(1000);
  await follower.hold(1000);
  expect(follower.path).toBe(join(folder, 'b.csv'));
  expect([follower.isOpen, follower.loss(1000 + SETTLE)]).toEqual([true, 'changed']);
});

test('bytes that are there again were only being written', async () => {
  const { path, look, follower } = await readFive();
  await writeFile(path, CHANGED + numbered(6));
  await look(1000);
  await follower.hold(1000);
  await writeFile(path, numberedRange(1, 7));
  await look(2000);
  expect(await read(follower, 2000)).toEqual([6, 7]);
  expect([follower.isInDoubt, follower.loss(1000 + SETTLE)]).toEqual([false, null]);
});

test('a file that is cut back and grows again is read anew, once it stands there for a while', async () => {
  const { path, look, follower } = await readFive();
  await truncate(path, numberedRange(1, 2).length);
  await look(1000);
  expect([1000 + SETTLE - 1, 1000 + SETTLE].map(now => follower.loss(now))).toEqual([null, 'shortened']);
  // All that it had was read.
  expect(framesOf(follower.abandon('shortened'))).toEqual([]);
  await appendFile(path, numbered(8));
  await look(9000);
  expect(await read(follower, 9000)).toEqual([1, 2, 8]);
});

test('what is cut back to is waited for since it stands there', async () => {
  const { path, look, follower } = await readFive();
  await truncate(path, numberedRange(1, 3).length);
  await look(1000);
  await truncate(path, numberedRange(1, 2).length);
  await look(2000);
  await look(3000);
  expect([1000 + SETTLE, 2000 + SETTLE].map(now => follower.loss(now))).toEqual([null, 'shortened']);
});

test('what is cut back to what was read had more, which has vanished', async () => {
  const { path, look, follower } = await readFive();
  await appendFile(path, numbered(6));
  await look(500);
  await truncate(path, LENGTH);
  await look(1000);
  expect(follower.loss(1000 + SETTLE)).toBe('vanished');
});

test('a file that is cut back below what was read, and had more, is a loss', async () => {
  const { path, look, follower } = await readFive();
  await appendFile(path, numbered(6));
  await look(500);
  await truncate(path, numberedRange(1, 2).length);
  await look(1000);
  expect(follower.loss(1000 + SETTLE)).toBe('shortened');
  expect(framesOf(follower.abandon('shortened'))).toEqual([`truncated ${LENGTH}+${numbered(6).length}`]);
});

test.each<[string, (path: string) => Promise<void>]>([
  ['deleted', path => rm(path)],
  ['overwritten', path => writeFile(path, numberedRange(21, 22))],
])(
  'the rest of a file that is %s before it was opened has vanished, and is given up once',
  async (_name, destroy) => {
    const { path, look, follower } = await readFive();
    await appendFile(path, numberedRange(6, 7));
    await look(1000);
    expect(follower.unread).toBe(numberedRange(6, 7).length);
    await destroy(path);
    await look(2000);
    await look(4000);
    expect([2000 + SETTLE - 1, 2000 + SETTLE].map(now => follower.loss(now))).toEqual([null, 'vanished']);
    expect(framesOf(follower.abandon('vanished'))).toEqual([
      `vanished ${LENGTH}+${numberedRange(6, 7).length}`,
    ]);
    await look(9000);
    expect([follower.unread, follower.loss(20_000)]).toEqual([0, null]);
  },
);

test('what was given up and turns up all the same is read', async () => {
  const { folder, path, look, follower } = await readFive();
  await appendFile(path, numbered(6));
  await look(1000);
  const away = await temporaryFolder();
  await copyFile(path, join(away, 'a'));
  await rm(path);
  await look(2000);
  expect(framesOf(follower.abandon('vanished'))).toHaveLength(1);
  await copyFile(join(away, 'a'), join(folder, 'b.csv'));
  await look(3000);
  expect(await read(follower, 3000)).toEqual([6]);
});

test('a file that is renamed within the doubt is no loss', async () => {
  const { folder, path, look, follower } = await readFive();
  await appendFile(path, numbered(6));
  await look(1000);
  const away = join(await temporaryFolder(), 'a');
  await rename(path, away);
  await look(2000);
  expect(follower.isInDoubt).toBe(true);
  await rename(away, join(folder, 'b.csv'));
  await look(3000);
  expect([follower.isInDoubt, follower.loss(2000 + SETTLE)]).toEqual([false, null]);
  expect(await read(follower, 3000)).toEqual([6]);
});

test('a look that did not see everything makes nothing a loss', async () => {
  const { path, look, follower, followers } = await readFive();
  await appendFile(path, numbered(6));
  await look(1000);
  followers.assign([], false, 2000);
  expect([follower.isInDoubt, follower.loss(2000 + SETTLE)]).toEqual([false, null]);
});

test('a file that is deleted while it is held is read to its end, and lost only if it is let go of', async () => {
  const { path, look, follower } = await readFive();
  await appendFile(path, numbered(6));
  await look(1000);
  await follower.hold(1000);
  expect([follower.isHeld, follower.isOpen]).toEqual([true, true]);
  await rm(path);
  await look(2000);
  expect([follower.isListed, follower.goneFor(9000), follower.loss(9000)]).toEqual([false, 0, null]);
  expect(await read(follower, 9000)).toEqual([6]);
  expect(follower.isHeld).toBe(false);
  await follower.close();
  await look(10_000);
  await look(11_000);
  expect([follower.goneFor(12_000), follower.loss(20_000)]).toEqual([2000, null]);
});

test('a file that is overwritten while it is read lets go; what a copy has of it is read from there', async () => {
  const { folder, path, look, follower } = await readFive();
  await appendFile(path, numberedRange(6, 7));
  await look(1000);
  await follower.hold(1000);
  await copyFile(path, join(folder, 'b.csv'));
  await writeFile(path, numberedRange(21, 29));
  expect(await read(follower, 1000)).toEqual(['replaced']);
  await follower.replaced();
  await look(2000);
  expect(await read(follower, 2000)).toEqual([6, 7]);
});

test('without a copy the rest of what is overwritten while it is read is truncated', async () => {
  const { path, look, follower } = await readFive();
  await appendFile(path, numberedRange(6, 7));
  await look(1000);
  await follower.hold(1000);
  await writeFile(path, numberedRange(21, 29));
  expect(await read(follower, 1000)).toEqual(['replaced']);
  await follower.replaced();
  await look(2000);
  expect(follower.loss(2000 + SETTLE)).toBe('truncated');
});

test('half a record at the end is read when it is whole, or torn when no more will come', async () => {
  const { path, look, follower } = await readFive();
  const [half, rest] = [numbered(6).slice(0, 150), numbered(6).slice(150)];
  await appendFile(path, half);
  await look(1000);
  expect([await read(follower, 1000), follower.hasPending]).toEqual([[], true]);
  await appendFile(path, rest + half);
  expect([await read(follower, 2000), follower.lastGrowth]).toEqual([[6], 2000]);
  expect(framesOf(follower.finish())).toEqual([`torn ${numberedRange(1, 6).length}+${half.length}`]);
  expect([follower.hasPending, follower.finish()]).toEqual([false, null]);
  await follower.close();
  expect(follower.finish()).toBeNull();
});

test('bytes that change under the same length are seen by when the file was written', async () => {
  const { path, look, follower } = await readFive();
  await writeFile(path, CHANGED);
  await utimes(path, 1, 1);
  await look(1000);
  expect(follower.isActive).toBe(true);
  await follower.hold(1000);
  expect(follower.loss(1000 + SETTLE)).toBe('changed');
  expect(framesOf(follower.abandon('changed'))).toEqual([`changed ${LENGTH}+0`]);
});

test('the same, while it is open and read to its end', async () => {
  const { path, look, follower } = await readFive();
  await appendFile(path, numbered(6));
  await look(1000);
  expect(await read(follower, 1000)).toEqual([6]);
  expect(await read(follower, 1000)).toEqual([]);
  await writeFile(path, CHANGED + numbered(6).replace('SET a', 'SET b'));
  await utimes(path, 1, 1);
  expect(await read(follower, 1000)).toEqual(['replaced']);
});

test('a file that holds something else by the time it is opened is no doubt, and left to the next look', async () => {
  const { path, look, follower } = await readFive();
  await appendFile(path, numbered(6));
  await look(1000);
  await writeFile(path, numberedRange(21, 29));
  expect(follower.isActive).toBe(true);
  await follower.hold(1000);
  expect([follower.isOpen, follower.isInDoubt, follower.isActive]).toEqual([false, false, false]);
});

test('of several files that hold it the longest is read', async () => {
  const { folder, path, look, follower } = await readFive();
  await appendFile(path, numbered(6));
  await copyFile(path, join(folder, 'b.csv'));
  await appendFile(join(folder, 'b.csv'), numbered(7));
  await copyFile(path, join(folder, 'c.csv'));
  await look(1000);
  expect(await read(follower, 1000)).toEqual([6, 7]);
  expect(follower.path).toBe(join(folder, 'b.csv'));
});

test.each<[string, (path: string, other: string) => Promise<void>]>([
  ['has more of it', async (_path, other) => appendFile(other, numbered(7))],
  ['took its place', async (path, other) => rename(other, path)],
])('an open file that is read to its end is let go of where another %s', async (_name, change) => {
  const { folder, path, look, follower } = await readFive();
  const other = join(folder, 'b.csv');
  await appendFile(path, numbered(6));
  await copyFile(path, other);
  await rm(other);
  await look(1000);
  expect(await read(follower, 1000)).toEqual([6]);
  await copyFile(path, other);
  await change(path, other);
  await look(2000);
  expect([await read(follower, 2000), follower.isOpen]).toEqual([[], false]);
  await appendFile(path, numbered(7));
  await look(3000);
  expect(await read(follower, 3000)).toEqual([7]);
});

test('what was read to its end and did not change since brings nothing', async () => {
  const { folder, path, look, follower } = await readFive();
  await look(1000);
  expect(follower.isActive).toBe(false);
  await copyFile(path, join(folder, 'b.csv'));
  await truncate(join(folder, 'b.csv'), 100);
  await look(2000);
  expect(follower.isActive).toBe(false);
});

test('a batch says which bytes of which content it covers, and that it was read before', async () => {
  const { path, look, follower } = await readFive();
  await appendFile(path, numbered(6) + numbered(7).slice(0, 150));
  await look(1000);
  const { fileId } = follower.position;
  const { value: batch } = await follower.read(1000).next();
  if (typeof batch !== 'object') throw new Error('there is none');
  expect([batch.file, batch.from]).toEqual([{ fileId, path }, LENGTH]);
  expect(framesOf(batch)).toEqual([6]);
  const end = numberedRange(1, 6).length;
  expect([batch.to, follower.position.offset, follower.position.size]).toEqual([end, end, end + 150]);
  const { lastTime } = follower.position;
  expect(framesOf(follower.abandon('shortened'))).toEqual([`truncated ${end}+150`]);
  expect(follower.abandon('shortened').file).toMatchObject({ path, rereadUntil: lastTime });
});

test('a gap says what came before it, be it read or given up', async () => {
  const { path, look, follower } = await readFive();
  const { lastTime } = follower.position;
  await appendFile(path, `torn${numbered(6)}${numbered(7)}`);
  await look(1000);
  const { value: batch } = await follower.read(1000).next();
  if (typeof batch !== 'object') throw new Error('there is none');
  const gaps = [...batch.frames].filter(frame => frame.kind === 'gap');
  expect(gaps).toMatchObject([{ reason: 'torn', after: lastTime }]);
  const [lost] = [...follower.abandon('vanished').frames];
  expect(lost).toMatchObject({ reason: 'vanished', after: follower.position.lastTime });
});

test('the latest time stays where times run back, but not where their zone changes', async () => {
  const { path, look, follower } = await readFive();
  const { lastTime } = follower.position;
  await appendFile(path, numbered(6, { logTime: '2026-11-21 20:39:59.000 UTC' }));
  await look(1000);
  expect([await read(follower, 1000), follower.position.lastTime]).toEqual([[6], lastTime]);
  const changed = '2026-11-21 20:40:01.000 GMT';
  await appendFile(path, numbered(7, { logTime: changed }) + numbered(8, { logTime: lastTime }));
  expect([await read(follower, 1000), follower.position.lastTime]).toEqual([[7, 8], lastTime]);
});

test('reading waits before a record whose zone cannot be told, also after a restart', async () => {
  const { path, look, follower, followers } = await readFive();
  const unknown = numbered(7, { logTime: '2026-11-21 20:40:00.007 IST' });
  await appendFile(path, numbered(6) + unknown + numbered(8));
  await look(1000);
  expect(await read(follower, 1000)).toEqual([6]);
  expect([follower.isBlocked, follower.isActive, follower.isOpen]).toEqual([true, false, false]);
  const { position } = follower;
  expect(position.offset).toBe(numberedRange(1, 6).length);
  followers.remember(position, 1000);
  await look(2000);
  const again = followers.inOrder[0] ?? follower;
  expect([await read(again, 2000), again.isBlocked, again.position.offset]).toEqual([
    [],
    true,
    position.offset,
  ]);
});
