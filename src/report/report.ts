/** Everything that a page shows. */

import type { VerdictName, VerifyResult } from '../archive/verify/result.js';
import type { Findings, Period } from './findings.js';
import type { Reading } from './reading.js';
import { addDays, type Zone } from './zone.js';

export interface Report {
  /** The archive as the command line names it. */
  readonly archive: string;
  /** The options of a command that name the daemons which the report is about; none: all. */
  readonly only: readonly string[];
  readonly period: Period;
  readonly zone: Zone;
  /** Working hours, `07:00-17:00`. */
  readonly hours: string;
  /** At least this many statements or rows of a person on an object in a day are a bulk change. */
  readonly bulk: number;
  readonly verified: VerifyResult;
  /** What the archive does not hold: a line each, in the words of `verify`. */
  readonly lacks: readonly string[];
  /** The command that repeats the verification. */
  readonly verifyCommand: string;
  readonly reading: Reading;
  readonly findings: Findings;
  /** Milliseconds since the epoch. */
  readonly madeAt: number;
  readonly version: string;
}

/** The verdict of `verify`, or `broken` if the archive was changed since or cannot be read. */
export function verdictOf({ verified, reading }: Report): VerdictName {
  return reading.damages.length > 0 ? 'broken' : verified.verdict;
}

/** Local days that are not fully covered. */
export function uncoveredDays({ verified, zone, period }: Report): ReadonlySet<string> {
  const days = new Set<string>();
  for (const { from, to } of verified.instances.flatMap(({ missing }) => missing)) {
    const start = from === null ? period.since : later(zone.at(Date.parse(from)).day, period.since);
    const end = Date.parse(to);
    for (let day = start; day <= period.until && zone.startOf(day) <= end; day = addDays(day, 1))
      days.add(day);
  }
  return days;
}

function later(a: string, b: string): string {
  return a < b ? b : a;
}

/** The command that finds what a page has no room for. Times are in UTC. */
export function searchCommand(
  { archive, only, period, zone }: Report,
  ...options: readonly string[]
): string {
  const since = new Date(zone.startOf(period.since)).toISOString();
  const next = new Date(Date.parse(period.until) + 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
  const until = new Date(zone.startOf(next) - 1).toISOString();
  const range = ['--since', since, '--until', until];
  return ['pgaudit-shipper', 'search', archive, ...only, ...range, ...options].map(quoted).join(' ');
}

/** Quoted so that a shell reads it as one word. */
export function quoted(word: string): string {
  return /^[A-Za-z0-9_.,:/=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
