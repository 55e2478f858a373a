/** What archives of many objects and of many years cost, in whole processes. */

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { command, type Usage } from '../processes.js';
import { addRow, printTable } from '../table.js';
import { writeSmallObjects } from './small-objects.js';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
/** 200 daemons for a year. */
const FLEET = 1_750_000;
/** A sample of it. */
const SAMPLE = { days: 208, perDay: 96 };
const OBJECTS = SAMPLE.days * SAMPLE.perDay;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-bench-'));
});
afterEach(() => rm(folder, { recursive: true }));
afterAll(printTable);

function addUsage(name: string, { wall, cpu, rss }: Usage, more: Readonly<Record<string, string>> = {}): void {
  addRow(name, { 'wall s': wall.toFixed(1), 'CPU s': cpu.toFixed(2), 'RSS MB': rss.toFixed(0), ...more });
}

/** @param usage for the sample's objects */
function addSample(name: string, usage: Usage): void {
  const hours = ((usage.wall / OBJECTS) * FLEET) / 3600;
  addUsage(`${OBJECTS} small objects, ${name}`, usage, {
    'CPU ms an object': ((usage.cpu / OBJECTS) * 1000).toFixed(3),
    '1.75 million (extrapolated)': `${((usage.cpu / OBJECTS) * FLEET).toFixed(0)} s CPU, ${hours.toFixed(2)} h`,
  });
}

test('200 daemons for a year: a sample of their objects', async () => {
  await writeSmallObjects(folder, { ...SAMPLE, end: Date.now() });
  for (const name of ['verify', 'search']) addSample(`folder: ${name}`, await command([name, folder, ...(SOME[name] ?? [])]));
  const args = ['--import', here('../typescript.mjs'), here('storage-server.ts'), folder];
  const server = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const { value: endpoint } = await createInterface({ input: server.stdout })[Symbol.asyncIterator]().next();
    const where = ['gs://archive-bucket', '--endpoint', String(endpoint)];
    for (const name of ['verify', 'search']) addSample(`HTTP: ${name}`, await command([name, ...where, ...(SOME[name] ?? [])]));
  } finally {
    server.kill();
  }
});

/** Conditions that no event meets. */
const SOME: Readonly<Record<string, readonly string[]>> = { verify: [], search: ['--actor', 'nobody'] };

const ELEVEN_YEARS = 4018;
const MONTH = 30;
const PER_DAY = 24;

test('eleven years of one daemon, and a month more', async () => {
  const names = await writeSmallObjects(folder, { days: ELEVEN_YEARS + MONTH, perDay: PER_DAY, end: Date.now() });
  const months = [...new Set(names.slice(ELEVEN_YEARS * PER_DAY).map(name => dirname(name)))];
  const aside = (name: string): string => join(folder, name.replaceAll('/', '_'));
  for (const name of months) await rename(join(folder, name), aside(name));
  const bookmark = join(folder, 'bookmark.json');
  const verify = ['verify', folder, '--bookmark', bookmark];
  // As if the month had not come yet.
  addUsage('eleven years, hourly: the first run', await command([...verify, '--grace', `${MONTH + 2}d`]));
  const { parts } = JSON.parse(await readFile(bookmark, 'utf8'));
  for (const name of months) await rename(aside(name), join(folder, name));
  addUsage('eleven years, a month later, with --bookmark', await command(verify));
  const later = JSON.parse(await readFile(bookmark, 'utf8'));
  expect(later.parts[0].chains[0].seq).toBeGreaterThan(parts[0].chains[0].seq + MONTH * PER_DAY);
  addUsage('eleven years, a month later, all of it again', await command(['verify', folder]));
});
