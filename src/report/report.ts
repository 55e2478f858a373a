/** Everything that a page shows. */

import type { VerdictName, VerifyResult } from '../archive/verify/result.js';
import { addDays, type Zone } from '../lib/zone.js';
import type { Findings, Period } from './findings.js';
import type { Reading } from './reading.js';
import type { Words } from './words/words.js';

/** How its reader reads words and times. */
export interface Reader {
  readonly words: Words;
  readonly zone: Zone;
}

export interface Report extends Reader {
  /** The archive as the command line names it. */
  readonly archive: string;
  /** The options of a command that name the daemons which the report is about; none: all. */
  readonly only: readonly string[];
  readonly period: Period;
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
  /** Statements of class ROLE, which the page lists one by one. */
  readonly roleCount: number;
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
export function searchCommand(report: Report, ...options: readonly string[]): string {
  return [...searchWords(report), ...options].map(quoted).join(' ');
}

/** The shell's function that the commands of "Look at these" use. */
export const LOOK = 'look';

export function lookFunction(report: Report): string {
  return `${LOOK}() { ${searchWords(report).map(quoted).join(' ')} "$@"; }`;
}

export function lookCommand(options: readonly string[]): string {
  return [LOOK, ...options].map(quoted).join(' ');
}

/** The options for what happened at night and on weekends, as this report means it. */
export function outsideHours({ zone, hours }: Report): string[] {
  return ['--timezone', zone.name, '--outside-hours', hours, '--weekdays'];
}

function searchWords({ archive, only, period, zone }: Report): string[] {
  const since = new Date(zone.startOf(period.since)).toISOString();
  const until = new Date(zone.startOf(addDays(period.until, 1)) - 1).toISOString();
  return ['pgaudit-shipper', 'search', archive, ...only, '--since', since, '--until', until];
}

/** Quoted so that a shell reads it as one word. */
export function quoted(word: string): string {
  return /^[A-Za-z0-9_.,:/=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
