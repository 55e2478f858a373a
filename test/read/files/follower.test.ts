/** Reading one content: from the file that has the most of it, up to what cannot be read yet. */

import { appendFile, copyFile, rename, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { framesOf, GAPS, IN_WORDS, LENGTH, read, readFive } from '../../support/follower.js';
import { numbered, numberedRange } from '../../support/log.js';

test('an incomplete record at the end is read when it is whole, or torn when no more will come', async () => {
  const { path, look, follower } = await readFive();
  const [half, rest] = [numbered(6).slice(0, 150), numbered(6).slice(150)];
  await appendFile(path, half);
  await look(1000);
  expect([await read(follower, 1000), follower.hasPending]).toEqual([[], true]);
  await appendFile(path, rest + half);
  expect([await read(follower, 2000), follower.lastGrowth]).toEqual([[6], 2000]);
  expect(framesOf(await follower.finish(IN_WORDS))).toEqual([
    `torn ${numberedRange(1, 6).length}+${half.length}`,
  ]);
  expect([follower.hasPending, await follower.finish(IN_WORDS)]).toEqual([false, null]);
  await follower.close();
  expect(await follower.finish(IN_WORDS)).toBeNull();
});

test('of several files with the same content the longest is read', async () => {
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
])('an open file that is read to its end is closed if another %s', async (_name, change) => {
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

test('a file that was read to its end and has not changed brings nothing', async () => {
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
  const { value: batch } = await follower.read(IN_WORDS, 1000).next();
  if (typeof batch !== 'object') throw new Error('there is none');
  expect([batch.file, batch.from]).toEqual([{ fileId, path }, LENGTH]);
  expect(framesOf(batch)).toEqual([6]);
  const end = numberedRange(1, 6).length;
  expect([batch.end, follower.position.offset, follower.position.size]).toEqual([end, end, end + 150]);
  const { lastTime } = follower.position;
  expect(framesOf(await follower.abandon('shortened', IN_WORDS))).toEqual([`truncated ${end}+150`]);
  expect((await follower.abandon('shortened', IN_WORDS))?.file).toMatchObject({
    path,
    rereadUntil: lastTime,
  });
});

test('a gap says what came before it, whether read or given up', async () => {
  const { path, look, follower } = await readFive();
  const { lastTime } = follower.position;
  await appendFile(path, `torn${numbered(6)}${numbered(7)}`);
  await look(1000);
  const { value: batch } = await follower.read(GAPS, 1000).next();
  if (typeof batch !== 'object') throw new Error('there is none');
  expect(batch.taken).toMatchObject([{ reason: 'torn', after: lastTime }]);
  const { lastTime: latest } = follower.position;
  expect((await follower.abandon('vanished', GAPS))?.taken).toMatchObject([
    { reason: 'vanished', after: latest },
  ]);
});

test('the latest time stays if times go back, but not if their zone changes', async () => {
  const { path, look, follower } = await readFive();
  const { lastTime } = follower.position;
  await appendFile(path, numbered(6, { logTime: '2026-11-21 20:39:59.000 UTC' }));
  await look(1000);
  expect([await read(follower, 1000), follower.position.lastTime]).toEqual([[6], lastTime]);
  const changed = '2026-11-21 20:40:01.000 GMT';
  await appendFile(path, numbered(7, { logTime: changed }) + numbered(8, { logTime: lastTime }));
  expect([await read(follower, 1000), follower.position.lastTime]).toEqual([[7, 8], lastTime]);
});

test('reading stops before a record whose zone is not known, also after a restart', async () => {
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
