import { describe, expect, test } from 'vitest';
import { Attempts } from '../../src/deliver/attempts.js';
import { StateError } from '../../src/lib/errors.js';
import { ManualClock } from '../support/clock.js';

function scene(random = 0) {
  const clock = new ManualClock('2026-11-21T20:40:00Z');
  const reports: { failures: number; since: number; delay: number }[] = [];
  const recoveries: number[] = [];
  const report = {
    failed: (_error: unknown, failures: number, since: number, delay: number) =>
      void reports.push({ failures, since, delay }),
    recovered: (failures: number) => void recoveries.push(failures),
  };
  const stop = new AbortController();
  const attempts = new Attempts({ clock, report, random: () => random }, stop.signal);
  return { clock, reports, recoveries, stop, attempts };
}

/** Fails this many times, and counts the attempts. */
function failing(times: number) {
  const action = {
    tries: 0,
    run: async (): Promise<string> => {
      action.tries += 1;
      if (action.tries <= times) throw new Error('no');
      return 'done';
    },
  };
  return action;
}

test('retries until it succeeds, at delays that double up to a minute', async () => {
  const { clock, reports, recoveries, attempts } = scene();
  const action = failing(12);
  const running = attempts.attempt(action.run);
  while (action.tries <= 12) await clock.advance(1000);
  expect(await running).toEqual({ value: 'done' });
  const delays = reports.map(({ delay }) => delay);
  expect(delays).toEqual([200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000, 60_000]);
  expect(reports.map(({ failures }) => failures)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(reports.at(-1)?.since).toBe(delays.slice(0, -1).reduce((sum, delay) => sum + delay));
  expect(recoveries).toEqual([12]);
});

test('shortens each delay at random by up to half', async () => {
  const { clock, reports, stop, attempts } = scene(0.999);
  const running = attempts.attempt(() => Promise.reject(new Error('no')));
  await clock.advance(150);
  stop.abort();
  expect(await running).toBeNull();
  expect(reports[0]?.delay).toBeCloseTo(100, 0);
});

test('after an abort nothing is attempted, neither for the first time nor again', async () => {
  const { clock, stop, attempts } = scene();
  const [again, first] = [failing(99), failing(0)];
  const running = attempts.attempt(again.run);
  await clock.advance(100);
  stop.abort();
  expect([await running, await attempts.attempt(first.run)]).toEqual([null, null]);
  expect([again.tries, first.tries]).toEqual([1, 0]);
});

test('an outage lasts on if the clock is set back: its time begins again, and is never negative', async () => {
  const { clock, reports, attempts, stop } = scene();
  const running = attempts.attempt(failing(99).run);
  await clock.advance(10_000);
  clock.set('2026-11-21T10:40:00Z');
  await clock.advance(60_000);
  stop.abort();
  await running;
  expect(Math.min(...reports.map(({ since }) => since))).toBe(0);
  expect(reports.at(-1)?.since).toBeGreaterThan(30_000);
});

test('what succeeded does not delay what comes after it', async () => {
  const { clock, attempts } = scene();
  await attempts.attempt(failing(0).run);
  const next = failing(3);
  const running = attempts.attempt(next.run);
  await clock.advance(1400);
  expect([await running, next.tries]).toEqual([{ value: 'done' }, 4]);
});

test('damage to the journal is not retried', async () => {
  const { attempts } = scene();
  await expect(attempts.attempt(() => Promise.reject(new StateError('damaged')))).rejects.toThrow('damaged');
});

describe('several at once', () => {
  test('while it fails, only the oldest is attempted; then the others continue in order', async () => {
    const { clock, attempts, reports } = scene();
    const order: string[] = [];
    const [first, second, third] = [failing(5), failing(1), failing(0)];
    const all = [first, second].map(async (action, index) => {
      await attempts.attempt(action.run);
      order.push(`${index}`);
    });
    await clock.advance(0);
    all.push(attempts.attempt(third.run).then(() => void order.push('2')));
    await clock.advance(2000);
    expect([first.tries, second.tries, third.tries]).toEqual([4, 1, 0]);
    await clock.advance(10_000);
    await Promise.all(all);
    expect([first.tries, second.tries, third.tries]).toEqual([6, 2, 1]);
    expect(order[0]).toBe('0');
    expect(reports).toHaveLength(5);
  });

  test('whichever fails first reports that the server is in trouble', async () => {
    const { clock, attempts, reports, recoveries } = scene();
    const oldest = Promise.withResolvers<string>();
    const all = [attempts.attempt(() => oldest.promise), attempts.attempt(failing(1).run)];
    await clock.advance(100);
    expect(reports).toHaveLength(1);
    oldest.resolve('done');
    await clock.advance(200);
    expect([await Promise.all(all), recoveries]).toEqual([[{ value: 'done' }, { value: 'done' }], [1]]);
  });

  test('an abort ends them all', async () => {
    const { clock, attempts, stop } = scene();
    const all = [failing(99), failing(99), failing(0)].map(action => attempts.attempt(action.run));
    await clock.advance(100);
    stop.abort();
    expect(await Promise.all(all.slice(0, 2))).toEqual([null, null]);
  });
});
