/**
 * What became of shipped statements, as far as the log shows it: pgAudit logs what was asked for, even if it failed or was
 * undone. The latest shipped statement of each session's transaction stands for all of it.
 */

import type { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Control } from '../audit/transaction-control.js';
import type { Audit, FailureFields } from '../event/audit.js';
import { lruOf } from '../lib/lru.js';

type Failure = FailureFields['failure'];

const transaction = z.object({
  virtualTransactionId: z.string(),
  /** The id of its latest event. A transaction that has none yet was begun (`misc` is logged). */
  statement: z.string().nullable(),
  /** The SQLSTATE of the error that was reported; no savepoint has caught it yet. */
  failedBy: z.string().exactOptional(),
  /** Its BEGIN is in the log; so what asks for its end will be. */
  hasBegun: z.boolean().exactOptional(),
  /** Its COMMIT was asked for. It may fail yet: by a deferred constraint, or a conflict with another transaction. */
  isCommitting: z.boolean().exactOptional(),
});
type Transaction = z.infer<typeof transaction>;

export const savedTransactions = z.array(z.tuple([z.string(), transaction]));
export type SavedTransactions = z.infer<typeof savedTransactions>;
/** By the hash of the name that PREPARE TRANSACTION gave. */
export const savedPrepared = z.array(z.tuple([z.string(), z.string()]));
export type SavedPrepared = z.infer<typeof savedPrepared>;

/** Sessions, and prepared transactions, that are remembered. */
const MOST = 2000;

export class Transactions {
  readonly #bySession: LRUCache<string, Transaction>;
  readonly #prepared: LRUCache<string, string>;

  constructor(saved: SavedTransactions = [], prepared: SavedPrepared = []) {
    this.#bySession = lruOf(MOST);
    for (const [key, value] of saved) this.#bySession.set(key, value);
    this.#prepared = lruOf(MOST);
    for (const [key, value] of prepared) this.#prepared.set(key, value);
  }

  /** Whether something is remembered of the session. */
  knows(session: string): boolean {
    return this.#bySession.has(session);
  }

  /** @param statement the id of the event */
  shipped(session: string, virtualTransactionId: string, statement: string): void {
    const { hasBegun } = this.#in(session, virtualTransactionId) ?? {};
    this.#bySession.set(session, { virtualTransactionId, statement, ...(hasBegun && { hasBegun }) });
  }

  /**
   * What a record of pgAudit says of statements that were shipped before it: `undone` by a rollback; `caught`: after the
   * error that was reported, nothing but a savepoint can let the transaction go on. pgAudit logs nothing in a transaction
   * that has failed, not even its COMMIT (pgaudit.c, pgaudit_ProcessUtility_hook; measured).
   */
  audited(
    session: string,
    virtualTransactionId: string,
    audit: Pick<Audit, 'class' | 'command'>,
    control: Control,
  ): Failure | null {
    const isControl = audit.class === 'MISC' && control.rollback !== 'savepoint';
    const isEnd = isControl && audit.command === 'ROLLBACK';
    const caught = isEnd ? null : this.#caught(session, virtualTransactionId);
    if (!isControl) return caught;
    return this.#control(session, virtualTransactionId, audit.command, control) ?? caught;
  }

  #caught(session: string, virtualTransactionId: string): Failure | null {
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
   * transaction is certain only if BEGIN and COMMIT are in the log (`misc`).
   */
  ended(session: string, isInside: boolean): Failure | null {
    const known = this.#bySession.get(session);
    this.#bySession.delete(session);
    if (!isInside || known === undefined || known.statement === null || known.failedBy !== undefined)
      return null;
    const { statement, hasBegun, isCommitting } = known;
    if (isCommitting) return null;
    return { statement, sqlState: null, outcome: 'undone', ...(!hasBegun && { certain: false }) };
  }

  /** Plain data for the checkpoint. */
  get saved(): SavedTransactions {
    return this.#bySession.dump().map(([key, { value }]) => [key, value]);
  }

  get savedPrepared(): SavedPrepared {
    return this.#prepared.dump().map(([key, { value }]) => [key, value]);
  }

  #in(session: string, virtualTransactionId: string): Transaction | undefined {
    const known = this.#bySession.get(session);
    return known?.virtualTransactionId === virtualTransactionId ? known : undefined;
  }

  /** BEGIN, COMMIT, ROLLBACK and those of two-phase commit; other commands change nothing. */
  #control(session: string, virtualTransactionId: string, command: string, control: Control): Failure | null {
    const known = this.#in(session, virtualTransactionId);
    if (command === 'BEGIN' || command === 'START TRANSACTION')
      this.#bySession.set(session, { statement: null, ...known, virtualTransactionId, hasBegun: true });
    if (command === 'COMMIT') this.#commit(session, known);
    if (command === 'PREPARE TRANSACTION') this.#prepare(session, control, known);
    if (command === 'COMMIT PREPARED' || command === 'ROLLBACK PREPARED')
      return this.#endPrepared(command, control);
    if (command !== 'ROLLBACK' || control.rollback === null) return null;
    this.#bySession.delete(session);
    if (known === undefined || known.statement === null || known.failedBy !== undefined) return null;
    const isUnclear = control.rollback === 'unclear';
    const { statement } = known;
    return { statement, sqlState: null, outcome: 'undone', ...(isUnclear && { certain: false }) };
  }

  /** Only an error of the same transaction shows that it failed. */
  #commit(session: string, known: Transaction | undefined): void {
    if (known === undefined) this.#bySession.delete(session);
    else this.#bySession.set(session, { ...known, isCommitting: true });
  }

  /** A text may prepare several, one after the other: then this is the first that is not prepared yet. */
  #prepare(session: string, { names }: Control, known: Transaction | undefined): void {
    const name = names.find(one => this.#prepared.get(one) === undefined);
    if (known === undefined) return;
    this.#commit(session, known);
    if (name !== undefined && known.statement !== null) this.#prepared.set(name, known.statement);
  }

  #endPrepared(command: string, { names }: Control): Failure | null {
    for (const name of names) {
      const statement = this.#prepared.get(name);
      if (statement === undefined) continue;
      this.#prepared.delete(name);
      return command === 'COMMIT PREPARED' ? null : { statement, sqlState: null, outcome: 'undone' };
    }
    return null;
  }
}
