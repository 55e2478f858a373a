/**
 * A record that the shipper has the server write to its log, and reads back: it proves that this folder contains that
 * server's log, and that records of level LOG, such as pgAudit's, still reach it.
 */

import { randomUUID, type UUID } from 'node:crypto';
import { type Clock, sleep } from '../lib/clock.js';
import { COLUMN } from '../lib/csvlog.js';
import { ShipperError } from '../lib/errors.js';
import type { RawRecord } from '../read/record.js';
import { clientFor, reasonOf, withClient } from './connect.js';

/** Milliseconds between two heartbeats. */
const INTERVAL = 5 * 60_000;
/** Milliseconds that the log is read further without an earlier heartbeat, before it counts as missing. */
const LATE = 60_000;
/** Milliseconds that a single run waits for its own. */
const PATIENCE = 10_000;
/** Heartbeats that were sent and not read yet, at most; a log that is read late has older ones. */
const MOST_PENDING = 64;
/** SQLSTATE class of syntax errors and access rule violations. */
const NOT_ALLOWED = '42';
const START = Buffer.from('pgaudit-shipper ');

export interface HeartbeatReport {
  /** The server does not write it; reported once per outage. */
  heartbeatFailed(error: unknown): void;
}

export class Heartbeat {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #report: HeartbeatReport;
  /** By nonce, when it was sent. */
  readonly #pending = new Map<string, number>();
  #readAt: number | null = null;
  #sentAt: number | null = null;
  #isFailing = false;
  #isRefused = false;

  /** Throws a ShipperError if the URL is invalid. */
  constructor(url: string, clock: Clock, report: HeartbeatReport) {
    clientFor(url);
    this.#url = url;
    this.#clock = clock;
    this.#report = report;
  }

  /** When the newest heartbeat that was read back had been sent, in milliseconds since the epoch. */
  get readAt(): number | null {
    return this.#readAt;
  }

  /** Whether a single run's own heartbeat may still come. */
  get isAwaited(): boolean {
    return (
      this.#sentAt !== null &&
      (this.#readAt ?? 0) < this.#sentAt &&
      this.#clock.now() < this.#sentAt + PATIENCE
    );
  }

  /**
   * Whether the server refuses to write heartbeats, or they are missing in the log that is read. A server that cannot
   * be reached is a different problem.
   *
   * @param readUntil the time until which the log was read completely, in milliseconds since the epoch
   */
  isMissing(readUntil: number | null): boolean {
    const [oldest] = this.#pending.values();
    return this.#isRefused || (oldest !== undefined && readUntil !== null && oldest + LATE < readUntil);
  }

  /** Sends one at once and then every five minutes, until the signal aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.send();
      await sleep(this.#clock, INTERVAL, signal);
    }
  }

  /** Never rejects. A plain login role may do this. */
  async send(): Promise<void> {
    const nonce = randomUUID();
    const at = this.#clock.now();
    this.#pending.set(nonce, at);
    for (const oldest of [...this.#pending.keys()].slice(0, -MOST_PENDING)) this.#pending.delete(oldest);
    try {
      await writeHeartbeat(this.#url, nonce);
      this.#sentAt = at;
      this.#isFailing = false;
      this.#isRefused = false;
    } catch (error) {
      this.#pending.delete(nonce);
      const code = reasonOf(error);
      const failure = new ShipperError(code, `the heartbeat cannot be written (${code})`);
      if (!this.#isFailing) this.#report.heartbeatFailed(failure);
      this.#isFailing = true;
      this.#isRefused = code.startsWith(NOT_ALLOWED);
    }
  }

  /** Whether the record is a heartbeat that this process sent. */
  reads(record: RawRecord): boolean {
    if (!record.startsWith(COLUMN.message, START)) return false;
    const nonce = record.text(COLUMN.message).slice(START.length);
    const sentAt = this.#pending.get(nonce);
    if (sentAt === undefined) return false;
    // Heartbeats sent earlier were lost, or never written.
    for (const [other, at] of this.#pending) if (at <= sentAt) this.#pending.delete(other);
    this.#readAt = Math.max(this.#readAt ?? sentAt, sentAt);
    return true;
  }
}

/** Rejects with the database's error. */
export async function writeHeartbeat(url: string, nonce: UUID): Promise<void> {
  await withClient(clientFor(url), client =>
    client.query(`DO $$BEGIN RAISE LOG '${START.toString()}${nonce}'; END$$`),
  );
}
