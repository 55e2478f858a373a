/** How log entries flow: a real journal, a destination that answers when the test says so. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { deliverEntries } from '../../src/deliver/deliver.js';
import type { LogEntry, Written } from '../../src/deliver/destination.js';
import type { NewEvent } from '../../src/event/event.js';
import { Reader } from '../../src/journal/reader.js';
import { commit, journalFixture, newEvent, signal, until } from '../support/journal.js';

const NOTHING_LEFT: Written = { rejected: [], left: [] };

async function scene(mostAtOnce: number, portion = { lines: 1000, bytes: 1 << 20 }) {
  const { folder, options, open, clock } = await journalFixture();
  const { journal } = await open();
  const cursorPath = join(folder, 'cursor-a.json');
  const reader = await Reader.open(journal, options.disk, cursorPath, clock);
  const writes: { entries: readonly LogEntry[]; seqs: unknown[]; answer: PromiseWithResolvers<Written> }[] =
    [];
  const destination = {
    mostAtOnce,
    portion,
    write: async (entries: readonly LogEntry[]) => {
      const answer = Promise.withResolvers<Written>();
      writes.push({ entries, seqs: entries.map(entry => entry.jsonPayload.seq), answer });
      return await answer.promise;
    },
    close: async () => undefined,
  };
  const report = {
    delivered: () => undefined,
    deliveryFailed: () => undefined,
    deliveryRecovered: () => undefined,
    entryRejected: () => undefined,
    objectStored: () => undefined,
  };
  const abort = new AbortController();
  const running = deliverEntries(reader, destination, 'event', { clock, report }, abort.signal);
  /** Numbers of the entries in each write so far. */
  const sent = (): unknown[][] => writes.map(({ seqs }) => seqs);
  const answer = (index: number): void => writes[index]?.answer.resolve(NOTHING_LEFT);
  /** All are accepted except the first few. */
  const leave = (index: number, count: number): void => {
    const left = writes[index]?.entries.slice(0, count) ?? [];
    writes[index]?.answer.resolve({ rejected: [], left, error: new Error('later') });
  };
  const fail = (index: number): void => writes[index]?.answer.reject(new Error('no'));
  const saved = async (): Promise<number> => JSON.parse(await readFile(cursorPath, 'utf8')).seq;
  return { journal, clock, reader, sent, answer, leave, fail, saved, running, abort };
}

test('the first event after a quiet time is sent at once; later ones are collected for up to 200 ms', async () => {
  const { journal, clock, sent, answer } = await scene(4);
  await commit(journal, newEvent(1));
  await until(() => sent().length === 1);
  await commit(journal, newEvent(2));
  await clock.advance(100);
  await commit(journal, newEvent(3));
  expect(sent()).toEqual([[1]]);
  await clock.advance(100);
  await until(() => sent().length === 2);
  expect(sent()).toEqual([[1], [2, 3]]);
  answer(0);
  answer(1);
  await commit(journal, newEvent(4));
  await until(() => sent().length === 3);
  expect(sent()).toEqual([[1], [2, 3], [4]]);
});

test('collected events are sent as soon as the request in flight has ended', async () => {
  const { journal, sent, answer } = await scene(4);
  await commit(journal, newEvent(1));
  await until(() => sent().length === 1);
  await commit(journal, newEvent(2));
  answer(0);
  await until(() => sent().length === 2);
  expect(sent()).toEqual([[1], [2]]);
});

test('several are in flight at once, no more than the destination takes, and a full one does not wait', async () => {
  const { journal, sent, answer } = await scene(2);
  const many = (from: number, count: number) => Array.from({ length: count }, (_, n) => newEvent(from + n));
  await commit(journal, ...many(1, 2500));
  await until(() => sent().length === 2);
  await commit(journal, ...many(2501, 10));
  expect(sent().map(seqs => seqs.length)).toEqual([1000, 1000]);
  answer(0);
  await until(() => sent().length === 2 || sent().length === 3);
  answer(1);
  await until(() => sent().length === 3);
  expect(sent()[2]?.length).toBe(510);
});

