/** What a commit writes, given the state before it: counts, coverage, and when a segment is sealed. */

import { expect, test } from 'vitest';
import { jsonOf } from '../../src/event/line.js';
import { Positions } from '../../src/journal/positions.js';
import { type Commit, type JournalEntry, type JournalState, Plan } from '../../src/journal/state.js';
import { Lines } from '../../src/lib/line-buffer.js';
import { MerkleTree } from '../../src/lib/merkle.js';
import { MINUTE, newEvent, read } from '../support/journal.js';

const NOW = Date.parse('2026-11-21T20:40:00Z');
const LIMITS = { instance: 'i', maxSize: 1 << 20, maxAge: 15 * MINUTE, maxQuiet: 60 * MINUTE, signer: null };

const EMPTY: JournalState = {
  node: 'n',
  chain: { chain: '20261121T203958Z-9f2c', nextSeq: 1, lastHash: '0'.repeat(64) },
  sealed: [],
  segment: null,
  lastDate: '2026-11-21',
  sealedAt: NOW,
  coverage: [],
  facts: new Map(),
  origin: null,
};

const events = (...numbers: number[]): JournalEntry => ({ events: numbers.map(n => jsonOf(newEvent(n))) });

/** One commit of these entries; `sealed`: also seals what is open then. */
async function commitOf(
  before: JournalState,
  entries: readonly JournalEntry[],
  { limits = LIMITS, sealed = false } = {},
) {
  const plan = new Plan(before, limits, new Lines(), new Positions(new Map()), new Map(), new MerkleTree());
  const sealIfDue = async (): Promise<void> => {
    const due = plan.dueSeal(NOW);
    if (due !== null) await plan.seal(due, NOW);
  };
  for (const entry of entries) {
    await sealIfDue();
    plan.add(entry, NOW);
  }
  if (sealed && plan.isUnsealed) await plan.seal('shutdown', NOW);
  return plan.commit;
}

/** The seals that a commit writes. */
function sealsOf({ writes }: Commit): Record<string, unknown>[] {
  const text = Buffer.concat(writes.flatMap(({ chunks }) => chunks)).toString();
  const lines = text.split('\n').filter(Boolean);
  return lines.flatMap(line => Object(JSON.parse(line)).seal ?? []);
}

/** Bytes of a file were read, and one record was in them. */
function readOf(fileId: string, from: number, to: number): JournalEntry {
  const { progress, checkpoint } = read(from, to);
  const file = { fileId, path: `/log/${fileId}.csv` };
  return { events: [], progress: progress.map(one => ({ ...one, file })), checkpoint };
}

test('a seal counts its own segment, across commits; committed counts stay as they were', async () => {
  const first = (await commitOf(EMPTY, [events(1, 2)])).state;
  const copy = structuredClone(first);
  const second = await commitOf(first, [events(3)], { sealed: true });
  expect(first).toEqual(copy);
  expect(sealsOf(second)).toMatchObject([{ firstSeq: 1, events: { lifecycle: 3 } }]);
  const third = await commitOf(second.state, [events(5)], { sealed: true });
  expect(sealsOf(third)).toMatchObject([{ firstSeq: 5, events: { lifecycle: 1 } }]);
  expect(third.state.sealed.map(({ firstSeq, lastSeq }) => [firstSeq, lastSeq])).toEqual([
    [1, 4],
    [5, 6],
  ]);
});

test('each file has its own coverage, in one piece, with all its records', async () => {
  const entries = [readOf('a', 0, 10), readOf('b', 0, 5), readOf('a', 10, 30)];
  const { state } = await commitOf(EMPTY, [...entries, events(1)]);
  expect(state.coverage).toMatchObject([
    { file: 'b.csv', fileId: 'b', from: 0, to: 5, records: { read: 1 } },
    { file: 'a.csv', fileId: 'a', from: 0, to: 30, records: { read: 2, dropped: { 'not-audit': 2 } } },
  ]);
  const [seal] = sealsOf(await commitOf(state, [], { sealed: true }));
  expect(seal).toMatchObject({ coverage: state.coverage, records: { read: 3, dropped: { 'not-audit': 3 } } });
});

test('the state keeps how a chain began until an event reports it', async () => {
  const began: JournalState = { ...EMPTY, origin: 'taken-up' };
  const silent = (await commitOf(began, [readOf('a', 0, 10)])).state;
  expect([silent.origin, (await commitOf(silent, [events(1)])).state.origin]).toEqual(['taken-up', null]);
});

test('at the end no empty seal is written', async () => {
  const read = await commitOf(EMPTY, [readOf('a', 0, 10)], { sealed: true });
  expect(read.writes).toHaveLength(1);
  expect((await commitOf(read.state, [], { sealed: true })).writes).toEqual([]);
});

test('a segment is sealed at its maximum size, and not before', async () => {
  const { segment } = (await commitOf(EMPTY, [events(1)])).state;
  const bytes = segment?.bytes ?? 0;
  for (const [maxSize, seals] of [
    [bytes, 1],
    [bytes + 1, 0],
  ] as const) {
    const commit = await commitOf(EMPTY, [events(1), events(2)], { limits: { ...LIMITS, maxSize } });
    expect(sealsOf(commit)).toHaveLength(seals);
  }
});

test('many files are sealed before they make every checkpoint large; one file of each of many servers is not', async () => {
  const files = Array.from({ length: 300 }, (_, n) => ({ ...readOf(`f${n}`, 0, 10), events: [] }));
  const covered = sealsOf(await commitOf(EMPTY, files)).map(({ reason, coverage }) => [
    reason,
    Object(coverage).length,
  ]);
  expect(covered).toEqual([
    ['size', 130],
    ['size', 130],
  ]);
  const servers = files.map((entry, n) => ({ ...entry, source: `server${n}` }));
  expect(sealsOf(await commitOf(EMPTY, [...servers, ...servers, ...servers]))).toEqual([]);
});
