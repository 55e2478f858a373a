/** Positions of many files: a commit costs what it changes, and whatever a crash leaves is one commit's or the next's. */

import * as nodeFs from 'node:fs/promises';
import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SourcePosition } from '../../src/event/position.js';
import { CheckpointFile } from '../../src/journal/checkpoint.js';
import type { PositionChange } from '../../src/journal/positions.js';
import { Positions } from '../../src/journal/positions.js';
import type { JournalState } from '../../src/journal/state.js';
import { Disk } from '../../src/lib/disk.js';
import { FaultyFs } from '../support/faulty-fs.js';
import { range } from '../support/log.js';
import { temporaryFolder } from '../support/temp.js';

const position = (n: number, offset = 100): SourcePosition => ({
  fileId: `file-${n}`,
  contentId: `file-${n}`,
  path: `/log/postgresql-${n}.csv`,
  firstTime: n,
  lastTime: '2026-11-21 20:40:00.000 UTC',
  columns: 26,
  offset,
  size: offset,
  tail: { length: 100, sha256: 'a'.repeat(64) },
});

const stateAt = (seq: number): JournalState => ({
  node: 'n',
  chain: { chain: '20261121T203958Z-9f2c', nextSeq: seq, lastHash: 'a'.repeat(64) },
  sealed: [],
  segment: null,
  lastDate: '2026-11-21',
  sealedAt: 0,
  coverage: [],
  facts: new Map([['', null]]),
  origin: null,
});

const opened = (folder: string, disk = new Disk()): CheckpointFile =>
  new CheckpointFile(disk, join(folder, 'checkpoint.json'), 'i');

const moved = (...files: SourcePosition[]): PositionChange[] => [{ source: '', files }];

async function offsetsIn(folder: string): Promise<Record<string, number>> {
  const files = (await opened(folder).read())?.files.get('') ?? [];
  return Object.fromEntries(files.map(({ contentId, offset }) => [contentId, offset]));
}

/** Counts the bytes that are written. */
function counting() {
  const counted = { bytes: 0 };
  const open = async (path: string, flags: string, mode?: number) => {
    const file = await nodeFs.open(path, flags, mode);
    return new Proxy(file, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (name === 'write') counted.bytes += Number(args[2]);
          if (name === 'writeFile') counted.bytes += Buffer.byteLength(String(args[0]));
          return Reflect.apply(value, target, args);
        };
      },
    });
  };
  return { counted, disk: new Disk({ ...nodeFs, open }) };
}

test.each([200, 10_000])(
  'beside %i finished files, a commit of one position writes as little',
  async count => {
    const folder = await temporaryFolder();
    const { counted, disk } = counting();
    const checkpoint = opened(folder, disk);
    await checkpoint.write(stateAt(1), moved(...range(1, count).map(n => position(n))));
    counted.bytes = 0;
    for (const n of range(1, 1000)) await checkpoint.write(stateAt(n + 1), moved(position(count, 100 + n)));
    expect(counted.bytes / 1000).toBeLessThan(2000);
    expect(await offsetsIn(folder)).toMatchObject({ 'file-1': 100, [`file-${count}`]: 1100 });
  },
);

test('reading thousands of files one after the other writes for each as much as for the first ones', async () => {
  const folder = await temporaryFolder();
  const { counted, disk } = counting();
  const checkpoint = opened(folder, disk);
  const written: number[] = [];
  for (const n of range(1, 3000)) {
    counted.bytes = 0;
    await checkpoint.write(stateAt(n), moved(position(n, 0)));
    await checkpoint.write(stateAt(n), moved(position(n)));
    written.push(counted.bytes);
  }
  const mean = (of: readonly number[]): number => of.reduce((sum, one) => sum + one, 0) / of.length;
  expect(mean(written.slice(2000))).toBeLessThan(mean(written.slice(0, 1000)));
  expect(Object.keys(await offsetsIn(folder))).toHaveLength(3000);
});

test('whatever changes and goes, and whenever it restarts: the same comes back', async () => {
  const change = fc.record({
    files: fc.array(fc.tuple(fc.nat(400), fc.nat(1000)), { maxLength: 300, size: 'max' }),
    gone: fc.array(fc.nat(400), { maxLength: 30, size: 'max' }),
    source: fc.constantFrom('', 'a'),
    isSealed: fc.boolean(),
    isWritten: fc.boolean(),
    isRestart: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 25, size: 'max' }), async changes => {
      const folder = await temporaryFolder();
      let checkpoint = opened(folder);
      const expected = new Map<string, number>();
      const unsealed = new Set<string>();
      for (const [seq, { source, files, gone, isSealed, isWritten, isRestart }] of changes.entries()) {
        const one = {
          source,
          files: files.map(([n, offset]) => position(n, offset)),
          gone: gone.map(n => `file-${n}`),
        };
        for (const { contentId, offset } of one.files) expected.set(`${source} ${contentId}`, offset);
        for (const { contentId } of one.files) unsealed.add(`${source} ${contentId}`);
        for (const contentId of one.gone) expected.delete(`${source} ${contentId}`);
        if (isSealed || isWritten || isRestart) await checkpoint.write(stateAt(seq + 1), [one], isSealed);
        else checkpoint.note([one]);
        if (isSealed) unsealed.clear();
        if (!isRestart) continue;
        checkpoint = opened(folder);
        const saved = await checkpoint.read();
        const found = [...(saved?.files ?? [])].flatMap(([of, all]) =>
          all.map(({ contentId, offset }) => [`${of} ${contentId}`, offset] as const),
        );
        expect(new Map(found)).toEqual(expected);
        const left = [...(saved?.unsealed ?? [])].flatMap(([of, all]) =>
          all.map(({ contentId }) => `${of} ${contentId}`),
        );
        for (const key of unsealed) if (expected.has(key)) expect(left).toContain(key);
      }
    }),
    { numRuns: 30, endOnFailure: true },
  );
});

