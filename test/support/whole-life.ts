/** A short life of the shipper: two log files, a restart, and the end, when everything must be there once. */

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Stages } from '../../src/daemon/pipeline.js';
import { hasCode } from '../../src/lib/errors.js';
import type { ArchivedEvent } from './archive.js';
import { ManualClock } from './clock.js';
import { type Choose, FaultyFs } from './faulty-fs.js';
import { Life, lifeConfig } from './life.js';
import { append, numbersOf, range } from './log.js';
import { archived, logged, type Settings } from './shipper.js';

/** In memory, if possible: syncs of a real disk take time. */
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A failure after which the life continues with a new start. */
export const CODES = ['ENOSPC', 'EIO', 'EMFILE', 'EROFS'];

/** Of the file system. */
export interface Call {
  readonly name: string;
  readonly path: string;
}

/** A fault planted into the shipper. */
export interface Plant {
  readonly onFs?: (fs: FaultyFs) => void;
  readonly onStages?: (stages: Stages) => void;
}

export interface WholeLife extends Plant {
  /** Called before each call that changes something, from 1 on: it may throw, or kill. */
  readonly onCall?: (count: number, call: Call, fs: FaultyFs) => unknown;
  /** What is left after a power cut. */
  readonly choose?: Choose;
  /** Of the configuration. */
  readonly more?: Settings;
  /** Checks the archive besides. */
  readonly expects?: (events: readonly ArchivedEvent[]) => void;
}

/** Returns the number of calls. Rejects if something is lost, doubled or different, or if a start is refused. */
export async function liveWhole(options: WholeLife): Promise<number> {
  const folder = await mkdtemp(join(PLACE, 'pgaudit-shipper-test-'));
  const logs = `${folder}-log`;
  try {
    await mkdir(logs);
    const fs = new FaultyFs(folder);
    let calls = 0;
    fs.onCall = (name, path) => {
      calls += 1;
      options.onCall?.(calls, { name, path }, fs);
    };
    options.onFs?.(fs);
    const clock = new ManualClock('2026-11-21T23:58:00Z');
    for (let round = 0; round < 2; round++) {
      await append(join(logs, 'a.csv'), 1 + round * 8, 4 + round * 8);
      await append(join(logs, 'b.csv'), 5 + round * 8, 8 + round * 8);
      await liveOnce({ folder, logs, fs, clock }, options);
    }
    const events = await expectAll(folder);
    options.expects?.(events);
    return calls;
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(logs, { recursive: true, force: true });
  }
}

/** Each waits for the file system and for timers most of the time. */
const LANES = 6;

/** Lives once for each of these points, some at the same time, until one fails. */
export async function liveForEach<T>(
  points: readonly T[],
  optionsAt: (point: T) => WholeLife,
): Promise<void> {
  const rest = [...points];
  const lane = async (): Promise<void> => {
    for (let point = rest.shift(); point !== undefined; point = rest.shift())
      await liveWhole(optionsAt(point));
  };
  const lanes = Array.from({ length: LANES }, async () => {
    try {
      await lane();
    } catch (error) {
      rest.length = 0;
      throw error;
    }
  });
  const failed = (await Promise.allSettled(lanes)).find(({ status }) => status === 'rejected');
  if (failed !== undefined) await Promise.all(lanes);
}

interface Surroundings {
  readonly folder: string;
  readonly logs: string;
  readonly fs: FaultyFs;
  readonly clock: ManualClock;
}

/** A start that dies is followed by the next. */
async function liveOnce(
  { folder, logs, fs, clock }: Surroundings,
  { onStages = () => undefined, choose = () => 0, more = {} }: WholeLife,
): Promise<void> {
  const config = lifeConfig(folder, [join(logs, '*.csv')], more);
  const start = () => Life.start(config, { clock, fs, once: true, onStages });
  for (let lives = 0; ; lives++) {
    if (lives === 5) throw new Error('each start dies');
    if ((await isLived(start)) && !fs.isDead) return;
    if (fs.isPowerLost) await fs.losePower(choose);
  }
}

/** Whether a life reached its end: not if a call failed at its start, or it was killed. */
async function isLived(start: () => Promise<Life>): Promise<boolean> {
  try {
    await (await start()).end();
    return true;
  } catch (error) {
    if (hasCode(error, ...CODES)) return false;
    throw error;
  }
}

async function expectAll(folder: string): Promise<ArchivedEvent[]> {
  const events = await archived(folder);
  expect(numbersOf(events).toSorted((a, b) => a - b)).toEqual(range(1, 16));
  expect(events.filter(event => event.kind === 'gap')).toEqual([]);
  const entries = await logged(folder);
  expect(entries.toSorted((a, b) => a.seq - b.seq)).toEqual(events);
  expect(await readdir(join(folder, 'state', 'journal'))).toEqual([]);
  return events;
}
