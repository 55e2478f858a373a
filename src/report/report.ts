/** Everything that a page shows. */

import type { VerifyResult } from '../archive/verify/result.js';
import type { Findings, Period } from './findings.js';
import type { Reading } from './read.js';
import type { Zone } from './zone.js';

export interface Report {
  /** The archive as the command line names it. */
  readonly archive: string;
  readonly period: Period;
  readonly zone: Zone;
  /** Working hours, `07:00-17:00`. */
  readonly hours: string;
  /** So many statements or rows of a person on an object in a day are a bulk change. */
  readonly bulk: number;
  readonly verified: VerifyResult;
  /** The command that verifies the same again. */
  readonly verifyCommand: string;
  readonly reading: Reading;
  readonly findings: Findings;
  /** Milliseconds since the epoch. */
  readonly madeAt: number;
  readonly version: string;
}

/** The archive is not what it was, or cannot be read. */
export function isBroken({ verified, reading }: Report): boolean {
  return !verified.isIntact || reading.damages.length > 0;
}

/** The command that finds what a page has no room for. Times are given in UTC. */
export function searchCommand({ archive, period, zone }: Report, ...options: readonly string[]): string {
  const since = new Date(zone.startOf(period.since)).toISOString();
  const next = new Date(Date.parse(period.until) + 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
  const until = new Date(zone.startOf(next) - 1).toISOString();
  const range = ['--since', since, '--until', until];
  return ['pgaudit-shipper', 'search', archive, ...range, ...options].map(quoted).join(' ');
}

/** As a shell takes it for one word. */
export function quoted(word: string): string {
  return /^[A-Za-z0-9_.,:/=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
