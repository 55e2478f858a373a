/** What it takes to read an archive of a million events, in whole processes. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, test } from 'vitest';
import { millionEvents } from './archive.js';
import { PERSON } from './input.js';
import { command, type Usage } from './processes.js';
import { addRow, median, printTable } from './table.js';

const RUNS = 3;
/** `verify` and `report`: whole, or incomplete. */
const READABLE = [0, 3];

afterAll(printTable);

async function measure(name: string, args: readonly string[], exitCodes?: readonly number[]): Promise<void> {
  const usages: Usage[] = [];
  for (let run = 0; run < RUNS; run++) usages.push(await command(args, exitCodes));
  const of = (value: (usage: Usage) => number): number => median(usages.map(value));
  addRow(`(m) ${name}`, {
    'wall s': of(usage => usage.wall).toFixed(2),
    'CPU s': of(usage => usage.cpu).toFixed(2),
    'RSS MB': of(usage => usage.rss).toFixed(0),
  });
}

test('(m) verify, search and report over a million events', async () => {
  const archive = `file:${await millionEvents()}`;
  const folder = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-bench-'));
  const search = (name: string, ...conditions: readonly string[]): Promise<void> =>
    measure(`search ${name}`, ['search', archive, ...conditions]);
  try {
    await measure('verify', ['verify', archive], READABLE);
    await search('by role and table, few match', '--user', PERSON, '--object', 'pgbench_tellers');
    await search('by person, few match', '--actor', PERSON.toLowerCase());
    await search('by text, few match', '--text', 'kåre "3"');
    await search('grouped by person and table, reads all', '--group-by', 'actor,object');
    const days = ['--since', '2026-01-01', '--until', new Date().toISOString().slice(0, 10)];
    await measure('report', ['report', archive, ...days, '--out', join(folder, 'report.html')], READABLE);
  } finally {
    await rm(folder, { recursive: true });
  }
});
