/** Folders with many finished files: what a look costs, and that whatever happens to them is noticed. */

import { appendFile, mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { timeReader } from '../../../src/audit/time.js';
import { Disk } from '../../../src/lib/disk.js';
import { identify } from '../../../src/read/files/identify.js';
import { Ledger } from '../../../src/read/files/ledger.js';
import { Survey } from '../../../src/read/files/survey.js';
import { Tail } from '../../../src/read/files/tail.js';
import { ManualClock } from '../../support/clock.js';
import { IN_WORDS } from '../../support/follower.js';
import { FIRST_FORMAT } from '../../support/format.js';
import { numbered, range } from '../../support/log.js';
import { QUIET } from '../../support/tail.js';
import { temporaryFolder } from '../../support/temp.js';

const FILES = 100;
const MINUTE = 60_000;
const times = timeReader(undefined);
const fileOf = (folder: string, n: number): string => join(folder, `log-${String(n).padStart(4, '0')}.csv`);

/** A log folder in which nothing was created for a while. */
async function scene() {
  const folder = await temporaryFolder();
  const log = join(folder, 'log');
  await mkdir(log);
  for (const n of range(1, FILES)) await writeFile(fileOf(log, n), numbered(n));
  const settle = async (): Promise<void> => await utimes(log, new Date(0), Math.random() * 1e6);
  await settle();
  return { folder, log, settle };
}

async function surveyed() {
  const { log, settle } = await scene();
  let opened = 0;
  const survey = new Survey([join(log, '*.csv')], async file => {
    opened += 1;
    return await identify(file, times);
  });
  const now = Date.now();
  expect((await survey.take(now)).files).toHaveLength(FILES);
  const last = fileOf(log, FILES);
  const part = async (at = now): Promise<string[] | null> =>
    (await survey.takePart([last], at))?.map(({ path }) => path) ?? null;
  return { log, settle, survey, now, last, part, opened: () => opened };
}

test('a quiet folder is one look: no file is listed or opened again, but what is given', async () => {
  const { log, last, part, opened } = await surveyed();
  expect(opened()).toBe(FILES);
  expect([await part(), opened()]).toEqual([[], FILES]);
  await appendFile(last, numbered(FILES + 1));
  expect([await part(), opened()]).toEqual([[last], FILES + 1]);
  expect([await part(), opened()]).toEqual([[], FILES + 1]);
  // Another one is left to the look at all files, which is due each minute.
  await appendFile(fileOf(log, 1), numbered(FILES + 2));
  expect(await part()).toEqual([]);
});

test.each([
  ['a file is added', (log: string) => writeFile(fileOf(log, FILES + 1), numbered(FILES + 1))],
  ['a file is removed', (log: string) => rm(fileOf(log, 1))],
  ['a file is renamed', (log: string) => rename(fileOf(log, 1), join(log, 'x.csv'))],
  ['the folder is another', async (log: string) => await rename(log, `${log}.old`)],
  ['a given file has other content', (log: string) => writeFile(fileOf(log, FILES), numbered(FILES + 7))],
])('all files are looked at if %s', async (_name, change) => {
  const { log, part } = await surveyed();
  expect(await part()).toEqual([]);
  await change(log);
  expect(await part()).toBeNull();
});

test('all files are looked at after a minute, and while the time of a folder may hide a change', async () => {
  const { log, survey, now, part } = await surveyed();
  expect(await part(now + MINUTE - 1)).toEqual([]);
  expect(await part(now + MINUTE)).toBeNull();
  await utimes(log, new Date(now), new Date(now - 1000));
  await survey.take(now);
  expect(await part()).toBeNull();
});

test('what is written into a finished file is read within a minute, and until then nothing says it was', async () => {
  const { folder, log, settle } = await scene();
  const clock = new ManualClock(new Date().toISOString());
  const start = clock.now();
  const tail = new Tail(
    {
      patterns: [join(log, '*.csv')],
      maxRecordSize: 1 << 20,
      once: false,
      positions: [],
      ...FIRST_FORMAT,
      times,
      ledger: new Ledger(join(folder, 'files.ndjson'), new Disk()),
      clock,
      watch: null,
    },
    QUIET,
  );
  const stop = new AbortController();
  const seen: (number | string)[] = [];
  const reading = (async () => {
    for await (const batch of tail.batches(IN_WORDS, stop.signal)) seen.push(...(batch?.taken ?? []));
  })();
  const passes = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 250) await clock.advance(250);
  };
  /** After some more seconds. */
  const later = async <T>(ms: number, get: () => T): Promise<T> => {
    await passes(ms);
    return get();
  };
  await expect.poll(() => later(250, () => seen.length)).toBe(FILES);
  await settle();
  await passes(5000);
  tail.takeChanges();
  const readUntil = tail.readUntil ?? 0;
  expect(readUntil).toBeGreaterThanOrEqual(start);
  await appendFile(fileOf(log, 3), numbered(1000));
  await passes(20_000);
  expect([seen.length, tail.readUntil, tail.takeChanges().files]).toEqual([FILES, readUntil, []]);
  await expect.poll(() => later(2000, () => seen.at(-1))).toBe(1000);
  await expect.poll(() => later(2000, () => tail.readUntil)).toBeGreaterThan(readUntil);
  expect(clock.now() - start).toBeLessThan(3 * MINUTE);
  expect(tail.takeChanges().files.map(({ path }) => path)).toContain(fileOf(log, 3));
  stop.abort();
  await clock.advance(1000);
  await reading;
});
