/**
 * The statements that one message to the server may have made, by how much speaks for each. A function may make many
 * thousands of them, and as many rows: a row costs no more than a search in what is sorted.
 */

import type { Change, Write } from './change.js';

/** More statements than these say nothing. */
const MOST_POSSIBLE = 10;
/** The least likeness of a statement of which more is known than its time. */
const LIKE = 2;
const GREATEST = 7;

/** Those of the same likeness, by their places in the order of times. */
interface Places {
  readonly began: number[];
  /** Their records were written when they ended. */
  readonly ended: number[];
}

export class Candidates {
  readonly #statements: readonly Write[];
  readonly #from: number;
  readonly #to: number;
  readonly #byTable = new Map<string, readonly Places[]>();

  constructor(statements: readonly Write[], from: number, to: number) {
    this.#statements = statements;
    this.#from = from;
    this.#to = to;
  }

  /** Those that are most likely this row's. */
  of(row: Change): Likeliest {
    const ranked = this.#ranksOf(row).map(places => likeliest(this.#statements, places, row.changed));
    const best = ranked.findLast(({ count }, likeness) => likeness >= LIKE && count > 0);
    return best ?? this.#onlyOne(ranked.slice(0, LIKE), row);
  }

  /** Nothing speaks for it but its time: in the message's first millisecond, it may be of the message before. */
  #onlyOne(ranked: readonly Likeliest[], { began }: Change): Likeliest {
    const [some = NONE, ...more] = ranked.filter(({ count }) => count > 0);
    const isSure = some.count === 1 && more.length === 0;
    const time = this.#statements[some.first]?.time ?? 0;
    return isSure && time > Math.floor(began) ? some : NONE;
  }

  #ranksOf(row: Change): readonly Places[] {
    const key = JSON.stringify([row.table, row.operation, row.digest]);
    const known = this.#byTable.get(key);
    if (known !== undefined) return known;
    const ranks = Array.from({ length: GREATEST + 1 }, (): Places => ({ began: [], ended: [] }));
    const numbers = this.#numbersOf(row);
    for (let place = this.#from; place < this.#to; place += 1) {
      const one = this.#statements[place];
      if (one === undefined || !(numbers.size === 0 || numbers.has(one.number))) continue;
      const places = ranks[likenessOf(one, row)];
      (one.atEnd ? places?.ended : places?.began)?.push(place);
    }
    this.#byTable.set(key, ranks);
    return ranks;
  }

  /** If the message's own statement was logged, no other one's is possible, whatever table that names. */
  #numbersOf({ digest }: Change): ReadonlySet<number> {
    const numbers = new Set<number>();
    for (let place = this.#from; place < this.#to; place += 1) {
      const one = this.#statements[place];
      if (one?.digest === digest) numbers.add(one.number);
    }
    return numbers;
  }
}

/**
 * A statement within a function has another text than the message; one whose tables are unknown, or whose foreign key
 * cascades, does not name the table. INSERT … ON CONFLICT and MERGE do what they are not named after.
 */
function likenessOf({ tables, digest, command }: Write, row: Change): number {
  const isNaming = tables?.some(named => isSameTable(named, row.table)) ?? false;
  const isSameText = digest === row.digest;
  const isDoing = command.startsWith(row.operation) ? 1 : 0;
  if (isNaming) return (isSameText ? 6 : 4) + isDoing;
  return (isSameText || tables === undefined ? LIKE : 0) + isDoing;
}

/** PostgreSQL's parser knows no search_path: it names some tables without their schema. */
function isSameTable(named: string, table: string): boolean {
  return named === table || table.endsWith(`.${named}`);
}

/** A part of some places. */
interface Part {
  readonly places: readonly number[];
  readonly from: number;
  readonly to: number;
}

/** Statements that are equally likely a row's: those that began at or before it, and those that ended at or after it. */
export class Likeliest {
  readonly #statements: readonly Write[];
  readonly #began: Part;
  readonly #ended: Part;

  constructor(statements: readonly Write[], began: Part, ended: Part) {
    this.#statements = statements;
    this.#began = began;
    this.#ended = ended;
  }

  get count(): number {
    return sizeOf(this.#began) + sizeOf(this.#ended);
  }

  /** Their places; of none, beyond all others. */
  get first(): number {
    return Math.min(...this.#filled.map(({ places, from }) => places[from] ?? 0));
  }

  get last(): number {
    return Math.max(...this.#filled.map(({ places, to }) => places[to - 1] ?? 0));
  }

  get #filled(): Part[] {
    return [this.#began, this.#ended].filter(part => sizeOf(part) > 0);
  }

  /** Those from place `from` on, and before place `to`. */
  within(from: number, to: number): Likeliest {
    const cut = (part: Part): Part => ({
      places: part.places,
      from: Math.max(
        part.from,
        firstAt(part.places, place => place >= from),
      ),
      to: Math.min(
        part.to,
        firstAt(part.places, place => place >= to),
      ),
    });
    return new Likeliest(this.#statements, cut(this.#began), cut(this.#ended));
  }

  /** The ids of the last that began, or the first that ended. One of the row's own millisecond may be on its other side. */
  nearestTo(changed: number): readonly string[] {
    const isEnded = sizeOf(this.#ended) > 0;
    const { places, from, to } = isEnded ? this.#ended : this.#began;
    const [start, step] = isEnded ? [from, 1] : [to - 1, -1];
    const ids: string[] = [];
    let time: number | null = null;
    for (let at = start; at >= from && at < to; at += step) {
      const one = this.#statements[places[at] ?? -1];
      if (one === undefined) break;
      if (time !== null && one.time !== time && time !== Math.floor(changed)) break;
      if (ids.length === MOST_POSSIBLE) return [];
      ids.push(one.id);
      time = one.time;
    }
    return isEnded ? ids : ids.reverse();
  }
}

function sizeOf({ from, to }: Part): number {
  return Math.max(0, to - from);
}

function likeliest(statements: readonly Write[], { began, ended }: Places, changed: number): Likeliest {
  const timeAt = (place: number): number => statements[place]?.time ?? 0;
  const until = firstAt(began, place => timeAt(place) > changed);
  const from = firstAt(ended, place => timeAt(place) >= Math.floor(changed));
  return new Likeliest(
    statements,
    { places: began, from: 0, to: until },
    { places: ended, from, to: ended.length },
  );
}

/** Where the first place is of which this is so, as of all behind it. */
function firstAt(places: readonly number[], isSo: (place: number) => boolean): number {
  let [from, to] = [0, places.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (isSo(places[middle] ?? 0)) to = middle;
    else from = middle + 1;
  }
  return from;
}

const NO_PART: Part = { places: [], from: 0, to: 0 };
const NONE = new Likeliest([], NO_PART, NO_PART);