test('whether it is full by lines or by bytes', async () => {
  for (const portion of [
    { lines: 2, bytes: 1 << 20 },
    { lines: 1000, bytes: 300 },
  ]) {
    const { journal, sent } = await scene(2, portion);
    await commit(journal, newEvent(1));
    await until(() => sent().length === 1);
    await commit(journal, newEvent(2), newEvent(3));
    // The clock does not move.
    await until(() => sent().length === 2);
  }
});

test('the cursor moves in order, however the answers come', async () => {
  const { journal, clock, reader, sent, answer, saved } = await scene(3);
  await commit(journal, newEvent(1));
  await until(() => sent().length === 1);
  for (const n of [2, 3]) {
    await commit(journal, newEvent(n));
    await clock.advance(200);
    await until(() => sent().length === n);
  }
  answer(2);
  answer(1);
  await clock.advance(1000);
  expect(reader.seq).toBe(0);
  answer(0);
  await until(() => reader.seq === 3);
  expect(await saved()).toBe(3);
  expect(reader.lag).toEqual({ events: 0, bytes: 0 });
});

test('what a destination leaves is written again, alone, before the cursor moves (I1)', async () => {
  const { journal, clock, reader, sent, answer, leave, running } = await scene(1);
  await commit(journal, newEvent(1), newEvent(2), newEvent(3));
  await until(() => sent().length === 1);
  leave(0, 2);
  await until(() => clock.loops.size > 0);
  await clock.advance(200);
  await until(() => sent().length === 2);
  expect([sent(), reader.seq]).toEqual([
    [
      [1, 2, 3],
      [1, 2],
    ],
    0,
  ]);
  journal.close();
  answer(1);
  await until(() => sent().length === 3);
  expect(sent()[2]).toEqual([4]);
  expect(reader.seq).toBe(3);
  answer(2);
  await running;
  expect(reader.seq).toBe(4);
});

test('it ends when the journal is closed and everything in flight has arrived', async () => {
  const { journal, clock, reader, sent, answer, running } = await scene(3);
  let isDone = false;
  void running.then(() => {
    isDone = true;
  });
  await commit(journal, newEvent(1));
  await until(() => sent().length === 1);
  journal.close();
  await until(() => journal.isClosed);
  for (let waits = 0; waits < 3; waits++) await clock.advance(200);
  await until(() => sent().length === 2);
  answer(1);
  await clock.advance(200);
  expect([isDone, reader.seq]).toEqual([false, 0]);
  answer(0);
  await running;
  expect(reader.seq).toBe(2);
});

test('after an abort the cursor stays before what was not stored, even if later ones were', async () => {
  const { journal, clock, reader, sent, answer, fail, running, abort } = await scene(3);
  await commit(journal, newEvent(1));
  await until(() => sent().length === 1);
  await commit(journal, newEvent(2));
  await clock.advance(200);
  await until(() => sent().length === 2);
  answer(1);
  fail(0);
  await clock.advance(10);
  abort.abort();
  await running;
  expect(reader.seq).toBe(0);
});

test('lag is given in events, in bytes, and by when the oldest was read', async () => {
  const { folder, options, open, clock } = await journalFixture();
  const { journal } = await open();
  const reader = await Reader.open(journal, options.disk, join(folder, 'cursor-a.json'), clock);
  expect(await reader.oldest()).toBeNull();
  const gap: NewEvent = {
    kind: 'gap',
    time: '2026-11-21T20:40:00.000Z',
    receivedAt: '2026-11-21T20:40:06.000Z',
    instance: 'i',
    node: 'n',
    gap: { reason: 'torn' },
    source: { file: 'f', fileId: 'x', offset: 0, length: 1 },
  };
  await commit(journal, gap, newEvent(2));
  expect(reader.lag).toEqual({ events: 2, bytes: journal.size });
  expect(await reader.oldest()).toBe(Date.parse('2026-11-21T20:40:06.000Z'));
  const first = await reader.nextLines({ lines: 1, bytes: 1 << 20 }, signal);
  expect(reader.lag.events).toBe(2);
  expect(reader.unread.events).toBe(1);
  await first?.markDelivered();
  expect(reader.lag).toEqual({ events: 1, bytes: reader.unread.bytes });
  expect(await reader.oldest()).toBe(Date.parse('2026-11-21T20:40:00.000Z'));
});
