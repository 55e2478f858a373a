/** A journal in an empty folder, under a clock that the test moves. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { noRecords } from '../../src/event/counts.js';
import type { NewEvent } from '../../src/event/event.js';
import { jsonOf } from '../../src/event/line.js';
import type { SourcePosition } from '../../src/event/position.js';
import { Journal } from '../../src/journal/journal.js';
import type { JournalOptions, JournalReport } from '../../src/journal/options.js';
import { Disk } from '../../src/lib/disk.js';
import { ManualClock } from './clock.js';
import { temporaryFolder } from './temp.js';

export const MINUTE = 60_000;

export interface JournalFixture {
  readonly folder: string;
  readonly clock: ManualClock;
  readonly reports: string[];
  readonly options: JournalOptions;
  readonly report: JournalReport;
  /** Opens the journal and lets it commit until the test ends or `crash` is called. */
  open(): Promise<{ journal: Journal; crash(): Promise<void> }>;
  segments(): Promise<string[]>;
  lines(): Promise<Record<string, unknown>[]>;
}

export async function journalFixture(more: Partial<JournalOptions> = {}): Promise<JournalFixture> {
  const folder = await temporaryFolder();
  const clock = new ManualClock('2026-11-21T20:40:00Z');
  const reports: string[] = [];
  const report = {
    committed: () => undefined,
    statementDurable: (latency: number) => void reports.push(`durable after ${latency}`),
    sealed: () => void reports.push('sealed'),
    commitFailed: (code: string) => void reports.push(`failed ${code}`),
    commitRecovered: () => void reports.push('recovered'),
    journalFull: (isFull: boolean) => void reports.push(`full ${isFull}`),
    signing: (failure: object | null) => void (failure && reports.push('not signed')),
  };
  const directory = join(folder, 'journal');
  const options: JournalOptions = {
    directory: folder,
    cursors: ['cursor-a.json', 'cursor-b.json'].map(name => join(folder, name)),
    instance: 'i',
    node: 'n',
    maxSize: 1 << 20,
    maxAge: 15 * MINUTE,
    maxQuiet: 60 * MINUTE,
    signer: null,
    maxJournalSize: 1 << 30,
    findChain: async () => ({ reason: 'archive-empty' }),
    disk: new Disk(),
    clock,
    ...more,
  };
  const segments = async (): Promise<string[]> =>
    (await readdir(directory)).sort().map(name => join(directory, name));
  return {
    folder,
    clock,
    reports,
    options,
    report,
    segments,
    async open() {
      const journal = await Journal.open(options, report);
      const abort = new AbortController();
      const running = journal.run(abort.signal);
      const crash = async (): Promise<void> => {
        abort.abort();
        await running;
      };
      onTestFinished(crash);
      return { journal, crash };
    },
    async lines() {
      const texts = await Promise.all((await segments()).map(path => readFile(path, 'utf8')));
      return texts
        .join('')
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line));
    },
  };
}

export const { signal } = new AbortController();

export function newEvent(n: number): NewEvent {
  return {
    kind: 'lifecycle',
    time: '2026-11-21T20:40:00.000Z',
    instance: 'i',
    node: 'n',
    lifecycle: { action: 'started', version: String(n) },
  };
}

/** Appends and waits until it is durable. */
export async function commit(journal: Journal, ...events: NewEvent[]): Promise<void> {
  const before = journal.lastSeq;
  journal.append({ events: events.map(jsonOf) });
  await until(() => journal.lastSeq >= before + events.length);
}

/** Lets promises and the file system continue until `isSo` returns true. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(resolve => setImmediate(resolve));
}

/** Bytes `from` to `to` of a file were read, with one record in them. */
export const read = (from: number, to: number) => ({
  progress: [
    {
      file: { fileId: 'f', path: '/log/a.csv' },
      from,
      to,
      records: { ...noRecords(), read: 1, dropped: { 'not-audit': 1 } },
    },
  ],
  checkpoint: { files: [positionAt(to)], facts: null },
});

const positionAt = (offset: number): SourcePosition => ({
  fileId: 'f',
  contentId: 'f',
  path: '/log/a.csv',
  firstTime: null,
  lastTime: '',
  columns: 0,
  offset,
  size: offset,
  tail: { length: 0, sha256: '' },
});
