/** Large session facts have a file of their own, and the checkpoint contains what changed since. */

import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CheckpointFile } from '../../src/journal/checkpoint.js';
import { apply, deltaOf, deltaSchema } from '../../src/journal/delta.js';
import type { JournalState } from '../../src/journal/state.js';
import { Disk } from '../../src/lib/disk.js';
import { FaultyFs } from '../support/faulty-fs.js';
import { temporaryFolder } from '../support/temp.js';

type Known = readonly (readonly [string, number])[];

/** Sessions as the session facts have them: the one read last is last. */
function factsAfter(records: number): { known: Known; torn: number } {
  const known = new Map<string, number>(Array.from({ length: 4000 }, (_, n) => [`6b0201a1.${n}`, 1]));
  for (let n = 0; n < records; n++) {
    const session = `6b0201a1.${(n * 7919) % 4100}`;
    const line = known.get(session) ?? 0;
    known.delete(session);
    known.set(session, line + 1);
  }
  return { known: [...known].slice(-4000), torn: records };
}

const stateAfter = (records: number, facts: unknown = factsAfter(records)): JournalState => ({
  node: 'n',
  chain: { chain: '20261121T203958Z-9f2c', nextSeq: records + 1, lastHash: 'a'.repeat(64) },
  sealed: [],
  segment: null,
  lastDate: '2026-11-21',
  sealedAt: 0,
  coverage: [],
  facts: new Map([['', facts]]),
  origin: null,
});

const opened = (folder: string, disk = new Disk()): CheckpointFile =>
  new CheckpointFile(disk, join(folder, 'checkpoint.json'), 'i');

async function readBack(folder: string): Promise<{ seq: number; facts: unknown } | null> {
  const saved = await opened(folder).read();
  return saved && { seq: saved.state.chain.nextSeq - 1, facts: saved.state.facts.get('') };
}

test('the same state comes back, however much of it changed since, also after restarts', async () => {
  const folder = await temporaryFolder();
  const sizes: number[] = [];
  for (let records = 0; records < 3000; records += 150) {
    const checkpoint = opened(folder);
    await checkpoint.read();
    for (const more of [1, 2, 120]) {
      await checkpoint.write(stateAfter(records + more));
      sizes.push((await readFile(join(folder, 'checkpoint.json'))).length);
      expect(await readBack(folder)).toEqual({ seq: records + more, facts: factsAfter(records + more) });
    }
  }
  const whole = JSON.stringify(factsAfter(0)).length;
  expect(Math.max(...sizes)).toBeLessThan(whole / 4);
});

test('session facts that become small go back into the checkpoint, as it was before', async () => {
  const folder = await temporaryFolder();
  const checkpoint = opened(folder);
  await checkpoint.write(stateAfter(1));
  const small = 'x'.repeat(20_000);
  await checkpoint.write(stateAfter(2, small));
  expect(JSON.parse(await readFile(join(folder, 'checkpoint.json'), 'utf8'))).toMatchObject({
    version: 1,
    resume: { files: [], memory: small },
  });
  expect(await readBack(folder)).toEqual({ seq: 2, facts: small });
});

test.each([
  ['is gone', (path: string) => rm(path)],
  ['is cut off', (path: string) => truncate(path, 1000)],
  ['is another', (path: string) => writeFile(path, '{}')],
])('if the facts %s, the start stops with a clear error', async (_name, damage) => {
  const folder = await temporaryFolder();
  await opened(folder).write(stateAfter(1));
  await damage(join(folder, 'memory-a.json'));
  await expect(readBack(folder)).rejects.toThrow(
    'is missing or is not the one that the checkpoint refers to',
  );
});

describe('whichever step is the last one, the state is that of one commit or the next', () => {
  const COMMITS = [0, 1, 400, 401, 900, 901];

  /**
   * Commits in one process until it dies; `null` if it lives to the end. Returns the last commit that was acknowledged.
   */
  async function commits(folder: string, fs: FaultyFs): Promise<number | null> {
    const checkpoint = opened(folder, new Disk(fs));
    let last = -1;
    for (const records of COMMITS) {
      try {
        await checkpoint.write(stateAfter(records));
      } catch {
        return last;
      }
      if (fs.isDead) return last;
      last = records;
    }
    return null;
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
      const last = await commits(folder, fs);
      if (last === null) break;
      let turn = at;
      if (how === 'power loss')
        await fs.losePower(choices => {
          turn = (turn * 1103515245 + 12345) % 2147483648;
          return Math.floor((turn / 2147483648) * choices);
        });
      const found = await readBack(folder);
      const next = COMMITS[COMMITS.indexOf(last) + 1] ?? last;
      expect([last, next]).toContain(found?.seq ?? -1);
      if (found !== null) expect(found.facts).toEqual(factsAfter(found.seq));
    }
  });
});

describe('a delta', () => {
  const json = fc.jsonValue({ maxDepth: 4 }).filter(value => !JSON.stringify(value).includes('__proto__'));
  const through = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

  test('turns any value into any other', () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        const delta = deltaSchema.parse(through(deltaOf(before, after)));
        expect(through(apply(before, delta))).toEqual(through(after));
      }),
      { numRuns: 1000 },
    );
  });

  test('is small if a list drops and appends', () => {
    const [before, after] = [factsAfter(1000), factsAfter(1010)];
    const delta = deltaOf(before, after);
    expect(apply(before, delta)).toEqual(after);
    expect(JSON.stringify(delta).length).toBeLessThan(1000);
  });

  test('for another value is refused', () => {
    expect(() => apply({}, { kept: [], more: [] })).toThrow(TypeError);
    expect(() => apply([], { fields: {}, without: [] })).toThrow(TypeError);
  });
});
