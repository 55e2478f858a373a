/** A content that is gone for long stays known: a copy that appears years later is not read again (I1). */

import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SourcePosition } from '../../../src/event/position.js';
import { Disk } from '../../../src/lib/disk.js';
import { Ledger } from '../../../src/read/files/ledger.js';
import { temporaryFolder } from '../../support/temp.js';

function position(contentId: string, offset: number): SourcePosition {
  return {
    fileId: `f${contentId}`,
    contentId,
    path: '/log/Kåre.csv',
    firstTime: 1,
    lastTime: '2026-11-21 20:40:00.000 UTC',
    columns: 26,
    offset,
    size: offset,
    tail: { length: 0, sha256: '' },
  };
}

test('each is found as it was last kept, also by the next process', async () => {
  const path = join(await temporaryFolder(), 'files.ndjson');
  const ledger = new Ledger(path, new Disk());
  expect(await ledger.find('a')).toBeNull();
  await ledger.keep([position('a', 1), position('ab', 2)]);
  await ledger.keep([position('a', 3)]);
  for (const one of [ledger, new Ledger(path, new Disk())]) {
    expect(await one.find('a')).toEqual(position('a', 3));
    expect(await one.find('ab')).toEqual(position('ab', 2));
    expect([await one.find('b'), await one.find('fa')]).toEqual([null, null]);
  }
});

test('an incomplete line that a crash left is overwritten, and nothing else', async () => {
  const path = join(await temporaryFolder(), 'files.ndjson');
  const ledger = new Ledger(path, new Disk());
  await ledger.keep([position('a', 1)]);
  await appendFile(path, JSON.stringify(position('b', 2)));
  expect(await ledger.find('b')).toBeNull();
  await ledger.keep([position('c', 3)]);
  const lines = (await readFile(path, 'utf8')).slice(0, -1).split('\n');
  expect(lines.slice(0, 2).map(line => JSON.parse(line))).toEqual([position('a', 1), position('c', 3)]);
});

test('a line that we did not write is not a position', async () => {
  const path = join(await temporaryFolder(), 'files.ndjson');
  await writeFile(path, '{"contentId":"a"}\n');
  expect(await new Ledger(path, new Disk()).find('a')).toBeNull();
});

test('if it cannot be read, nothing counts as new', async () => {
  const path = join(await temporaryFolder(), 'files.ndjson');
  await mkdir(path);
  await expect(new Ledger(path, new Disk()).find('a')).rejects.toMatchObject({ code: 'EISDIR' });
});

test('of many thousands, each is found by reading its line, and what no glob reaches any more is dropped', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'files.ndjson');
  const many = (from: number, to: number): SourcePosition[] =>
    Array.from({ length: to - from }, (_, index) => ({
      ...position(`content-${from + index}`, from + index),
      path: (from + index) % 2 === 0 ? `/log/a/${from + index}.csv` : `/old/${from + index}.csv`,
    }));
  const ledger = new Ledger(path, new Disk(), ['/log/*/*.csv'], 20_000);
  await ledger.keep(many(0, 10_000));
  await ledger.keep(many(10_000, 20_000));
  expect((await ledger.find('content-19999'))?.offset).toBe(19_999);
  expect((await ledger.find('content-0'))?.offset).toBe(0);
  expect(await ledger.find('content-20000')).toBeNull();
  await ledger.keep(many(20_000, 20_002));
  for (const one of [ledger, new Ledger(path, new Disk())]) {
    expect((await one.find('content-20001'))?.offset).toBe(20_001);
    expect((await one.find('content-19998'))?.offset).toBe(19_998);
    expect(await one.find('content-19999')).toBeNull();
  }
  expect((await readFile(path, 'utf8')).split('\n').length - 1).toBe(10_002);
});
