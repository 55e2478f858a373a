/** Counts transactions that are still to fail. */

import { idIn, transactionIn, undoneIn } from '../../event/line.js';

interface Undone {
  transaction: string | null;
  count: number;
}

export class Failures {
  /** By transaction. */
  readonly #counts = new Map<string, number>();
  /** By the id of the latest statement; until that is found, the transaction is that of the failure's own record. */
  readonly #undone = new Map<string, Undone>();

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  /** Whether the statements' lines have to be seen, each by `locate`, before `settle`. */
  get areSought(): boolean {
    return this.#undone.size > 0;
  }

  /** Counts the transaction that an event's line is about, if there is one. */
  add(line: Buffer): void {
    const id = undoneIn(line);
    if (id === null) {
      this.#count(transactionIn(line), 1);
      return;
    }
    const undone = this.#undone.get(id) ?? { transaction: transactionIn(line), count: 0 };
    undone.count += 1;
    this.#undone.set(id, undone);
  }

  /** Notes the transaction of a statement's line that was undone. */
  locate(line: Buffer): void {
    const undone = this.#undone.get(idIn(line));
    if (undone !== undefined) undone.transaction = transactionIn(line);
  }

  /** To be called once all was added: what was undone is counted from here on. */
  settle(): void {
    for (const { transaction, count } of this.#undone.values()) this.#count(transaction, count);
  }

  /** Takes one `add` of the line's transaction back, also before it comes. */
  remove(line: Buffer): void {
    const undone = this.#undone.get(undoneIn(line) ?? '');
    this.#count(undone === undefined ? transactionIn(line) : undone.transaction, -1);
  }

  /** Whether more was added of the line's transaction than taken back. */
  has(line: Buffer): boolean {
    const key = transactionIn(line);
    return key !== null && (this.#counts.get(key) ?? 0) > 0;
  }

  #count(key: string | null, by: number): void {
    if (key === null) return;
    const count = (this.#counts.get(key) ?? 0) + by;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
  }
}
