/** Counts transactions that are still to fail. */

import { transactionIn } from '../../event/line.js';

export class Failures {
  /** By transaction. */
  readonly #counts = new Map<string, number>();

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  /** Counts the transaction of an event's line, if it has one. */
  add(line: Buffer): void {
    this.#count(line, 1);
  }

  /** Takes one `add` of the line's transaction back, also before it comes. */
  remove(line: Buffer): void {
    this.#count(line, -1);
  }

  /** Whether more was added of the line's transaction than taken back. */
  has(line: Buffer): boolean {
    const key = transactionIn(line);
    return key !== null && (this.#counts.get(key) ?? 0) > 0;
  }

  #count(line: Buffer, by: number): void {
    const key = transactionIn(line);
    if (key === null) return;
    const count = (this.#counts.get(key) ?? 0) + by;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
  }
}
