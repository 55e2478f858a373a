/** Which rows are known after a crash at any moment, and a power cut. */

import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { KnownRows } from '../../../src/daemon/rows/known.js';
import type { RowPosition } from '../../../src/event/row.js';
import { Disk } from '../../../src/lib/disk.js';
import { FaultyFs } from '../../support/faulty-fs.js';
import { temporaryFolder } from '../../support/temp.js';

const DAY = 24 * 60 * 60 * 1000;
const at = (id: string): RowPosition => ({
  ...{ system: '1', timeline: 1, transaction: '1' },
  database: { name: 'd', oid: 1 },
  ...{ id, time: '2026-11-30T08:00:00.000Z' },
});
const ids = (count: number): string[] => Array.from({ length: count }, () => randomUUID());
const last = (some: readonly string[]): RowPosition => at(some.at(-1) ?? '');

async function opened(folder: string, position: RowPosition | null, disk = new Disk()): Promise<KnownRows> {
  const known = new KnownRows(disk, [join(folder, 'a'), join(folder, 'b')]);
  await known.open(position);
  return known;
}

test('those of the last day, at least, and not for ever', async () => {
  const folder = await temporaryFolder();
  const days = [ids(3), ids(1), ids(2), ids(4)];
  const known = await opened(folder, null);
  for (const [day, some] of days.entries()) await known.add(some, day * DAY);
  const read = await known.read(last(days.at(-1) ?? []));
  expect([...read].sort()).toEqual(days.slice(2).flat().sort());
});

test('what was written and not committed is not known, and is overwritten', async () => {
  const folder = await temporaryFolder();
  const [committed, lost, again] = [ids(3), ids(5), ids(1)];
  const known = await opened(folder, null);
  await known.add(committed, 0);
  await known.add(lost, 1);
  const next = await opened(folder, last(committed));
  expect(await next.read(last(committed))).toEqual(new Set(committed));
  await next.add(again, 2);
  expect(await next.read(last(again))).toEqual(new Set([...committed, ...again]));
  // A first page that was never committed, in the other file.
  await next.add(ids(2), 2 * DAY);
  expect(await (await opened(folder, last(again))).read(last(again))).toEqual(
    new Set([...committed, ...again]),
  );
});

test('a crash and a power cut before each step: exactly what was committed is known', async () => {
  const pages = Array.from({ length: 6 }, () => ids(2));
  for (let step = 1; ; step++) {
    const folder = await temporaryFolder();
    const fs = new FaultyFs(folder);
    let [calls, committed] = [0, 0];
    fs.onCall = () => {
      if (++calls === step) fs.kill(step % 2 === 0);
    };
    const known = new KnownRows(new Disk(fs), [join(folder, 'a'), join(folder, 'b')]);
    await known.open(null);
    try {
      for (const [index, page] of pages.entries()) {
        await known.add(page, index * DAY * 0.4);
        // The journal commits the page with its position now.
        if (fs.isDead) break;
        committed = index + 1;
      }
    } catch (error) {
      expect(fs.isDead, String(error)).toBe(true);
    }
    if (fs.isPowerLost) await fs.losePower(choices => choices - 1);
    const position = committed === 0 ? null : last(pages[committed - 1] ?? []);
    const next = await opened(folder, position);
    const read = position === null ? new Set<string>() : await next.read(position);
    const needed = pages.slice(Math.max(0, committed - 3), committed).flat();
    expect(
      needed.filter(id => !read.has(id)),
      `step ${step}`,
    ).toEqual([]);
    expect(
      [...read].filter(id => !pages.slice(0, committed).flat().includes(id)),
      `step ${step}`,
    ).toEqual([]);
    if (!fs.isPowerLost && calls < step) break;
  }
});

test('a file that is too short, or of something else, counts for nothing', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'a'), 'x');
  await writeFile(join(folder, 'b'), 'x'.repeat(1000));
  const some = ids(2);
  const known = await opened(folder, last(some));
  expect(await known.read(last(some))).toEqual(new Set());
  await known.add(some, 0);
  expect(await known.read(last(some))).toEqual(new Set(some));
});
