/**
 * The latest statements that were shipped, to be found by the rows that they changed. A row is known only after its
 * transaction has committed, and its history does not say which statement it was: session, virtual transaction, times,
 * tables and the text's digest do (joining.ts).
 */

import { z } from 'zod';
import { type Change, type Write, write } from './change.js';
import { join } from './joining.js';

export const savedWrites = z.array(write);

/** The checkpoint holds them. A transaction with more of them has rows whose statement is not named. */
const MOST = 20_000;

export class Writes {
  /** Whether a history of rows is read at all. */
  readonly isNeeded: boolean;
  #all: Write[];

  constructor(isNeeded: boolean, saved: readonly Write[] = []) {
    this.isNeeded = isNeeded;
    this.#all = isNeeded ? [...saved] : [];
  }

  note(one: Write): void {
    this.#all.push(one);
    if (this.#all.length >= 2 * MOST) this.#all = newestOf(this.#all);
  }

  /** The rows of all that was logged before (milliseconds since the epoch) were read. */
  forgetBefore(time: number): void {
    this.#all = this.#all.filter(one => one.time >= time);
  }

  /**
   * For each change, the ids of the statements that may have made it: one if that is sure, none if it is not known.
   * Changes that are given together decide better: each message to the server has statements of its own.
   */
  of(changes: readonly Change[]): readonly (readonly string[])[] {
    const wanted = Map.groupBy(changes, keyOf);
    const known = Map.groupBy(
      this.#all.filter(one => wanted.has(keyOf(one))),
      keyOf,
    );
    const found = new Map<Change, readonly string[]>();
    for (const [key, some] of wanted)
      for (const [change, ids] of join(some, known.get(key) ?? [])) found.set(change, ids);
    return changes.map(change => found.get(change) ?? []);
  }

  /** Plain data for the checkpoint. */
  get saved(): Write[] {
    return newestOf(this.#all);
  }
}

/** None of a millisecond of which others are forgotten: it would be taken for theirs. */
function newestOf(all: readonly Write[]): Write[] {
  const forgotten = all.at(-MOST - 1);
  const newest = all.slice(-MOST);
  return forgotten === undefined ? newest : newest.filter(({ time }) => time > forgotten.time);
}

function keyOf({ session, transaction }: Pick<Write, 'session' | 'transaction'>): string {
  return `${session} ${transaction}`;
}
