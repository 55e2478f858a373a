/** Reading fails in the middle of a batch of several chunks. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { timeReader } from '../../../src/audit/time.js';
import { systemClock } from '../../../src/lib/clock.js';
import { Disk } from '../../../src/lib/disk.js';
import { Ledger } from '../../../src/read/files/ledger.js';
import { Tail } from '../../../src/read/files/tail.js';
import type { Frame, Skip, SourceFault } from '../../../src/read/record.js';
import { failure } from '../../support/faulty-fs.js';
import { FIRST_FORMAT } from '../../support/format.js';
import { numberedRange } from '../../support/log.js';
import { QUIET } from '../../support/tail.js';
import { temporaryFolder } from '../../support/temp.js';

const disk = vi.hoisted(() => ({ isBroken: false }));
vi.mock('node:fs', async importOriginal => {
  const real = await importOriginal<typeof import('node:fs')>();
  const readSync = (...call: Parameters<typeof real.readSync>): number => {
    if (disk.isBroken) throw failure('EIO');
    return real.readSync(...call);
  };
  return { ...real, readSync };
});

test('what was read before is taken, the fault is reported, and reading continues when it is fixed', async () => {
  const folder = await temporaryFolder();
  const log = numberedRange(1, 10_000);
  await writeFile(join(folder, 'a.csv'), log);
  const reported: (readonly SourceFault[])[] = [];
  const report = {
    ...QUIET,
    sourceFaults: (faults: readonly SourceFault[]) => void reported.push(faults),
  };
  let bytes = 0;
  const skip: Skip = {
    run(scan, to, { lastTime }) {
      let found = scan.run(to);
      for (; found === 'record'; found = scan.run(to)) bytes += scan.end - scan.start;
      // The next chunk cannot be read.
      disk.isBroken = reported.length === 1;
      return { found, lastTime };
    },
    learn: () => undefined,
  };
  const options = {
    patterns: [join(folder, '*.csv')],
    maxRecordSize: 1 << 26,
    once: false,
    positions: [],
    ...FIRST_FORMAT,
    times: timeReader(undefined),
    ledger: new Ledger(join(folder, 'files.ndjson'), new Disk()),
    clock: systemClock,
    watch: null,
  };
  const abort = new AbortController();
  const tail = new Tail(options, report);
  let decided = 0;
  const take = (frames: Iterable<Frame>): number =>
    Array.from(frames, ({ length }) => length).reduce((sum, length) => sum + length, 0);
  const taker = { skip, take };
  for await (const batch of tail.batches(taker, abort.signal)) {
    decided += batch?.taken ?? 0;
    if (reported.length === 2) disk.isBroken = false;
    if (reported.length === 3) abort.abort();
  }
  expect(reported).toMatchObject([[], [{ code: 'EIO' }], []]);
  expect(decided + bytes).toBe(log.length);
  expect(tail.positions[0]?.offset).toBe(log.length);
});
