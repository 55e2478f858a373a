/** A log that a made-up server writes: numbered statements, so that a test can say which must arrive. */

import { appendFile } from 'node:fs/promises';
import type { ArchivedEvent } from './archive.js';
import { type Columns, csvRecord, writeMessage } from './csvlog.js';

/** The record of statement number `n`, each in a line of its own of one session. */
export function numbered(n: number, columns: Partial<Columns> = {}): string {
  const time = new Date(Date.UTC(2026, 10, 21, 20, 40, 0, n))
    .toISOString()
    .replace('T', ' ')
    .replace('Z', ' UTC');
  return csvRecord({
    logTime: time,
    sessionLine: n,
    message: writeMessage(`UPDATE t SET a = ${n}`, [], n),
    ...columns,
  });
}

export function numberedRange(from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, index) => numbered(from + index)).join('');
}

/** Appends statements `from` to `to` to a file. */
export async function append(path: string, from: number, to = from): Promise<void> {
  await appendFile(path, numberedRange(from, to));
}

/** The numbers of the statements among events, in order. */
export function numbersOf(events: readonly ArchivedEvent[]): number[] {
  return events.filter(event => event.kind === 'statement').map(event => event.session?.line ?? 0);
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
