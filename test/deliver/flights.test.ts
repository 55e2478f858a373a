/** Deliveries in flight are recorded in order, and a failure reaches whoever waits (I4). */

import { expect, test } from 'vitest';
import { Flights } from '../../src/deliver/flights.js';

/** Flights that arrive when the test says so, and which of them have landed. */
function scene(count: number) {
  const landings = { count: 0 };
  const flights = new Flights(() => {
    landings.count += 1;
  });
  const landed: number[] = [];
  const all = Array.from({ length: count }, (_, n) => {
    const flight = Promise.withResolvers<boolean>();
    flights.start(flight.promise, async () => {
      landed.push(n);
      return true;
    });
    return flight;
  });
  const arrive = (n: number, isDone = true): void => all[n]?.resolve(isDone);
  const fail = (n: number): void => all[n]?.reject(new Error(`${n} failed`));
  return { flights, landings, landed, arrive, fail };
}

test('they land in the order of their start', async () => {
  const { flights, landings, landed, arrive } = scene(3);
  expect(flights.count).toBe(3);
  for (const n of [2, 1, 0]) arrive(n);
  await flights.landed();
  expect([landed, flights.count, landings.count]).toEqual([[0, 1, 2], 0, 3]);
});

test('a failed flight does not land, nor anything after it', async () => {
  const { flights, landed, arrive } = scene(3);
  arrive(0);
  arrive(1, false);
  arrive(2);
  await flights.landed();
  expect([landed, flights.count]).toEqual([[0], 0]);
});

test('a failure reaches who waits for the next one, who begins to wait, and the end', async () => {
  const { flights, landed, arrive, fail } = scene(3);
  const waiting = flights.unlessFailed(new Promise<never>(() => undefined));
  arrive(2);
  fail(1);
  await expect(waiting).rejects.toThrow('1 failed');
  fail(0);
  await expect(flights.unlessFailed(new Promise<never>(() => undefined))).rejects.toThrow('1 failed');
  await expect(flights.landed()).rejects.toThrow('1 failed');
  expect([landed, flights.count]).toEqual([[], 0]);
});

test('the awaited value is returned if no flight has failed', async () => {
  const { flights, arrive } = scene(1);
  expect(await flights.unlessFailed(Promise.resolve('next'))).toBe('next');
  arrive(0);
  await flights.landed();
});