test.each([
  ['is gone', (path: string) => rm(path)],
  ['is cut off', (path: string) => truncate(path, 1000)],
  ['is another', (path: string) => writeFile(path, 'x'.repeat(1_000_000))],
])('if the log of positions %s, the start stops with a clear error', async (_name, damage) => {
  const folder = await temporaryFolder();
  await opened(folder).write(stateAt(1), moved(...range(1, 300).map(n => position(n))));
  await damage(join(folder, 'positions-a.ndjson'));
  await expect(opened(folder).read()).rejects.toThrow(
    'is missing or is not the one that the checkpoint refers to',
  );
});

test('what a state of version 0.1 has of any number of files is known, and moves into the log', async () => {
  const folder = await temporaryFolder();
  const { facts: _facts, ...state } = stateAt(5);
  const files = range(1, 1000).map(n => position(n));
  const old = { ...state, version: 1, instance: 'i', resume: { files, memory: null } };
  await writeFile(join(folder, 'checkpoint.json'), JSON.stringify(old));
  const checkpoint = opened(folder);
  expect((await checkpoint.read())?.files.get('')).toEqual(files);
  await checkpoint.write(stateAt(6), moved(position(1000, 200)));
  expect((await readFile(join(folder, 'checkpoint.json'))).length).toBeLessThan(2000);
  expect(await offsetsIn(folder)).toMatchObject({ 'file-1': 100, 'file-1000': 200 });
});

describe('whichever step is the last one, the positions are those of one commit or the next', () => {
  /** The first makes the log, some add to it, and some are too many for it: the other one is written. */
  const COMMITS = [300, 1, 200, 5, ...Array<number>(12).fill(290), 3];

  async function commits(folder: string, fs: FaultyFs): Promise<number | null> {
    const checkpoint = opened(folder, new Disk(fs));
    for (const [at, count] of COMMITS.entries()) {
      try {
        await checkpoint.write(stateAt(at + 1), moved(...range(1, count).map(n => position(n, at + 1))));
      } catch {
        return at;
      }
      if (fs.isDead) return at;
    }
    return null;
  }

  function expected(committed: number): Record<string, number> {
    const offsets: Record<string, number> = {};
    for (const [at, count] of COMMITS.slice(0, committed).entries())
      for (const n of range(1, count)) offsets[`file-${n}`] = at + 1;
    return offsets;
  }

  test.each(['kill -9', 'power loss'])('%s', async how => {
    const root = await temporaryFolder();
    for (let at = 1; ; at++) {
      const folder = join(root, String(at));
      await mkdir(folder);
      const fs = new FaultyFs(folder);
      let calls = 0;
      fs.onCall = () => {
        if (++calls === at) fs.kill();
      };
      const done = await commits(folder, fs);
      if (done === null) break;
      let turn = at;
      if (how === 'power loss')
        await fs.losePower(choices => {
          turn = (turn * 1103515245 + 12345) % 2147483648;
          return Math.floor((turn / 2147483648) * choices);
        });
      const found = await offsetsIn(folder);
      const isDone = JSON.stringify(sorted(found)) === JSON.stringify(sorted(expected(done)));
      expect(sorted(found)).toEqual(sorted(expected(isDone ? done : done + 1)));
    }
  });
});

function sorted(offsets: Record<string, number>): [string, number][] {
  return Object.entries(offsets).sort();
}

test('a seal has all positions once, then those that changed, and always the newest of each server', () => {
  const positions = new Positions(new Map([['', range(1, 5).map(n => position(n))]]));
  const ids = (sealed: readonly { readonly contentId: string }[]): string[] =>
    sealed.map(({ contentId }) => contentId);
  expect(ids(positions.all)).toEqual(['file-1', 'file-2', 'file-3', 'file-4', 'file-5']);
  positions.sealed();
  expect(ids(positions.changed)).toEqual(['file-5']);
  positions.change({ source: '', files: [position(2, 200)] });
  positions.change({ source: 'a', files: [position(9), position(8)] });
  expect(positions.changed.map(({ source, contentId }) => [source, contentId])).toEqual([
    [undefined, 'file-2'],
    [undefined, 'file-5'],
    ['a', 'file-8'],
    ['a', 'file-9'],
  ]);
  positions.sealed();
  positions.change({ source: '', files: [], gone: ['file-5'] });
  expect(ids(positions.changed)).toEqual(['file-4', 'file-9']);
});
