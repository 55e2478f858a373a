/** Keeps entries that a server will never accept from blocking the others. */

import { status } from '@grpc/grpc-js';
import { codeOf, ShipperError } from '../../lib/errors.js';
import type { LogEntry, Written } from '../destination.js';
import { payloadIn } from './log-entry.js';

/** The entry or request itself is wrong: a retry cannot succeed. */
const FINAL: ReadonlySet<number> = new Set([status.INVALID_ARGUMENT, status.OUT_OF_RANGE]);

/** The cause is the server, the network or a permission: retried, however long it takes. */
const PASSING: ReadonlySet<number> = new Set([
  status.UNAVAILABLE,
  status.RESOURCE_EXHAUSTED,
  status.ABORTED,
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.NOT_FOUND,
]);

/** After this many failures with any other code (INTERNAL, UNKNOWN, …), the entry itself may be the cause. */
const MOST_DOUBTS = 5;
/** Entries that are tried one by one while nothing was ever accepted. */
const MOST_PROBES = 8;

/** An entry that the server named, and its reason for refusing it. */
interface Named {
  readonly entry: LogEntry;
  readonly code: number;
}

/** Sends entries. Throws an error whose `code` is gRPC's name; its `cause` is the client's own error. */
export type Send = (entries: readonly LogEntry[]) => Promise<void>;

/**
 * Tells refused entries and a server in trouble apart. Entries that the server names as wrong are given up. If it does
 * not name them, halves are sent until each entry is alone. What fails for another reason is sent again, forever if the
 * reason lies outside of the entry. For codes that may mean either, the entry is at fault if the server still accepts
 * what it accepted before, but not this entry.
 */
export class Isolation {
  readonly #send: Send;
  /** An entry that was accepted. Sent again it is shown once, and shows whether the server is well. */
  #proof: LogEntry | null = null;
  /** How often a request with this insertId failed with a code that may be the entry's own fault. */
  readonly #doubts = new Map<string, number>();

  constructor(send: Send) {
    this.#send = send;
  }

