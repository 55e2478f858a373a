/** Many files that are gone: what the ledger costs for each new file, and in memory. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, test } from 'vitest';
import { Disk } from '../../src/lib/disk.js';
import { Ledger } from '../../src/read/files/ledger.js';
import { addRow, printTable } from '../table.js';
import { benchFolder } from '../watched.js';

const FOUND = 1000;
const idOf = (n: number): string => n.toString(16).padStart(32, '0');

test.each([1000, 400_000])('%i gone files', async count => {
  await using folder = await benchFolder();
  const path = join(folder.path, 'files.ndjson');
  const lines = Array.from({ length: count }, (_, n) => {
    const file = { fileId: idOf(n), contentId: idOf(n), path: `/var/log/postgresql/postgresql-${n}.csv`, firstTime: n };
    const read = { lastTime: '2026-11-21 20:40:00.000 UTC', columns: 26, offset: 660, size: 660 };
    return `${JSON.stringify({ ...file, ...read, tail: { length: 660, sha256: '0'.repeat(64) } })}\n`;
  });
  await writeFile(path, lines.join(''));
  const ledger = new Ledger(path, new Disk(), ['/var/log/postgresql/*.csv']);
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  const first = await timed(() => ledger.find(idOf(0)));
  const found = await timed(async () => {
    for (let n = 0; n < FOUND; n++) await ledger.find(idOf((n * 7919) % count));
  });
  const unknown = await timed(async () => {
    for (let n = 0; n < FOUND; n++) await ledger.find(idOf(count + n));
  });
  addRow(`${count} gone files`, {
    'read once: ms': first.toFixed(0),
    'a known file: ms': (found / FOUND).toFixed(3),
    'a new file: ms': (unknown / FOUND).toFixed(3),
  });
});

afterAll(printTable);
