/**
 * The latest statements that were shipped, to be found by the rows that they changed. A row is known only after its
 * transaction has committed, and its history does not say which statement it was: session, virtual transaction, times and
 * tables do.
 */

import { z } from 'zod';

/** One that was shipped. Without names of tables it may have changed any. */
const write = z.object({
  id: z.string(),
  session: z.string(),
  transaction: z.string(),
  /** Of its record, in milliseconds since the epoch. */
  time: z.number(),
  command: z.string(),
  tables: z.array(z.string()).exactOptional(),
  /** Its record was written when it ended, with the number of its rows (`pgaudit.log_rows`). */
  atEnd: z.literal(true).exactOptional(),
});
export type Write = z.infer<typeof write>;
export const savedWrites = z.array(write);

/** A change of a row. */
export interface Change {
  readonly session: string;
  readonly transaction: string;
  /** When its statement began, and when it was recorded, in milliseconds since the epoch. */
  readonly began: number;
  readonly changed: number;
  readonly operation: string;
  readonly table: string;
}

/** The checkpoint holds them. A transaction with more of them has rows whose statement is not named. */
const MOST = 20_000;

/** More statements in one millisecond say nothing. */
const MOST_POSSIBLE = 10;

export class Writes {
  /** Whether a history of rows is read at all. */
  readonly #isNeeded: boolean;
  #all: Write[];
  #byTransaction = new Map<string, Write[]>();

  constructor(isNeeded: boolean, saved: readonly Write[] = []) {
    this.#isNeeded = isNeeded;
    this.#all = isNeeded ? [...saved] : [];
    this.#index();
  }

  /** In the order of the log. */
  note(one: Write): void {
    if (!this.#isNeeded) return;
    this.#all.push(one);
    if (this.#all.length >= 2 * MOST) this.#keep(this.#all.slice(-MOST));
    else this.#indexOne(one);
  }

  /** The rows of all that was logged before (milliseconds since the epoch) were read. */
  forgetBefore(time: number): void {
    const kept = this.#all.filter(one => one.time >= time);
    if (kept.length < this.#all.length) this.#keep(kept);
  }

  /** The ids of the statements that may have made the change: one if that is sure, none if it is not known. */
  of(change: Change): readonly string[] {
    const known = this.#byTransaction.get(keyOf(change)) ?? [];
    // Its record is written after its message reached the server, in whole milliseconds.
    const possible = known
      .slice(firstFrom(known, Math.floor(change.began)))
      .filter(one => mayHave(one, change));
    const naming = possible.filter(({ tables }) => tables?.some(table => isSameTable(table, change.table)));
    const unnamed = possible.filter(({ tables }) => tables === undefined);
    // A foreign key's cascade changes a table that no statement names.
    const [some = []] = [naming, unnamed, possible].filter(({ length }) => length > 0);
    const doing = some.filter(({ command }) => command.startsWith(change.operation));
    // INSERT … ON CONFLICT and MERGE do what they are not named after.
    const found = nearestTo(doing.length > 0 ? doing : some).map(({ id }) => id);
    return found.length > MOST_POSSIBLE ? [] : found;
  }

  /** Plain data for the checkpoint. */
  get saved(): Write[] {
    return this.#all.slice(-MOST);
  }

  #keep(some: Write[]): void {
    this.#all = some;
    this.#index();
  }

  #index(): void {
    this.#byTransaction = new Map();
    for (const one of this.#all) this.#indexOne(one);
  }

  /** By their times: the parser may give a later one its tables first. */
  #indexOne(one: Write): void {
    const key = keyOf(one);
    const known = this.#byTransaction.get(key) ?? [];
    if (known.length === 0) this.#byTransaction.set(key, known);
    known.splice(firstFrom(known, one.time + 1), 0, one);
  }
}

/** Where the first one of this time, or of a later one, is. */
function firstFrom(known: readonly Write[], time: number): number {
  let [from, to] = [0, known.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((known[middle]?.time ?? 0) < time) from = middle + 1;
    else to = middle;
  }
  return from;
}

function keyOf({ session, transaction }: Pick<Write, 'session' | 'transaction'>): string {
  return `${session} ${transaction}`;
}

/** Its record is written before its rows' triggers run, or after them if it is written at its end. */
function mayHave({ time, atEnd }: Write, { changed }: Change): boolean {
  return atEnd ? time >= Math.floor(changed) : time <= changed;
}

/** Of several, in the order of their times, the last that began or the first that ended: both are next to the row. */
function nearestTo(some: readonly Write[]): readonly Write[] {
  const ended = some.filter(({ atEnd }) => atEnd);
  const time = (ended[0] ?? some.at(-1))?.time;
  return (ended.length > 0 ? ended : some).filter(one => one.time === time);
}

/** PostgreSQL's parser knows no search_path: it names some tables without their schema. */
function isSameTable(named: string, table: string): boolean {
  return named === table || table.endsWith(`.${named}`);
}
