/** One commit after the other: what is visible only once it is durable, what is saved in time, what is dropped. */

import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { jsonOf } from '../../src/event/line.js';
import { readCheckpoint, type Saved } from '../../src/journal/checkpoint.js';
import { Journal } from '../../src/journal/journal.js';
import { Reader } from '../../src/journal/reader.js';
import { Disk } from '../../src/lib/disk.js';
import { FaultyFs, failure } from '../support/faulty-fs.js';
import { commit, journalFixture, MINUTE, newEvent, read, signal, until } from '../support/journal.js';

async function saved(folder: string): Promise<Saved | null> {
  return await readCheckpoint(join(folder, 'checkpoint.json'), 'i');
}

test.each([false, true])(
  'after an abort while the disk fails nobody sees what is not durable (I4), and it is not closed (at the end: %s)',
  async isClosing => {
    const fs = new FaultyFs('/');
    const { options, report, reports, open } = await journalFixture({ disk: new Disk(fs) });
    const first = await open();
    await commit(first.journal, newEvent(1));
    fs.onCall = () => {
      throw failure('EIO');
    };
    first.journal.append({ events: [jsonOf(newEvent(2))] });
    if (isClosing) first.journal.close();
    await until(() => reports.includes('failed EIO'));
    await first.crash();
    expect([first.journal.lastSeq, first.journal.isClosed]).toEqual([1, false]);
    fs.onCall = () => undefined;
    expect((await Journal.open(options, report)).lastSeq).toBe(1);
  },
);

test('progress without an event is saved a second after it began, even if more comes all the time', async () => {
  const { folder, open, clock } = await journalFixture();
  const { journal } = await open();
  await commit(journal, newEvent(1));
  for (let at = 0; at < 3; at++) {
    journal.append({ events: [], ...read(10 * at, 10 * at + 10) });
    await clock.advance(500);
  }
  await vi.waitFor(async () => {
    expect((await saved(folder))?.files.get('')?.[0]?.offset).toBeGreaterThan(0);
  });
});

test('the checkpoint of each server is known once it is appended', async () => {
  const { options, report } = await journalFixture();
  const journal = await Journal.open(options, report);
  expect(journal.checkpointOf('a')).toEqual({ files: [], facts: null });
  journal.append({ events: [], ...read(0, 10), source: 'a' });
  journal.append({ events: [], ...read(0, 20) });
  journal.append({ events: [jsonOf(newEvent(1))] });
  expect(['a', ''].map(source => journal.checkpointOf(source).files[0]?.offset)).toEqual([10, 20]);
});

test('a delivered segment is dropped (I9), but not the time of the last seal', async () => {
  const { folder, options, open, clock } = await journalFixture();
  const { journal } = await open();
  expect(journal.lastSeal).toBeNull();
  const reader = await Reader.open(journal, options.disk, join(folder, 'cursor-a.json'), clock);
  await commit(journal, newEvent(1));
  await clock.advance(15 * MINUTE);
  await until(() => journal.sealed.length === 1);
  const { lastSeal } = journal;
  expect(lastSeal).toMatchObject({ at: clock.now(), lastSeq: 2, hash: journal.sealed[0]?.lastHash });
  await (await reader.nextSealed(signal))?.markDelivered();
  await commit(journal, newEvent(3));
  expect((await saved(folder))?.state.sealed).toEqual([]);
  expect(journal.lastSeal).toEqual(lastSeal);
});

test('what is appended while the last seal is signed is durable only with the next commit', async () => {
  const signing = Promise.withResolvers<string>();
  const asked = Promise.withResolvers<null>();
  const sign = (): Promise<string> => {
    asked.resolve(null);
    return signing.promise;
  };
  const { open } = await journalFixture({ signer: { fingerprint: () => 'f', sign } });
  const { journal } = await open();
  await commit(journal, newEvent(1));
  journal.close();
  await asked.promise;
  const durable = journal.append({ events: [jsonOf(newEvent(2))] });
  signing.resolve('A'.repeat(86));
  await durable;
  expect(journal.lastSeq).toBeGreaterThanOrEqual(3);
});

test('a seal that could not be signed is tried again soon, also if the clock was set back', async () => {
  const sign = (): string => {
    throw new Error('no');
  };
  const { open, clock, reports } = await journalFixture({ signer: { fingerprint: () => 'f', sign } });
  const { journal } = await open();
  await commit(journal, newEvent(1));
  await clock.advance(15 * MINUTE);
  await until(() => reports.includes('not signed'));
  const before = reports.filter(one => one === 'not signed').length;
  clock.set('2026-11-21T10:40:00Z');
  await clock.advance(MINUTE);
  await until(() => reports.filter(one => one === 'not signed').length > before);
});
