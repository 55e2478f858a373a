/** Finds events in an archive of any size, with pieces of a few objects in memory. */

import { outcomeIn } from '../../event/line.js';
import type { ArchiveLocation } from '../store/location.js';
import { countLines, linesAt, linesOf } from '../store/object-lines.js';
import type { ArchiveStore } from '../store/store.js';
import { damageOf } from '../store/unreadable.js';
import { type ArchivedObject, type ArchivePart, type Days, existingParts } from '../store/walk.js';
import { Failures } from './failures.js';
import { type Finder, finderOf } from './finder.js';
import { readEvent, type SearchedEvent } from './found-event.js';
import { type Prefilter, prefilter } from './prefilter.js';
import { EVERYTHING, matcher, type Query } from './query.js';
import { type OpenedObject, openObjects } from './read.js';

const DAY = 24 * 60 * 60 * 1000;

export interface Found {
  /** The event's line in the archive, without its newline. */
  readonly line: Buffer;
  readonly event: SearchedEvent;
  /** The object that holds it. */
  readonly object: ArchivedObject;
  /** It is only a guess that the event is about the relation. */
  readonly isGuess: boolean;
  /** Of a row: the statement that changed it, if it was looked for and found. */
  readonly by?: SearchedEvent;
}

export interface SearchWatch {
  /** The search comes to objects of this day; this share of it, from 0 to 1, is done. */
  reached(day: string, share: number): void;
  /** What could not be searched, or only in part; the search continues. */
  damaged(path: string, what: string): void;
  /** An object of this day was read, with so many lines. */
  read?(day: string, lines: number): void;
}

export interface SearchOptions {
  readonly watch: SearchWatch;
  /** This many objects are opened before they are needed. */
  readonly ahead: number;
}

/**
 * The events that match the query, one daemon after the other, each in writing order. Throws a ShipperError if there is
 * no archive, and the store's errors if it cannot be read.
 */
export async function* search(
  location: ArchiveLocation,
  query: Query,
  options: SearchOptions,
): AsyncGenerator<Found> {
  for await (const some of searchInBatches(location, query, options)) yield* some;
}

/** The same events, some at a time. */
export async function* searchInBatches(
  location: ArchiveLocation,
  query: Query,
  { watch, ahead }: SearchOptions,
): AsyncGenerator<Found[]> {
  const parts = await existingParts(location.store, location.prefix, location.only);
  const scan = new Scan(location.store, parts, partitionsOf(query), ahead);
  const matches = matcher(query);
  const look = query.isFailed
    ? await lookForFailed(scan, query, sharing(watch, 0, 0.5))
    : { passes: prefilter(query), finder: finderOf(query) };
  for await (const lines of scan.read(look, query.isFailed ? sharing(watch, 0.5, 1) : watch))
    yield lines.flatMap(({ line, event, object }) => {
      const match = matches(event);
      return match === null ? [] : [{ line, event, object, ...match }];
    });
}

/**
 * Objects contain what was read on the day of their partition, at most until the day after. An event is read after it
 * happened: events of a day are in that day's partition or in any later one (read late, or backfilled). So `since`
 * skips the earlier partitions, except one day for clocks that differ; `before` skips none.
 */
function partitionsOf({ since, archivedUntil }: Query): Days {
  const first = since === null ? null : new Date(Date.parse(since) - DAY).toISOString().slice(0, 10);
  return { since: first, until: archivedUntil };
}

interface ReadLine {
  readonly line: Buffer;
  readonly event: SearchedEvent;
  readonly object: ArchivedObject;
}

/** Which lines are read as events. */
interface Look {
  readonly passes: Prefilter;
  /** `null`: every line is looked at. */
  readonly finder: Finder | null;
}

/** Reads the whole archive, any number of times. */
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

  /** The events whose lines pass, some at a time. */
  async *read(look: Look, watch: SearchWatch): AsyncGenerator<ReadLine[]> {
    for (const [index, part] of this.#parts.entries()) {
      const days = await this.#store.list(part.folder);
      const listed = days.filter(day => this.#isAsked(day.slice(-11, -1)));
      for await (const opened of this.#open(part, days, watch)) {
        const { date, path } = opened.object;
        const done = Math.max(0, listed.indexOf(`${part.folder}date=${date}/`)) / listed.length;
        watch.reached(date, (index + done) / this.#parts.length);
        yield* passing(opened, look, {
          damaged: what => watch.damaged(path, what),
          read: lines => watch.read?.(date, lines),
        });
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
    const onForeign = (path: string): void => watch.damaged(path, 'the shipper does not give such names');
    return openObjects(listedOnce, part, { days: this.#days, ahead: this.#ahead, onForeign });
  }
}

async function* passing(
  { object, pieces }: OpenedObject,
  { passes, finder }: Look,
  said: { damaged(what: string): void; read(lines: number): void },
): AsyncGenerator<ReadLine[]> {
  const { firstSeq, lastSeq } = object;
  let [count, unreadable] = [0, 0];
  try {
    for await (const piece of pieces) {
      count += countLines(piece);
      const found: ReadLine[] = [];
      for (const line of finder === null ? linesOf(piece) : linesAt(piece, finder(piece))) {
        if (!passes(line)) continue;
        const event = readEvent(line);
        if (event === null) unreadable += 1;
        else found.push({ line, event, object });
      }
      if (found.length > 0) yield found;
    }
    const missing = lastSeq - firstSeq + 1 - count;
    if (missing !== 0) said.damaged(`it has ${count} lines, but its name says ${count + missing}`);
  } catch (error) {
    const damage = damageOf(error);
    if (damage === null) throw error;
    said.damaged(damage);
  }
  said.read(count);
  if (unreadable > 0) said.damaged(`${unreadable} of its lines cannot be read as events`);
}

/**
 * Lets matching events pass if their transaction fails later. A failure may follow its statement at any distance, so a
 * first pass counts all failures by transaction; then each failure that is met is subtracted: what is left is still to
 * come.
 */
async function lookForFailed(scan: Scan, query: Query, watch: SearchWatch): Promise<Look> {
  // Of any user: somebody else may roll a prepared transaction back.
  const asked = { ...EVERYTHING, kinds: ['failure'] };
  const isFailure = prefilter(asked);
  const mayMatch = prefilter(query);
  const failures = new Failures();
  const count = (line: Buffer): boolean => {
    if (!isFailure(line)) return false;
    const outcome = outcomeIn(line);
    if (outcome === 'failed') failures.add(line);
    if (outcome === 'caught') failures.remove(line);
    return false;
  };
  const quiet = { reached: () => undefined, damaged: () => undefined };
  // No line passes, so the first result is the end.
  await scan.read({ passes: count, finder: finderOf(asked) }, { ...quiet, reached: watch.reached }).next();
  const locate = (line: Buffer): boolean => {
    failures.locate(line);
    return false;
  };
  if (failures.areSought) await scan.read({ passes: locate, finder: null }, quiet).next();
  failures.settle();
  const passes = (line: Buffer): boolean => {
    if (!isFailure(line)) return mayMatch(line) && failures.has(line);
    const outcome = outcomeIn(line);
    if (outcome === 'failed') failures.remove(line);
    if (outcome === 'caught') failures.add(line);
    return false;
  };
  // If none failed, the archive is read for what is damaged.
  return { passes, finder: failures.isEmpty ? () => () => -1 : null };
}

/** For work that is the share of a search between `from` and `to`. */
function sharing(watch: SearchWatch, from: number, to: number): SearchWatch {
  return { ...watch, reached: (day, share) => watch.reached(day, from + share * (to - from)) };
}
