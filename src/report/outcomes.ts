/** What became of statements: events report failures of transactions, and those of a transaction share its fate. */

import { LRUCache } from 'lru-cache';
import { CONTROL_COMMANDS } from '../event/names.js';
import type { ReportedEvent } from './event.js';

export const OUTCOMES = ['done', 'failed', 'undone', 'unknown'] as const;
export type Outcome = (typeof OUTCOMES)[number];

interface Transaction {
  /** The id of its latest statement, which a failure names; `null` if it only has commands that control it. */
  latest: string | null;
  statements: number;
  outcome: Outcome;
}

const ENDS = ['ROLLBACK', 'COMMIT'];

/** A failure follows in the same session: of very many open transactions, the ones that rested longest are let go. */
const MOST_TRANSACTIONS = 50_000;

export class Outcomes {
  /** Statements. */
  readonly counts: Record<Outcome, number> = { done: 0, failed: 0, undone: 0, unknown: 0 };
  readonly #transactions = new LRUCache<string, Transaction>({ max: MOST_TRANSACTIONS });
  readonly #byLatest = new LRUCache<string, Transaction>({ max: MOST_TRANSACTIONS });

  /** A statement counts as done until its transaction fails. */
  statement(event: ReportedEvent): void {
    const key = keyOf(event);
    const known = key === null ? undefined : this.#transactions.get(key);
    // What ends a transaction that has failed was done.
    const hasEnded =
      known !== undefined && known.outcome !== 'done' && ENDS.includes(event.audit?.command ?? '');
    this.counts[hasEnded ? 'done' : (known?.outcome ?? 'done')] += 1;
    if (key === null || hasEnded) return;
    const one: Transaction = known ?? { latest: null, statements: 0, outcome: 'done' };
    one.statements += 1;
    this.#transactions.set(key, one);
    // No failure names these.
    if (CONTROL_COMMANDS.has(event.audit?.command ?? '')) return;
    if (one.latest !== null) this.#byLatest.delete(one.latest);
    one.latest = event.id;
    this.#byLatest.set(event.id, one);
  }

  /** Without its statements (they are outside the period, or long ago) a failure counts nothing. */
  failure(event: ReportedEvent): void {
    if (event.failure === undefined) return;
    // The record of a session's end is of no transaction, and that of ROLLBACK PREPARED of another one.
    const known = this.#byLatest.get(event.failure.statement) ?? this.#transactions.get(keyOf(event) ?? '');
    if (known === undefined) return;
    this.counts[known.outcome] -= known.statements;
    known.outcome = outcomeOf(event.failure);
    this.counts[known.outcome] += known.statements;
  }
}

/** A savepoint that catches an error undoes only what came after it, and the log does not say what that was. */
function outcomeOf({ outcome, certain, sqlState }: NonNullable<ReportedEvent['failure']>): Outcome {
  if (certain === false) return 'unknown';
  if (outcome === 'caught') return 'done';
  return outcome ?? (sqlState == null ? 'undone' : 'failed');
}

function keyOf({ instance, session }: ReportedEvent): string | null {
  if (session?.virtualTransactionId == null) return null;
  return `${instance} ${session.id} ${session.virtualTransactionId}`;
}
