/** Follows one content through files of a folder, without the rest of the tail. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { timeReader } from '../../src/audit/time.js';
import type { Batch, Taker } from '../../src/read/files/batch.js';
import type { Follower } from '../../src/read/files/follower.js';
import { Followers } from '../../src/read/files/followers.js';
import { identify } from '../../src/read/files/identify.js';
import { Survey } from '../../src/read/files/survey.js';
import { numberedRange, range } from './log.js';
import { temporaryFolder } from './temp.js';

const times = timeReader(undefined);

/** A log of five records, read to its end, and closed. */
export async function readFive() {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  await writeFile(path, numberedRange(1, 5));
  const survey = new Survey([join(folder, '*')], file => identify(file, times));
  const followers = new Followers([], { maxRecordSize: 1 << 20, times, once: false }, 0);
  onTestFinished(async () => {
    for (const one of followers.inOrder) await one.close();
  });
  const look = async (now: number): Promise<void> => {
    followers.assign((await survey.take(now)).files, true, now);
  };
  await look(0);
  const [follower] = followers.inOrder;
  if (follower === undefined) throw new Error('the log is not known');
  expect(await read(follower, 0)).toEqual(range(1, 5));
  await follower.close();
  return { folder, path, look, follower, followers };
}

/** Session lines, gaps as `reason offset+length`, and whether the file has other content now. */
export async function read(follower: Follower, now: number): Promise<(number | string)[]> {
  const seen: (number | string)[] = [];
  const batches = follower.read(IN_WORDS, now);
  for (let next = await batches.next(); ; next = await batches.next()) {
    if (next.done === true) return next.value ? seen : [...seen, 'replaced'];
    seen.push(...framesOf(next.value));
  }
}

/** Takes frames as `read` says. */
export const IN_WORDS: Taker<(number | string)[]> = {
  skip: null,
  take: frames =>
    Array.from(frames, frame =>
      frame.kind === 'record' ? Number(frame.text(6)) : `${frame.reason} ${frame.offset}+${frame.length}`,
    ),
};

/** Takes gaps as they are. */
export const GAPS: Taker<object[]> = {
  skip: null,
  take: frames => [...frames].filter(frame => frame.kind === 'gap'),
};

export function framesOf(batch: Batch<(number | string)[]> | null): (number | string)[] {
  return batch?.taken ?? [];
}

/** Bytes of the five. */
export const LENGTH = numberedRange(1, 5).length;
