/** One content, whatever happens to its files: what is certainly lost, and what is read again (I1, I11). */

import { appendFile, copyFile, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { framesOf, IN_WORDS, LENGTH, read, readFive } from '../../support/follower.js';
import { numbered, numberedRange, range } from '../../support/log.js';
import { temporaryFolder } from '../../support/temp.js';

/** Milliseconds after which a doubt is certain. */
const SETTLE = 3000;

const CHANGED =
  [1, 2].map(n => numbered(n)).join('') + numbered(3).replace('SET a', 'SET b') + numberedRange(4, 5);

test('a change of bytes before the unread ones is certain once it stays, and the file is read again', async () => {
  const { path, look, follower } = await readFive();
  await writeFile(path, CHANGED + numbered(6));
  await look(1000);
  await follower.hold(1000);
  expect([follower.isOpen, follower.isInDoubt]).toEqual([false, true]);
  expect([1000 + SETTLE - 1, 1000 + SETTLE].map(now => follower.loss(now))).toEqual([null, 'changed']);
  const before = follower.position;
  expect(framesOf(await follower.abandon('changed', IN_WORDS))).toEqual([
    `changed ${LENGTH}+${numbered(6).length}`,
  ]);
  expect([follower.isInDoubt, follower.position.fileId === before.fileId]).toEqual([false, false]);
  expect(follower.position).toMatchObject({
    offset: 0,
    rereadUntil: before.lastTime,
    contentId: before.contentId,
  });
  await look(9000);
  expect(await read(follower, 9000)).toEqual(range(1, 6));
});

test('an old copy does not hide that a longer file has changed', async () => {
  const { folder, path, look, follower } = await readFive();
  await copyFile(path, join(folder, 'b.csv'));
  await writeFile(path, CHANGED + numbered(6));
  await look(1000);
  await follower.hold(1000);
  expect(follower.path).toBe(join(folder, 'b.csv'));
  expect([follower.isOpen, follower.loss(1000 + SETTLE)]).toEqual([true, 'changed']);
});

test('bytes that are back were only being written', async () => {
  const { path, look, follower } = await readFive();
  await writeFile(path, CHANGED + numbered(6));
  await look(1000);
  await follower.hold(1000);
  await writeFile(path, numberedRange(1, 7));
  await look(2000);
  expect(await read(follower, 2000)).toEqual([6, 7]);
  expect([follower.isInDoubt, follower.loss(1000 + SETTLE)]).toEqual([false, null]);
});

test('a file that is cut back and grows again is read again, once it stays so for a while', async () => {
  const { path, look, follower } = await readFive();
  await truncate(path, numberedRange(1, 2).length);
  await look(1000);
  expect([1000 + SETTLE - 1, 1000 + SETTLE].map(now => follower.loss(now))).toEqual([null, 'shortened']);
  // All that it had was read.
  expect(framesOf(await follower.abandon('shortened', IN_WORDS))).toEqual([]);
  await appendFile(path, numbered(8));
  await look(9000);
  expect(await read(follower, 9000)).toEqual([1, 2, 8]);
});

test('the wait begins when the file was last cut back', async () => {
  const { path, look, follower } = await readFive();
  await truncate(path, numberedRange(1, 3).length);
  await look(1000);
  await truncate(path, numberedRange(1, 2).length);
  await look(2000);
  await look(3000);
  expect([1000 + SETTLE, 2000 + SETTLE].map(now => follower.loss(now))).toEqual([null, 'shortened']);
});

test('a file that is cut back to what was read had more, which has vanished', async () => {
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
  expect(framesOf(await follower.abandon('shortened', IN_WORDS))).toEqual([
    `truncated ${LENGTH}+${numbered(6).length}`,
  ]);
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
    expect(framesOf(await follower.abandon('vanished', IN_WORDS))).toEqual([
      `vanished ${LENGTH}+${numberedRange(6, 7).length}`,
    ]);
    await look(9000);
    expect([follower.unread, follower.loss(20_000)]).toEqual([0, null]);
  },
);

test('what was given up and is found after all is read', async () => {
  const { folder, path, look, follower } = await readFive();
  await appendFile(path, numbered(6));
  await look(1000);
  const away = await temporaryFolder();
  await copyFile(path, join(away, 'a'));
  await rm(path);
  await look(2000);
  expect(framesOf(await follower.abandon('vanished', IN_WORDS))).toHaveLength(1);
  await copyFile(join(away, 'a'), join(folder, 'b.csv'));
  await look(3000);
  expect(await read(follower, 3000)).toEqual([6]);
});

test('a file that is renamed during the doubt is not a loss', async () => {
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

test('a look that did not see everything shows no loss', async () => {
  const { path, look, follower, followers } = await readFive();
  await appendFile(path, numbered(6));
  await look(1000);
  followers.assign([], false, 2000);
  expect([follower.isInDoubt, follower.loss(2000 + SETTLE)]).toEqual([false, null]);
});

test('a file that is deleted while it is held is read to its end, and lost only if it is closed', async () => {
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

test('a file that is overwritten while it is read is closed; the rest is read from a copy', async () => {
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

test('without a copy the rest of a file that is overwritten while it is read is truncated', async () => {
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

test('bytes that change without the length are noticed by the modification time', async () => {
  const { path, look, follower } = await readFive();
  await writeFile(path, CHANGED);
  await utimes(path, 1, 1);
  await look(1000);
  expect(follower.isActive).toBe(true);
  await follower.hold(1000);
  expect(follower.loss(1000 + SETTLE)).toBe('changed');
  expect(framesOf(await follower.abandon('changed', IN_WORDS))).toEqual([`changed ${LENGTH}+0`]);
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

test('a file that has other content by the time it is opened is not in doubt, and left to the next look', async () => {
  const { path, look, follower } = await readFive();
  await appendFile(path, numbered(6));
  await look(1000);
  await writeFile(path, numberedRange(21, 29));
  expect(follower.isActive).toBe(true);
  await follower.hold(1000);
  expect([follower.isOpen, follower.isInDoubt, follower.isActive]).toEqual([false, false, false]);
});
