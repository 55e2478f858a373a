/** Where the CPU time of one run goes, by stage, and what of it no program that does this job can save. */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, test } from 'vitest';
import { type KindName, logOf, PERSON } from './input.js';
import { csvParse, type Settings, ship } from './processes.js';
import { addRow, printTable } from './table.js';

const PERSONS = { filter: { personalUsers: [`^${PERSON}$`], serviceUsers: ['^app_'], otherUsers: 'drop' } };
const CLASSES = ['read', 'write', 'function', 'role', 'ddl', 'misc'];
const ALL = { filter: { classes: CLASSES, otherUsers: 'ship' }, keepsAll: true };

/** Seconds of the main thread. */
interface Parts {
  /** Until the scanner begins. */
  readonly start: number;
  readonly read: number;
  readonly scan: number;
  readonly hash: number;
  readonly collect: number;
  /** JavaScript, and what it calls. */
  readonly rest: number;
}

/** As V8 writes it (Chrome DevTools' protocol, Profiler.Profile): microseconds. */
interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string; readonly url: string } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

afterAll(printTable);

function partOf(name: string, url: string): Exclude<keyof Parts, 'start'> | null {
  if (name === '(idle)') return null;
  if (name === '(garbage collector)') return 'collect';
  if (url.startsWith('wasm:')) return 'scan';
  if (name === 'read' && url === '') return 'read';
  return name === 'hash' && url === 'node:internal/crypto/hash' ? 'hash' : 'rest';
}

function partsOf({ nodes, samples, timeDeltas }: Profile): Parts {
  const partById = new Map(nodes.map(({ id, callFrame }) => [id, partOf(callFrame.functionName, callFrame.url)]));
  const parts = { start: 0, read: 0, scan: 0, hash: 0, collect: 0, rest: 0 };
  const begins = samples.findIndex(id => partById.get(id) === 'scan');
  for (const [index, id] of samples.entries()) {
    const part = partById.get(id);
    if (part !== null && part !== undefined) parts[index < begins ? 'start' : part] += (timeDeltas[index] ?? 0) / 1e6;
  }
  return parts;
}

/** Of the main thread: a worker's profile has another number. */
async function profileIn(folder: string): Promise<Profile> {
  const [name = ''] = (await readdir(folder)).filter(one => /\.0\.\d+\.cpuprofile$/.test(one));
  return JSON.parse(await readFile(join(folder, name), 'utf8'));
}

async function measure(name: string, file: string, settings: Settings): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-bench-'));
  try {
    const theirs = await csvParse(file);
    const { cpu } = await ship(file, settings);
    const { threads } = await ship(file, settings, ['--cpu-prof', '--cpu-prof-dir', folder]);
    const { start, read, scan, hash, collect, rest } = partsOf(await profileIn(folder));
    const [compile = 0, files = 0] = [threads['V8Worker'], threads['libuv-worker']];
    const floor = start + read + scan + hash + files;
    const seconds = { start, read, scan, hash, 'gzip, files': files, JavaScript: rest, 'garbage, main thread': collect, "V8's threads": compile };
    addRow(name, {
      'CPU s': cpu.toFixed(2),
      ...Object.fromEntries(Object.entries(seconds).map(([part, value]) => [part, value.toFixed(2)])),
      'floor s': floor.toFixed(2),
      'csv-parse : CPU': `${(theirs.cpu / cpu).toFixed(1)}×`,
      'csv-parse : floor': `${(theirs.cpu / floor).toFixed(1)}×`,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

test.each<[string, KindName]>([
  ['(a)', 'sessions'],
  ['(b)', 'connections'],
  ['(c)', 'reads'],
  ['(d)', 'durations'],
  ['(e)', 'tenth'],
])('the parts of %s', async (name, kind) => {
  await measure(name, await logOf(kind, 400), PERSONS);
});

test('the parts of (f)', async () => {
  await measure('(f)', await logOf('sessions', 150), ALL);
});
