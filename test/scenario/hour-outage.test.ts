/** One sink is down for an hour of the test's clock, under load: the other does not notice (I5), and memory stays flat (I9). */

import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { ManualClock } from '../support/clock.js';
import { type Cloud, startCloud } from '../support/cloud.js';
import { FaultyFs } from '../support/faulty-fs.js';
import { Life, lifeConfig } from '../support/life.js';
import { numberedRange, range } from '../support/log.js';
import { eventually } from '../support/shipper.js';
import { often } from '../support/soak.js';
import { temporaryFolder } from '../support/temp.js';

const HOUR = 3_600_000;

async function scene(): Promise<{ cloud: Cloud; life: Life; log: string }> {
  const folder = await temporaryFolder();
  const clock = new ManualClock('2026-11-21T20:40:00Z');
  const cloud = await startCloud({ now: () => clock.now() });
  await mkdir(join(folder, 'log'));
  const log = join(folder, 'log', 'a.csv');
  const { archive, ...others } = cloud.settings;
  const segment = { maxAge: '1m', maxSize: '1MiB' };
  const more = { ...others, archive: { ...Object(archive), segment } };
  const config = lifeConfig(folder, [log], more);
  const life = await Life.start(config, { clock, fs: new FaultyFs(folder) });
  return { cloud, life, log };
}

/**
 * Statements `1` to `events` come in equal portions over an hour; within a second the working sink has each of them.
 */
async function anHour(life: Life, log: string, events: number, isUpToDate: () => boolean): Promise<void> {
  const portion = 2000;
  for (let from = 1; from <= events; from += portion) {
    await appendFile(log, numberedRange(from, from + portion - 1));
    await life.pass(1000);
    // The clock does not move meanwhile.
    await eventually(async () => life.journaled >= from + portion && isUpToDate());
    await life.pass((HOUR * portion) / events - 1000);
  }
}

/** Removes received data from the test server, so that it does not count as memory of this process. */
function takeNumbers({ logging }: Cloud): number[] {
  const entries = logging.shown.splice(0);
  return entries
    .filter(({ labels }) => labels.kind === 'statement')
    .map(({ payload }) => Number(Reflect.get(Object(payload.session), 'line')));
}

const EVENTS = often(40_000, 200_000);

test('Cloud Logging: all events of an hour wait for it, and the archive is never a second behind', async () => {
  const { cloud, life, log } = await scene();
  cloud.logging.faults.push(...Array.from({ length: 1000 }, () => ({ code: status.UNAVAILABLE })));
  const memory = (): number => Math.round(process.memoryUsage().rss / 1024 ** 2);
  const before = memory();
  let peak = before;
  await anHour(life, log, EVENTS, () => {
    peak = Math.max(peak, memory());
    return life.lag.archive === 0;
  });
  expect(takeNumbers(cloud)).toEqual([]);
  expect(life.lag.logging).toBeGreaterThan(EVENTS);
  const attempts = cloud.logging.calls.length;
  expect(attempts).toBeLessThan(200);
  cloud.logging.faults.length = 0;
  const numbers = new Set<number>();
  while (life.lag.logging > 0) {
    await life.pass(1000);
    for (const number of takeNumbers(cloud)) numbers.add(number);
    peak = Math.max(peak, memory());
  }
  await life.shutDown();
  for (const number of takeNumbers(cloud)) numbers.add(number);
  expect(numbers.size).toBe(EVENTS);
  console.info(`${attempts} attempts in an hour; ${before} MB before, ${peak} MB at most`);
});

test('Cloud Storage: the entries are never a second behind, and the segments catch up in order', async () => {
  const { cloud, life, log } = await scene();
  cloud.storage.faults.push(...Array.from({ length: 1000 }, () => ({ status: 503 })));
  await anHour(life, log, 20_000, () => life.lag.logging === 0);
  expect(cloud.storage.objects.size).toBe(0);
  cloud.storage.faults.length = 0;
  while (life.lag.archive > 0) await life.pass(1000);
  await life.shutDown();
  expect([...cloud.storage.objects.keys()]).toEqual([...cloud.storage.objects.keys()].sort());
  const lines = cloud.archived('statement').map(event => event.session?.line);
  expect(lines).toEqual(range(1, 20_000));
});
