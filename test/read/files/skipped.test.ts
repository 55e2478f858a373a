/** Batches whose records are skipped end where they would have ended otherwise. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { timeReader } from '../../../src/audit/time.js';
import { decide } from '../../../src/daemon/records/record.js';
import { Skipper } from '../../../src/daemon/records/skipper.js';
import { countRecord, noRecords } from '../../../src/event/counts.js';
import type { SourceFile } from '../../../src/event/position.js';
import { systemClock } from '../../../src/lib/clock.js';
import { Disk } from '../../../src/lib/disk.js';
import { Ledger } from '../../../src/read/files/ledger.js';
import { Tail } from '../../../src/read/files/tail.js';
import type { Frame } from '../../../src/read/record.js';
import { writeMessage } from '../../support/csvlog.js';
import { FIRST_FORMAT } from '../../support/format.js';
import { numbered, numberedRange } from '../../support/log.js';
import { decidersOf } from '../../support/skipped.js';
import { QUIET } from '../../support/tail.js';
import { temporaryFolder } from '../../support/temp.js';

/** Reads what is in the folder once. */
async function readAll(folder: string, isSkipping: boolean) {
  const deciders = decidersOf();
  const skipper = new Skipper(deciders);
  const options = {
    patterns: [join(folder, '*.csv')],
    maxRecordSize: 1 << 26,
    once: true,
    positions: [],
    ...FIRST_FORMAT,
    times: timeReader(undefined),
    ledger: new Ledger(join(folder, 'files.ndjson'), new Disk()),
    clock: systemClock,
    watch: null,
  };
  const tail = new Tail(options, QUIET);
  const counts = noRecords();
  const batches: { from: number; to: number; decided: number }[] = [];
  const take = async (frames: Iterable<Frame>, file: SourceFile): Promise<number> => {
    let decided = 0;
    for (const frame of frames) {
      const { offset, length } = frame;
      const result = await decide(frame, { file, record: { offset, length }, now: 1 }, deciders);
      countRecord(counts, result.outcome, result.reason);
      decided += length;
    }
    return decided;
  };
  const taker = { skip: isSkipping ? skipper : null, take };
  for await (const batch of tail.batches(taker, new AbortController().signal))
    if (batch !== null) batches.push({ from: batch.from, to: batch.end, decided: batch.taken });
  skipper.countInto(counts);
  return { counts, facts: deciders.facts.saved, positions: tail.positions, batches };
}

/** Several chunks; every hundredth record is a person's. */
const LOG = Array.from({ length: 40_000 }, (_, n) =>
  numbered(n + 1, n % 100 === 0 ? { sessionId: '6b0201a1.1', sessionLine: 1 + n / 100 } : ofService(n)),
).join('');

function ofService(n: number): { user: string; sessionLine: number; message: string } {
  const sessionLine = n - Math.floor(n / 100);
  return { user: 'app', sessionLine, message: writeMessage(`UPDATE t SET a = ${n}`, [], sessionLine) };
}

test('position, latest time, counts and session facts are the same', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'a.csv'), LOG);
  const { batches: skipping, ...withSkipper } = await readAll(folder, true);
  const { batches: plain, ...without } = await readAll(folder, false);
  expect(withSkipper).toEqual(without);
  expect(withSkipper.counts).toMatchObject({
    read: 40_000,
    shipped: 400,
    dropped: { 'service-user': 39_600 },
  });
  expect([skipping.at(-1)?.to, plain.at(-1)?.to]).toEqual([Buffer.byteLength(LOG), Buffer.byteLength(LOG)]);
  expect(skipping.reduce((sum, { decided }) => sum + decided, 0)).toBeLessThan(Buffer.byteLength(LOG) / 50);
});

test('the records decided in one batch have a limit, and batches join without a gap (I9)', async () => {
  const folder = await temporaryFolder();
  const log = numberedRange(1, 40_000);
  await writeFile(join(folder, 'a.csv'), log);
  const { batches, counts } = await readAll(folder, true);
  expect(counts.read).toBe(40_000);
  expect(Math.max(...batches.map(({ decided }) => decided))).toBeLessThan(1.01 * 1024 * 1024);
  expect(batches.map(({ from }) => from)).toEqual([0, ...batches.slice(0, -1).map(({ to }) => to)]);
  expect(batches.at(-1)?.to).toBe(log.length);
});
