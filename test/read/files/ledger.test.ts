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
