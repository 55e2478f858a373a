/** Several servers' logs in one journal: each has a checkpoint of its own. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noRecords } from '../../src/event/counts.js';
import { jsonOf } from '../../src/event/line.js';
import type { ChainEnd } from '../../src/event/seal.js';
import { CheckpointFile } from '../../src/journal/checkpoint.js';
import { Reader } from '../../src/journal/reader.js';
import type { JournalState } from '../../src/journal/state.js';
import { Disk } from '../../src/lib/disk.js';
import { commit, journalFixture, MINUTE, newEvent, read, signal, until } from '../support/journal.js';
import { temporaryFolder } from '../support/temp.js';

/** Bytes of a server's file were read; by its bytes it is the same file. */
const readBy = (source: string, from: number, to: number) => {
  const { progress, checkpoint } = read(from, to);
  return { source, events: [], progress, checkpoint: { ...checkpoint, facts: { of: source, to } } };
};

test('an entry has only the checkpoint of its own server, also after a restart', async () => {
  const { open } = await journalFixture();
  const first = await open();
  first.journal.append(readBy('a', 0, 10));
  first.journal.append(readBy('b', 0, 30));
  first.journal.append({ ...readBy('a', 10, 20), events: [jsonOf(newEvent(1))] });
  await until(() => first.journal.lastSeq === 1);
  await first.crash();
  const { journal } = await open();
  const places = ['a', 'b', ''].map(source => journal.checkpointOf(source));
  expect(places.map(({ files }) => files[0]?.offset)).toEqual([20, 30, undefined]);
  expect(places.map(({ facts }) => facts)).toEqual([{ of: 'a', to: 20 }, { of: 'b', to: 30 }, null]);
});

test('a seal has the positions of all, and the coverage of each continues after it, also in silence', async () => {
  const { open, clock, lines } = await journalFixture();
  const { journal } = await open();
  journal.append({ ...readBy('a', 0, 10), events: [jsonOf(newEvent(1))] });
  journal.append(readBy('b', 0, 30));
  journal.append({ events: [], ...read(0, 5) });
  await until(() => journal.lastSeq === 1);
  await clock.advance(15 * MINUTE);
  await until(() => journal.lastSeq === 2);
  journal.append({ ...readBy('a', 10, 20), events: [jsonOf(newEvent(2))] });
  await until(() => journal.lastSeq === 3);
  await clock.advance(15 * MINUTE);
  await until(() => journal.lastSeq === 4);
  const seals = (await lines()).flatMap(line => (line.kind === 'seal' ? [Object(line.seal)] : []));
  expect(seals.map(({ coverage }) => coverage)).toMatchObject([
    [
      { source: 'a', fileId: 'f', from: 0, to: 10 },
      { source: 'b', fileId: 'f', from: 0, to: 30 },
      { fileId: 'f', from: 0, to: 5 },
    ],
    [
      { source: 'b', from: 30, to: 30 },
      { from: 5, to: 5 },
      { source: 'a', from: 10, to: 20 },
    ],
  ]);
  expect(seals.map(({ files }) => files)).toMatchObject([
    [
      { source: 'a', offset: 10 },
      { source: 'b', offset: 30 },
      { fileId: 'f', offset: 5 },
    ],
    [{ source: 'a', offset: 20 }, { source: 'b', offset: 30 }, { offset: 5 }],
  ]);
  expect(seals.map(({ files, coverage }) => ['source' in files[2], 'source' in coverage[1]])).toEqual([
    [false, true],
    [false, false],
  ]);
});

test('a chain that is taken up from a seal gives each its own positions, and keeps the last file of each', async () => {
  const { files } = read(0, 10).checkpoint;
  const covered = (source: string, fileId: string) => ({
    source,
    file: `${fileId}.csv`,
    fileId,
    from: 0,
    to: 10,
    records: noRecords(),
  });
  const end: ChainEnd = {
    chain: '20261121T203958Z-9f2c',
    lastSeq: 9,
    lastHash: 'a'.repeat(64),
    date: '2026-11-21',
    sealedAt: Date.parse('2026-11-21T20:40:00Z'),
    coverage: [covered('a', 'e'), covered('a', 'f'), covered('b', 'f')],
    rows: [],
    files: ['a', 'b'].flatMap(source => files.map(file => ({ source, ...file }))),
  };
  const { open, options } = await journalFixture({ findChain: async () => end });
  const { journal } = await open();
  expect(['a', 'b', ''].map(source => journal.checkpointOf(source))).toEqual([
    { files, facts: null },
    { files, facts: null },
    { files: [], facts: null },
  ]);
  const saved = JSON.parse(await readFile(join(options.directory, 'checkpoint.json'), 'utf8'));
  expect(saved.coverage).toMatchObject([
    { source: 'a', fileId: 'f', from: 10, to: 10 },
    { source: 'b', fileId: 'f', from: 10, to: 10 },
  ]);
});

test('everything that waits for room is woken when there is room', async () => {
  const { folder, options, open, clock } = await journalFixture({ maxSize: 1, maxJournalSize: 100 });
  const { journal } = await open();
  const reader = await Reader.open(journal, options.disk, join(folder, 'cursor-a.json'), clock);
  await commit(journal, newEvent(1));
  await until(() => journal.sealed.length === 1);
  // Earlier wake-ups are used up, and the clock does not move: what is not woken waits forever.
  expect(await journal.waitForRoom(signal)).toBe(false);
  const rooms = [journal.waitForRoom(signal), journal.waitForRoom(signal), journal.waitForRoom(signal)];
  await (await reader.nextSealed(signal))?.markDelivered();
  expect(await Promise.all(rooms)).toEqual([true, true, true]);
});

test('facts of any size come back, and a single server is stored without a name', async () => {
  const { files } = read(0, 10).checkpoint;
  const state = (bySource: Readonly<Record<string, unknown>>): JournalState => ({
    node: 'n',
    chain: { chain: '20261121T203958Z-9f2c', nextSeq: 1, lastHash: 'a'.repeat(64) },
    sealed: [],
    segment: null,
    lastDate: '2026-11-21',
    sealedAt: 0,
    coverage: [],
    facts: new Map(Object.entries(bySource)),
    origin: null,
  });
  const large = (text: string) => ({ text: text.repeat(100_000), count: text });
  const versions: number[] = [];
  for (const bySource of [
    { '': 'small' },
    { a: 'small', b: 'small' },
    { '': large('x') },
    { '': large('x'), a: 'small' },
    { '': large('x'), a: 'other' },
    { '': large('y'), a: large('z'), constructor: null },
  ]) {
    const path = join(await temporaryFolder(), 'checkpoint.json');
    const checkpoint = new CheckpointFile(new Disk(), path, 'i');
    const sources = Object.keys(bySource);
    await checkpoint.write(
      state(bySource),
      sources.map(source => ({ source, files })),
    );
    versions.push(JSON.parse(await readFile(path, 'utf8')).version);
    const saved = await new CheckpointFile(new Disk(), path, 'i').read();
    expect(saved?.state.facts).toEqual(state(bySource).facts);
    for (const source of sources) expect(saved?.files.get(source)).toEqual(files);
  }
  expect(versions).toEqual([1, 3, 2, 4, 4, 4]);
});
