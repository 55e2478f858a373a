/** Which shipped statement is the latest of each session's transaction: an error that follows is its failure. */

import { z } from 'zod';
import { Remembered } from './remembered.js';

const transaction = z.object({ virtualTransactionId: z.string(), statement: z.string() });
export const savedTransactions = z.array(z.tuple([z.string(), transaction]));
export type SavedTransactions = z.infer<typeof savedTransactions>;

const MOST = 2000;

export class Transactions {
  readonly #bySession: Remembered<z.infer<typeof transaction>>;

  constructor(saved: SavedTransactions = []) {
    this.#bySession = new Remembered(MOST, saved);
  }

  /** @param statement the id of the event */
  shipped(session: string, virtualTransactionId: string, statement: string): void {
    this.#bySession.set(session, { virtualTransactionId, statement });
  }

  /**
   * The transaction has failed: the id of its latest shipped statement, or `null` where it has none. It is told once;
   * an aborted transaction goes on failing.
   */
  failed(session: string, virtualTransactionId: string): string | null {
    const latest = this.#bySession.get(session);
    if (latest?.virtualTransactionId !== virtualTransactionId) return null;
    this.#bySession.delete(session);
    return latest.statement;
  }

  /** Plain data for the checkpoint. */
  get saved(): SavedTransactions {
    return this.#bySession.entries;
  }
}