  /** Throws if nothing was accepted: all entries must be written again. */
  async write(entries: readonly LogEntry[]): Promise<Written> {
    const written = await this.#part(entries);
    if (this.#proof !== null) return written;
    throw new ShipperError(
      'INVALID_ARGUMENT',
      'Cloud Logging refuses every entry: fix logging.to or logging.resource',
      written.error,
    );
  }

  async #part(entries: readonly LogEntry[]): Promise<Written> {
    try {
      await this.#send(entries);
      this.#taken(entries);
      return { rejected: [], left: [] };
    } catch (error) {
      const named = namedIn(error, entries);
      if (named.length > 0) return await this.#named(entries, named, error);
      if (!(await this.#isToBlame(entries, error))) throw error;
      if (entries.length === 1) return this.#refused(entries, error);
      return await this.#halves(entries);
    }
  }

  /**
   * As long as nothing was ever accepted, the cause is not each entry, but what they have in common: they must be
   * written again.
   */
  #refused(entries: readonly LogEntry[], error: unknown): Written {
    if (this.#proof === null) return { rejected: [], left: entries, error };
    return { rejected: entries.map(({ insertId }) => ({ insertId, code: codeOf(error) })), left: [], error };
  }

  async #halves(entries: readonly LogEntry[]): Promise<Written> {
    const half = entries.length >> 1;
    const first = await this.#part(entries.slice(0, half));
    const rest = entries.slice(half);
    try {
      return join(first, await this.#part(rest));
    } catch (error) {
      return join(first, { rejected: [], left: rest, error });
    }
  }

  /** The server accepted all others; if there are no others, it may be refusing everything. */
  async #named(entries: readonly LogEntry[], named: readonly Named[], error: unknown): Promise<Written> {
    const isNamed = new Set(named.map(({ entry }) => entry));
    const taken = entries.filter(entry => !isNamed.has(entry));
    const isRefused = ({ entry, code }: Named): boolean =>
      FINAL.has(code) || (taken.length > 0 && !PASSING.has(code) && this.#doubt(entry) >= MOST_DOUBTS);
    const refused = named.filter(isRefused);
    const left = named.filter(one => !refused.includes(one)).map(({ entry }) => entry);
    if (taken.length > 0) this.#taken(taken);
    else if (this.#proof === null || refused.length === 0 || !(await this.#isServerWell(entries)))
      throw error;
    for (const { entry } of refused) this.#doubts.delete(entry.insertId);
    const rejected = refused.map(({ entry: { insertId }, code }) => ({
      insertId,
      code: status[code] ?? `${code}`,
    }));
    return { rejected, left, error };
  }

  /** Whether the entries are at fault, and not the server or what all entries have in common. */
  async #isToBlame(entries: readonly LogEntry[], error: unknown): Promise<boolean> {
    const code = codeIn(error);
    if (code === null) return false;
    if (FINAL.has(code) || isTooLarge(error)) {
      // Before an entry is given up: a server that accepted entries before may refuse everything now.
      const isKnown = entries.length === 1 ? this.#proof === null : this.#proof !== null;
      return isKnown || (await this.#isServerWell(entries));
    }
    if (PASSING.has(code) || Math.min(...entries.map(entry => this.#doubt(entry))) < MOST_DOUBTS)
      return false;
    return await this.#isServerWell(entries);
  }

  /**
   * Whether the server accepts again what it accepted before or, if it accepted nothing yet, one of several entries
   * alone.
   */
  async #isServerWell(entries: readonly LogEntry[]): Promise<boolean> {
    for (const probe of this.#proof === null ? spread(entries) : [this.#proof]) {
      try {
        await this.#send([probe]);
        this.#taken([probe]);
        return true;
      } catch (error) {
        if (codeIn(error) === null) throw error;
      }
    }
    return false;
  }

  #doubt({ insertId }: LogEntry): number {
    const doubts = (this.#doubts.get(insertId) ?? 0) + 1;
    this.#doubts.set(insertId, doubts);
    return doubts;
  }

  #taken(entries: readonly LogEntry[]): void {
    const last = entries.at(-1);
    if (last !== undefined) this.#proof = kept(last);
    if (this.#doubts.size > 0) for (const { insertId } of entries) this.#doubts.delete(insertId);
  }
}

/** A copy: the bytes of its line may be overwritten after delivery. */
function kept(entry: LogEntry): LogEntry {
  if (entry.line === undefined) return entry;
  const line = Buffer.from(entry.line);
  const { insertId, timestamp, severity, labels, operation, split } = entry.envelope ?? entry;
  return {
    ...{ insertId, timestamp, severity, labels, operation },
    ...(split !== undefined && { split }),
    line,
    get jsonPayload() {
      return payloadIn(line);
    },
  };
}

/** A few of several entries, spread from the first to the last. */
function spread(entries: readonly LogEntry[]): LogEntry[] {
  if (entries.length === 1) return [];
  const step = Math.max(1, (entries.length - 1) / (MOST_PROBES - 1));
  const indexes = new Set(Array.from({ length: MOST_PROBES }, (_, n) => Math.round(n * step)));
  return [...indexes].flatMap(index => entries[index] ?? []);
}

function join(a: Written, b: Written): Written {
  return {
    rejected: [...a.rejected, ...b.rejected],
    left: [...a.left, ...b.left],
    error: b.error ?? a.error,
  };
}

function causeOf(error: unknown): object {
  return Object(Reflect.get(Object(error), 'cause'));
}

/** gRPC's status number; `null` if the error came from elsewhere. */
function codeIn(error: unknown): number | null {
  const code: unknown = Reflect.get(causeOf(error), 'code');
  return typeof code === 'number' ? code : null;
}

/** gRPC's own message limit has the same code as a quota, but does not pass with time. */
function isTooLarge(error: unknown): boolean {
  const details: unknown = Reflect.get(causeOf(error), 'details');
  return codeIn(error) === status.RESOURCE_EXHAUSTED && /message larger than max/i.test(String(details));
}

/** The entries that the server names as wrong (WriteLogEntriesPartialErrors); empty if it names none. */
function namedIn(error: unknown, entries: readonly LogEntry[]): Named[] {
  const details: unknown = Reflect.get(causeOf(error), 'statusDetails');
  for (const detail of Array.isArray(details) ? details : []) {
    const errors: unknown = Reflect.get(Object(detail), 'logEntryErrors');
    if (errors !== undefined)
      return Object.entries(Object(errors)).flatMap(([index, one]) => toNamed(entries[Number(index)], one));
  }
  return [];
}

function toNamed(entry: LogEntry | undefined, entryStatus: unknown): Named[] {
  const code: unknown = Reflect.get(Object(entryStatus), 'code');
  return entry === undefined
    ? []
    : [{ entry, code: typeof code === 'number' ? code : status.INVALID_ARGUMENT }];
}
