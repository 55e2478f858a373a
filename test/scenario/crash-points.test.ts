/** Every step that makes something durable fails once, kills the process, or is the last before the power is gone. */

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasCode } from '../../src/errors.js';
import { ManualClock } from '../support/clock.js';
import { FaultyFs, failure } from '../support/faulty-fs.js';
import { Life, lifeConfig } from '../support/life.js';
import { append, numbersOf, range } from '../support/log.js';
import { archived, logged } from '../support/shipper.js';

/** In memory, where there is such a place: the real disk's syncs take their time. */
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A life from an empty folder through a restart to its end; `onCall` decides what goes wrong. */
async function live(
  onCall: (count: number, call: string, fs: FaultyFs) => void,
  seed: number,
): Promise<number> {
  const folder = await mkdtemp(join(PLACE, 'pgaudit-shipper-test-'));
  const logs = `${folder}-log`;
  try {
    await mkdir(logs);
    const path = (name: string): string => join(logs, name);
    const config = lifeConfig(folder, [path('*.csv')]);
    const clock = new ManualClock('2026-11-21T23:58:00Z');
    const fs = new FaultyFs(folder);
    let calls = 0;
    fs.onCall = call => onCall(++calls, call, fs);
    let turn = seed;
    const choose = (choices: number): number => {
      turn = (turn * 1103515245 + 12345) % 2147483648;
      return Math.floor((turn / 2147483648) * choices);
    };
    for (let round = 0; round < 2; round++) {
      await append(path('a.csv'), 1 + round * 8, 4 + round * 8);
      await append(path('b.csv'), 5 + round * 8, 8 + round * 8);
      // A start that dies is followed by the next.
      for (let lives = 0; ; lives++) {
        expect(lives).toBeLessThan(5);
        if ((await isLived(() => Life.start(config, { clock, fs, once: true }))) && !fs.isDead) break;
        if (seed > 0) await fs.losePower(choose);
      }
    }
    const events = await archived(folder);
    expect(numbersOf(events).toSorted((a, b) => a - b)).toEqual(range(1, 16));
    expect(events.filter(event => event.kind === 'gap')).toEqual([]);
    const entries = await logged(folder);
    expect(numbersOf(entries).toSorted((a, b) => a - b)).toEqual(range(1, 16));
    return calls;
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(logs, { recursive: true, force: true });
  }
}

const CODES = ['ENOSPC', 'EIO', 'EMFILE', 'EROFS'];

/** Whether a life came to its end: not where a call failed at its start, or it was killed. */
async function isLived(start: () => Promise<Life>): Promise<boolean> {
  try {
    await (await start()).end();
    return true;
  } catch (error) {
    if (hasCode(error, ...CODES)) return false;
    throw error;
  }
}

const all = await live(() => undefined, 0);

describe('whichever step it is, everything is in the archive once', { timeout: 300_000 }, () => {
  test('it fails three times, and is tried again', async () => {
    for (let at = 1; at <= all; at++) {
      await live(count => {
        if (count >= at && count < at + 3) throw failure(CODES[at % CODES.length] ?? 'EIO');
      }, 0);
    }
  });

  test('kill -9 before it', async () => {
    for (let at = 1; at <= all; at++) await live((count, _call, fs) => count === at && fs.kill(), 0);
  });

  test('power loss before it, with what is not synced gone in part', async () => {
    for (let at = 1; at <= all; at++) await live((count, _call, fs) => count === at && fs.kill(), at);
  });
});
