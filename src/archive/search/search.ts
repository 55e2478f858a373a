/** Finds events in an archive, in memory for a few objects' pieces whatever its size. */

import { outcomeIn } from '../../event/line.js';
import { ShipperError } from '../../lib/errors.js';
import type { ArchiveLocation } from '../store/location.js';
import type { ArchiveStore } from '../store/store.js';
import { type ArchivePart, type Days, listParts } from '../store/walk.js';
import { Failures } from './failures.js';
import { readEvent, type SearchedEvent } from './found-event.js';
import { EVERYTHING, matcher, type Query } from './query.js';
import { damageOf, type OpenedObject, openObjects } from './read.js';
import { type Sieve, sieve } from './sieve.js';

const DAY = 24 * 60 * 60 * 1000;

export interface Found {
  /** The event as it stands in the archive, without its newline. */
  readonly line: Buffer;
  readonly event: SearchedEvent;
  /** The asked relation is only guessed to be meant. */
  readonly isGuess: boolean;
}

export interface SearchWatch {
  /** The search comes to objects of this day; so much of it, from 0 to 1, is done. */
  reached(day: string, share: number): void;
  /** What could not be searched, or only in part; the search goes on. */
  damaged(path: string, what: string): void;
}

export interface SearchOptions {
  readonly watch: SearchWatch;
  /** So many objects are begun before they are needed. */
  readonly ahead: number;
}

/**
 * What the query asks for, one daemon after the other, each in writing order. Throws a ShipperError where there is no
 * archive, and the store's errors where it cannot be read.
 */
export async function* search(
  location: ArchiveLocation,
  query: Query,
  { watch, ahead }: SearchOptions,
): AsyncGenerator<Found> {
  const parts = await partsOf(location);
  const scan = new Scan(location.store, parts, partitionsOf(query), ahead);
  const matches = matcher(query);
  const passes = query.isFailed ? await sieveOfFailed(scan, query, sharing(watch, 0, 0.5)) : sieve(query);
  for await (const { line, event } of scan.read(passes, query.isFailed ? sharing(watch, 0.5, 1) : watch)) {
    const match = matches(event);
    if (match !== null) yield { line, event, ...match };
  }
}

async function partsOf({ store, prefix }: ArchiveLocation): Promise<ArchivePart[]> {
  const parts = await listParts(store, prefix);
  if (parts.length > 0) return parts;
  throw new ShipperError(
    'archive',
    'there is no archive here: give what archive.to in the configuration says, the folder above instance=…',
  );
}

/**
 * Objects hold what was read on the day of their partition, at most until the day after. An event is read after it
 * happened: those of a time are in its day's partition, or in any later one (read late, or backfilled). So `since` spares
 * the earlier partitions, less one day for clocks that differ; `before` spares none.
 */
function partitionsOf({ since, archivedUntil }: Query): Days {
  const first = since === null ? null : new Date(Date.parse(since) - DAY).toISOString().slice(0, 10);
  return { since: first, until: archivedUntil };
}

interface ReadLine {
  readonly line: Buffer;
  readonly event: SearchedEvent;
}

/** Reads the whole archive, as often as it is asked to. */
class Scan {
  readonly #store: ArchiveStore;
  readonly #parts: readonly ArchivePart[];
  readonly #days: Days;
  readonly #ahead: number;

  constructor(store: ArchiveStore, parts: readonly ArchivePart[], days: Days, ahead: number) {
    this.#store = store;
    this.#parts = parts;
    this.#days = days;
    this.#ahead = ahead;
  }

  /** The events whose lines pass. */
  async *read(passes: Sieve, watch: SearchWatch): AsyncGenerator<ReadLine> {
    for (const [index, part] of this.#parts.entries()) {
      const days = await this.#store.list(part.folder);
      const listed = days.filter(day => this.#isAsked(day.slice(-11, -1)));
      for await (const opened of this.#open(part, days, watch)) {
        const { date, path } = opened.object;
        const done = Math.max(0, listed.indexOf(`${part.folder}date=${date}/`)) / listed.length;
        watch.reached(date, (index + done) / this.#parts.length);
        yield* passing(opened, passes, what => watch.damaged(path, what));
      }
    }
  }

  #isAsked(day: string): boolean {
    const { since, until } = this.#days;
    return (since === null || day >= since) && (until === null || day <= until);
  }

  #open(part: ArchivePart, days: string[], watch: SearchWatch): AsyncGenerator<OpenedObject> {
    const store = this.#store;
    const listedOnce: ArchiveStore = {
      ...store,
      list: async folder => (folder === part.folder ? days : await store.list(folder)),
    };
    const onForeign = (path: string): void =>
      watch.damaged(path, 'its name is not one that the shipper gives');
    return openObjects(listedOnce, part, { days: this.#days, ahead: this.#ahead, onForeign });
  }
}

async function* passing(
  { object, lines }: OpenedObject,
  passes: Sieve,
  onDamage: (what: string) => void,
): AsyncGenerator<ReadLine> {
  const { firstSeq, lastSeq } = object;
  let [count, unreadable] = [0, 0];
  try {
    for await (const line of lines) {
      count += 1;
      if (!passes(line)) continue;
      const event = readEvent(line);
      if (event === null) unreadable += 1;
      else yield { line, event };
    }
    const missing = lastSeq - firstSeq + 1 - count;
    if (missing !== 0) onDamage(`it has ${count} lines, and its name says ${count + missing}`);
  } catch (error) {
    const damage = damageOf(error);
    if (damage === null) throw error;
    onDamage(damage);
  }
  if (unreadable > 0) onDamage(`${unreadable} of its lines cannot be read as events`);
}

/**
 * Lets pass what the query asks for, where its transaction fails later. A failure may follow its statement by any
 * distance, so all failures are counted first, by transaction; then each that is met is taken off: what is left is still
 * to come.
 */
async function sieveOfFailed(scan: Scan, query: Query, watch: SearchWatch): Promise<Sieve> {
  const isFailure = sieve({ ...EVERYTHING, kinds: ['failure'], user: query.user });
  const mayMatch = sieve(query);
  const failures = new Failures();
  const count = (line: Buffer): boolean => {
    if (!isFailure(line)) return false;
    const outcome = outcomeIn(line);
    if (outcome === 'failed') failures.add(line);
    if (outcome === 'caught') failures.remove(line);
    return false;
  };
  // No line passes, so the first of them is the end.
  await scan.read(count, { ...watch, damaged: () => undefined }).next();
  return line => {
    if (!isFailure(line)) return mayMatch(line) && failures.has(line);
    const outcome = outcomeIn(line);
    if (outcome === 'failed') failures.remove(line);
    if (outcome === 'caught') failures.add(line);
    return false;
  };
}

/** Of something that makes up the share of a search between `from` and `to`. */
function sharing(watch: SearchWatch, from: number, to: number): SearchWatch {
  return { ...watch, reached: (day, share) => watch.reached(day, from + share * (to - from)) };
}
