/**
 * What became of shipped statements, as far as the log tells: pgAudit logs what was asked for, also where it failed or was
 * undone. The latest shipped statement of each session's transaction stands for all of it.
 */

import { z } from 'zod';
import type { Audit, FailureContent } from '../event.js';
import { isRollback } from './pgaudit.js';
import { Remembered } from './remembered.js';

type Failure = FailureContent['failure'];

const transaction = z.object({
  virtualTransactionId: z.string(),
  /** The id of its latest event. A transaction that has none yet was begun (`misc` is logged). */
  statement: z.string().nullable(),
  /** The SQLSTATE of the error that was reported; no savepoint has caught it yet. */
  failedBy: z.string().exactOptional(),
  /** Its BEGIN is in the log; so its COMMIT will be. */
  hasBegun: z.boolean().exactOptional(),
});
type Transaction = z.infer<typeof transaction>;

export const savedTransactions = z.array(z.tuple([z.string(), transaction]));
export type SavedTransactions = z.infer<typeof savedTransactions>;
/** By the name that PREPARE TRANSACTION gave. */
export const savedPrepared = z.array(z.tuple([z.string(), z.string()]));
export type SavedPrepared = z.infer<typeof savedPrepared>;

/** Sessions, and prepared transactions, that are remembered. */
const MOST = 2000;

export class Transactions {
  readonly #bySession: Remembered<Transaction>;
  readonly #prepared: Remembered<string>;

  constructor(saved: SavedTransactions = [], prepared: SavedPrepared = []) {
    this.#bySession = new Remembered(MOST, saved);
    this.#prepared = new Remembered(MOST, prepared);
  }

  /** @param statement the id of the event */
  shipped(session: string, virtualTransactionId: string, statement: string): void {
    const { hasBegun } = this.#in(session, virtualTransactionId) ?? {};
    this.#bySession.set(session, { virtualTransactionId, statement, ...(hasBegun && { hasBegun }) });
  }

  /**
   * What a record of pgAudit tells of statements that were shipped before it: `undone` by a rollback; `caught`: after the
   * error that was reported, nothing but a savepoint can let the transaction go on.
   */
  audited(session: string, virtualTransactionId: string, audit: Audit): Failure | null {
    if (audit.class === 'MISC' && !isToSavepoint(audit))
      return this.#control(session, virtualTransactionId, audit);
    const known = this.#in(session, virtualTransactionId);
    if (known?.failedBy === undefined || known.statement === null) return null;
    const { failedBy: sqlState, ...rest } = known;
    this.#bySession.set(session, rest);
    return { statement: known.statement, sqlState, outcome: 'caught' };
  }

  /** The transaction raised an error: reported once, until a savepoint has caught it. */
  failed(session: string, virtualTransactionId: string, sqlState: string): Failure | null {
    const known = this.#in(session, virtualTransactionId);
    if (known === undefined || known.statement === null || known.failedBy !== undefined) return null;
    this.#bySession.set(session, { ...known, failedBy: sqlState });
    return { statement: known.statement, sqlState, outcome: 'failed' };
  }

  /**
   * The session is over, by its disconnection inside a transaction or not. Whether the latest statement was part of that
   * transaction is certain only where BEGIN and COMMIT are in the log (`misc`).
   */
  ended(session: string, isInside: boolean): Failure | null {
    const known = this.#bySession.get(session);
    this.#bySession.delete(session);
    if (!isInside || known === undefined || known.statement === null || known.failedBy !== undefined)
      return null;
    const { statement, hasBegun } = known;
    return { statement, sqlState: null, outcome: 'undone', ...(!hasBegun && { certain: false }) };
  }

  /** Plain data for the checkpoint. */
  get saved(): SavedTransactions {
    return this.#bySession.entries;
  }

  get savedPrepared(): SavedPrepared {
    return this.#prepared.entries;
  }

  #in(session: string, virtualTransactionId: string): Transaction | undefined {
    const known = this.#bySession.get(session);
    return known?.virtualTransactionId === virtualTransactionId ? known : undefined;
  }

  /** BEGIN, COMMIT, ROLLBACK and those of two-phase commit; other commands change nothing. */
  #control(session: string, virtualTransactionId: string, audit: Audit): Failure | null {
    const known = this.#in(session, virtualTransactionId);
    const { command } = audit;
    if (command === 'BEGIN' || command === 'START TRANSACTION')
      this.#bySession.set(session, { statement: null, ...known, virtualTransactionId, hasBegun: true });
    if (command === 'COMMIT') this.#bySession.delete(session);
    if (command === 'PREPARE TRANSACTION') this.#prepare(audit, known);
    if (command === 'COMMIT PREPARED' || command === 'ROLLBACK PREPARED') return this.#endPrepared(audit);
    if (!isRollback(audit)) return null;
    this.#bySession.delete(session);
    if (known === undefined || known.statement === null || known.failedBy !== undefined) return null;
    return { statement: known.statement, sqlState: null, outcome: 'undone' };
  }

  #prepare(audit: Audit, known: Transaction | undefined): void {
    const name = nameIn(audit);
    if (name !== null && known !== undefined && known.statement !== null)
      this.#prepared.set(name, known.statement);
  }

  #endPrepared(audit: Audit): Failure | null {
    const name = nameIn(audit);
    const statement = name === null ? undefined : this.#prepared.get(name);
    if (name === null || statement === undefined) return null;
    this.#prepared.delete(name);
    return audit.command === 'COMMIT PREPARED' ? null : { statement, sqlState: null, outcome: 'undone' };
  }
}

function isToSavepoint(audit: Audit): boolean {
  return audit.command === 'ROLLBACK' && audit.statement !== null && !isRollback(audit);
}

/** Characters; PostgreSQL allows a name of 200 bytes. */
const LONGEST_COMMAND = 1000;

/** `PREPARE TRANSACTION 'name'` and the two that end it. */
function nameIn({ statement }: Audit): string | null {
  const [, name] = /'((?:[^']|'')*)'\s*;?\s*$/.exec(statement?.slice(0, LONGEST_COMMAND) ?? '') ?? [];
  return name ?? null;
}
