/** Keeps entries that a server will never take from holding back the others. */

import { status } from '@grpc/grpc-js';
import { codeOf, ShipperError } from '../../lib/errors.js';
import type { LogEntry, Written } from '../destination.js';

/** The entry, or the request, is wrong in itself: the same again will never do. */
const FINAL: ReadonlySet<number> = new Set([status.INVALID_ARGUMENT, status.OUT_OF_RANGE]);

/** The server, the network or somebody's permissions: to be waited out, however long it takes. */
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

/** Failures with any other code (INTERNAL, UNKNOWN, …) after which it may be the entry that brings them about. */
const MOST_DOUBTS = 5;
/** So many entries are tried by themselves while nothing was ever taken. */
const MOST_PROBES = 8;

/** An entry, and where the server named it, why it was not taken. */
interface Named {
  readonly entry: LogEntry;
  readonly code: number;
}

/** Sends entries; where it throws an error with `code`, a name of gRPC's, `cause` is the client's own. */
export type Send = (entries: readonly LogEntry[]) => Promise<void>;

/**
 * Tells entries that are refused from a server in trouble. Those that the server names as wrong are given up;
 * where it does not say which they are, halves are sent until each stands alone. What fails for another reason
 * is to be sent again, for ever where the reason lies outside of it. Of codes that may mean either, a server
 * that goes on taking what it took before, and not this, tells that it is the entry.
 */
export class Isolation {
  readonly #send: Send;
  /** Something that was taken: sent again it shows once, and tells whether the server is well. */
  #proof: LogEntry | null = null;
  /** How often a request with this insertId in it has failed with a code that may be its own fault. */
  readonly #doubts = new Map<string, number>();

  constructor(send: Send) {
    this.#send = send;
  }

  /** Throws where nothing was taken, and all is to be sent again. */
  async write(entries: readonly LogEntry[]): Promise<Written> {
    const written = await this.#part(entries);
    if (this.#proof !== null) return written;
    throw new ShipperError(
      'INVALID_ARGUMENT',
      'Cloud Logging refuses everything: mend logging.to or logging.resource',
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
   * As long as nothing was ever taken, that is not the fault of each entry, but of what they have in common: they are
   * to be given again.
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

  /** The server has taken all others; where there are none, it may have turned against whatever it is given. */
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

  /** Whether it is the entries, and not the server or what they all have in common. */
  async #isToBlame(entries: readonly LogEntry[], error: unknown): Promise<boolean> {
    const code = codeIn(error);
    if (code === null) return false;
    if (FINAL.has(code) || isTooLarge(error)) {
      // Before one is given up: a server that took something may have turned against everything since.
      const isKnown = entries.length === 1 ? this.#proof === null : this.#proof !== null;
      return isKnown || (await this.#isServerWell(entries));
    }
    if (PASSING.has(code) || Math.min(...entries.map(entry => this.#doubt(entry))) < MOST_DOUBTS)
      return false;
    return await this.#isServerWell(entries);
  }

  /** Whether it takes again what it took before or, where it took nothing yet, one of several by itself. */
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
    for (const { insertId } of entries) this.#doubts.delete(insertId);
  }
}

/** The bytes of its line are its own only until it is delivered. */
function kept(entry: LogEntry): LogEntry {
  const { line } = entry;
  return line === undefined ? entry : { ...entry, line: Buffer.from(line) };
}

/** A few of several entries, from the first to the last. */
function spread(entries: readonly LogEntry[]): LogEntry[] {
  if (entries.length === 1) return [];
  const step = Math.max(1, (entries.length - 1) / (MOST_PROBES - 1));
  const places = new Set(Array.from({ length: MOST_PROBES }, (_, n) => Math.round(n * step)));
  return [...places].flatMap(place => entries[place] ?? []);
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

/** gRPC's number; `null` where the error came from elsewhere. */
function codeIn(error: unknown): number | null {
  const code: unknown = Reflect.get(causeOf(error), 'code');
  return typeof code === 'number' ? code : null;
}

/** gRPC's own limit of a message has the same code as a quota, but will never pass. */
function isTooLarge(error: unknown): boolean {
  const details: unknown = Reflect.get(causeOf(error), 'details');
  return codeIn(error) === status.RESOURCE_EXHAUSTED && /message larger than max/i.test(String(details));
}

/** The entries at fault (WriteLogEntriesPartialErrors); none where the server names none. */
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
