/** The log of a made-up server: numbered statements, so that a test knows which must arrive. */

import { appendFile } from 'node:fs/promises';
import type { ArchivedEvent } from './archive.js';
import { type Columns, csvRecord, writeMessage } from './csvlog.js';

/** As PostgreSQL writes it. */
function logTime(time: number): string {
  return new Date(time).toISOString().replace('T', ' ').replace('Z', ' UTC');
}

/** The record of statement number `n`, each in a line of its own of one session. */
export function numbered(n: number, columns: Partial<Columns> = {}): string {
  return csvRecord({
    logTime: logTime(Date.UTC(2026, 10, 21, 20, 40, 0, n)),
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

/** An hour ago, when the tests began. */
const RECENTLY = Date.now() - 60 * 60 * 1000;

/** The same, of today: Cloud Logging keeps an entry for 30 days. */
export async function appendRecent(path: string, from: number, to = from): Promise<void> {
  for (const n of range(from, to)) await appendFile(path, numbered(n, { logTime: logTime(RECENTLY + n) }));
}

/** The numbers of the statements among events, in order. */
export function numbersOf(events: readonly ArchivedEvent[]): number[] {
  return events.filter(event => event.kind === 'statement').map(event => event.session?.line ?? 0);
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** A line by its number, of a session that began at that second of 20:40 UTC. */
export function sessionLine(
  session: string,
  number: number,
  second: number,
  more: Partial<Columns> = {},
): string {
  const start = Date.UTC(2026, 10, 21, 20, 40, second) / 1000;
  return csvRecord({
    sessionId: `${start.toString(16)}.${session}`,
    sessionStart: `2026-11-21 20:40:0${second} UTC`,
    sessionLine: number,
    logTime: logTime(Date.UTC(2026, 10, 21, 20, 41, 10 * second + number)),
    ...more,
  });
}
