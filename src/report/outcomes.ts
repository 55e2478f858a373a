/** What became of statements: events report failures of transactions, and those of a transaction share its fate. */

import { LRUCache } from 'lru-cache';
import type { ReportedEvent } from './event.js';

export const OUTCOMES = ['done', 'failed', 'undone', 'unknown'] as const;
export type Outcome = (typeof OUTCOMES)[number];

interface Transaction {
  statements: number;
  outcome: Outcome;
}

/** A failure follows in the same session: of very many open transactions, the ones that rested longest are let go. */
const MOST_TRANSACTIONS = 50_000;

export class Outcomes {
  /** Statements. */
  readonly counts: Record<Outcome, number> = { done: 0, failed: 0, undone: 0, unknown: 0 };
  readonly #transactions = new LRUCache<string, Transaction>({ max: MOST_TRANSACTIONS });

  /** A statement counts as done until its transaction fails. */
  statement(event: ReportedEvent): void {
    const key = keyOf(event);
    const known = key === null ? undefined : this.#transactions.get(key);
    this.counts[known?.outcome ?? 'done'] += 1;
    if (known !== undefined) known.statements += 1;
    else if (key !== null) this.#transactions.set(key, { statements: 1, outcome: 'done' });
  }

  /** Without its statements (they are outside the period, or long ago) a failure counts nothing. */
  failure(event: ReportedEvent): void {
    const key = keyOf(event);
    const known = key === null ? undefined : this.#transactions.get(key);
    if (known === undefined || event.failure === undefined) return;
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
