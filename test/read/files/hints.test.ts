/** A log that is written to all the time is not watched: each write would cost more than a poll. */

import { expect, test } from 'vitest';
import { Hints } from '../../../src/read/files/hints.js';

function countingHints(areMany = false) {
  const counts = { opened: 0, closed: 0 };
  const hints = new Hints(
    () => {
      counts.opened += 1;
      return {
        async close() {
          counts.closed += 1;
        },
      };
    },
    () => areMany,
  );
  return { hints, counts };
}

test('the watcher is closed after news in every look, and opened again after two quiet seconds', async () => {
  const { hints, counts } = countingHints();
  await hints.looked(true, 1000);
  await hints.looked(true, 1200);
  expect([hints.isWatching, counts]).toEqual([true, { opened: 1, closed: 0 }]);
  await hints.looked(true, 1400);
  expect([hints.isWatching, counts]).toEqual([false, { opened: 1, closed: 1 }]);
  await hints.looked(false, 2000);
  await hints.looked(false, 3900);
  expect(hints.isWatching).toBe(false);
  await hints.looked(false, 4000);
  expect([hints.isWatching, counts]).toEqual([true, { opened: 2, closed: 1 }]);
  await hints.close();
  expect(counts).toEqual({ opened: 2, closed: 2 });
});

test('among many files it is opened again after thirty quiet seconds: opening it takes long', async () => {
  const { hints } = countingHints(true);
  for (const now of [0, 500]) await hints.looked(true, now);
  await hints.looked(false, 1000);
  await hints.looked(false, 30_999);
  expect(hints.isWatching).toBe(false);
  await hints.looked(false, 31_000);
  expect(hints.isWatching).toBe(true);
});

test('a pause restarts the count', async () => {
  const { hints } = countingHints();
  for (let now = 0; now < 2000; now += 100) await hints.looked(now % 200 === 0, now);
  expect(hints.isWatching).toBe(true);
});

test('when news end and no watcher is open, the log may continue in another file: at once, or after a while', async () => {
  const { hints } = countingHints();
  const looks: [isNews: boolean, now: number][] = [
    [true, 0],
    [true, 500],
    [false, 520],
    [false, 540],
    [false, 760],
    [false, 780],
    [true, 800],
    [false, 820],
  ];
  const elsewhere: number[] = [];
  for (const [isNews, now] of looks) if (await hints.looked(isNews, now)) elsewhere.push(now);
  expect(elsewhere).toEqual([520, 780, 820]);
});

test('with a watcher there is no need to look', async () => {
  const { hints } = countingHints();
  for (const isNews of [true, false, false]) expect(await hints.looked(isNews, 0)).toBe(false);
});
