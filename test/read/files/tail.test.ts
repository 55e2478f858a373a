/** What the tail gives if files change between one batch and the next. */

import { appendFile, copyFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { timeReader } from '../../../src/audit/time.js';
import { systemClock } from '../../../src/lib/clock.js';
import { Disk } from '../../../src/lib/disk.js';
import { Ledger } from '../../../src/read/files/ledger.js';
import { Tail } from '../../../src/read/files/tail.js';
import type { TailOptions } from '../../../src/read/files/tail-options.js';
import { ManualClock } from '../../support/clock.js';
import { IN_WORDS } from '../../support/follower.js';
import { FIRST_FORMAT } from '../../support/format.js';
import { numbered, numberedRange, range } from '../../support/log.js';
import { QUIET } from '../../support/tail.js';
import { temporaryFolder } from '../../support/temp.js';

function optionsOf(folder: string): TailOptions {
  return {
    patterns: [join(folder, '*.csv*')],
    maxRecordSize: 1 << 26,
    once: true,
    positions: [],
    ...FIRST_FORMAT,
    times: timeReader(undefined),
    ledger: new Ledger(join(folder, 'files.ndjson'), new Disk()),
    clock: systemClock,
    watch: null,
  };
}

/** Session lines in the order in which they came, and gaps as `reason offset+length`. */
async function readAll(
  folder: string,
  betweenFirstAndSecond: () => Promise<void>,
): Promise<(number | string)[]> {
  const seen: (number | string)[] = [];
  let batches = 0;
  for await (const batch of new Tail(optionsOf(folder), QUIET).batches(
    IN_WORDS,
    new AbortController().signal,
  )) {
    if (batch === null) continue;
    seen.push(...batch.taken);
    if (++batches === 1) await betweenFirstAndSecond();
  }
  return seen;
}

/** More than two chunks. */
const MANY = 40_000;
const old = numberedRange(1, MANY);

test('a file that is overwritten by a larger one: the new one is read once, what is lost of the old is a gap', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  await writeFile(path, old);
  const seen = await readAll(folder, () => writeFile(path, numberedRange(MANY + 1, 3 * MANY)));
  const read = seen.slice(0, seen.indexOf(MANY + 1));
  const offset = numberedRange(1, read.length).length;
  expect(read).toEqual(range(1, read.length));
  expect(read.length).toBeLessThan(MANY);
  expect(seen.slice(read.length)).toEqual([
    ...range(MANY + 1, 3 * MANY),
    `truncated ${offset}+${old.length - offset}`,
  ]);
});

test('a file that is copied and truncated: the copy is read to its end, and nothing twice', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  await writeFile(path, old);
  const seen = await readAll(folder, async () => {
    await copyFile(path, `${path}.1`);
    await truncate(path);
    await writeFile(path, numberedRange(MANY + 1, MANY + 10));
  });
  expect(seen).toEqual(range(1, MANY + 10));
});

test('a file that is deleted is read to its end from the open descriptor', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  await writeFile(path, old);
  expect(await readAll(folder, () => rm(path))).toEqual(range(1, MANY));
});

test('a copy that lacks the last bytes of what was truncated leaves a gap', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  await writeFile(path, old);
  const kept = numberedRange(1, MANY - 5);
  const seen = await readAll(folder, async () => {
    await writeFile(`${path}.1`, kept);
    await writeFile(path, numberedRange(MANY + 1, MANY + 2));
  });
  const gap = `truncated ${kept.length}+${old.length - kept.length}`;
  expect(seen.filter(one => one !== gap)).toEqual([...range(1, MANY - 5), MANY + 1, MANY + 2]);
  expect(seen).toContain(gap);
});

test('unread bytes wait since the record before them, or since nothing was unread last', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  await writeFile(path, old);
  const clock = new ManualClock('2026-11-22T00:00:00Z');
  const abort = new AbortController();
  const tail = new Tail({ ...optionsOf(folder), once: false, clock }, QUIET);
  const batches = tail.batches(IN_WORDS, abort.signal);
  expect(tail.behindSince).toBeNull();
  expect((await batches.next()).value?.taken.every(Number.isInteger)).toBe(true);
  expect(tail.behindSince).toBeGreaterThan(Date.parse('2026-11-21'));
  expect(tail.behindSince).toBeLessThan(clock.now());
  for (let next = await batches.next(); next.value !== null; next = await batches.next())
    expect(next.value?.taken.every(Number.isInteger)).toBe(true);
  expect(tail.behindSince).toBeNull();
  // An incomplete record.
  await appendFile(path, numberedRange(MANY + 1, MANY + 1).slice(0, -10));
  const looking = batches.next();
  await clock.advance(5000);
  await looking;
  expect(tail.behindSince).toBe(Date.parse('2026-11-22T00:00:00Z'));
  abort.abort();
  await batches.return(undefined);
});

test.each([
  ['nothing of it is shipped', false, [45, 45, 100, 100]],
  ['some of it is', true, [45, 45, 45, 45]],
])(
  'a log that grows all the time is looked at again after a pause: if %s',
  async (_, isShipped, expected) => {
    const folder = await temporaryFolder();
    const path = join(folder, 'a.csv');
    await writeFile(path, numberedRange(1, 3));
    const pauses: number[] = [];
    let time = Date.parse('2026-11-22T00:00:00Z');
    const after = (ms: number, run: () => void): (() => void) => {
      pauses.push(ms);
      time += 250;
      setImmediate(run);
      return () => undefined;
    };
    const watch = () => ({ close: async () => undefined });
    const clock = { now: () => time, after };
    const tail = new Tail({ ...optionsOf(folder), once: false, clock, watch }, QUIET);
    let looks = 0;
    for await (const batch of tail.batches(IN_WORDS, new AbortController().signal)) {
      if (batch !== null) tail.isUrgent = isShipped;
      else if (++looks === 5) break;
      else await appendFile(path, numberedRange(3 + looks, 3 + looks));
    }
    expect(pauses).toEqual(expected);
  },
);

test('a file that begins while another is read for long is held, so that it can be read even if it is deleted', async () => {
  const folder = await temporaryFolder();
  const [path, next] = [join(folder, 'a.csv'), join(folder, 'b.csv')];
  await writeFile(path, old);
  const clock = new ManualClock('2026-11-22T00:00:00Z');
  const seen: number[] = [];
  let batches = 0;
  for await (const batch of new Tail({ ...optionsOf(folder), clock }, QUIET).batches(
    IN_WORDS,
    new AbortController().signal,
  )) {
    seen.push(...(batch?.taken ?? []).map(Number));
    batches += 1;
    if (batches === 1) await writeFile(next, numberedRange(MANY + 1, MANY + 3));
    if (batches === 2) await clock.advance(2000);
    if (batches === 4) await rm(next);
  }
  expect(seen).toEqual(range(1, MANY + 3));
});

test.each([
  ['a record', numbered(1001, { message: 'x'.repeat(1 << 20) }).slice(0, -10)],
  ['what is not a record', '\0'.repeat(1 << 20)],
])('the bytes before the checkpoint are known, also if %s that fills the buffer follows', async (_, rest) => {
  const folder = await temporaryFolder();
  const whole = numberedRange(1, 1000);
  await writeFile(join(folder, 'a.csv'), whole + rest);
  const tail = new Tail(optionsOf(folder), QUIET);
  for await (const batch of tail.batches(IN_WORDS, new AbortController().signal))
    expect(batch?.taken.every(Number.isInteger) ?? true).toBe(true);
  expect(tail.positions[0]).toMatchObject({ offset: whole.length, tail: { length: 1024 } });
});
