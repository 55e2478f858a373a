/**
 * Session facts: what later records need of earlier ones. The checkpoint keeps them over a restart.
 *
 * Everything here has a size limit (I9), and is plain data when it is saved. Imports `event/`, `lib/`, and types of `read/`
 * and `audit/`.
 */

import { z } from 'zod';
import type { TimeReader } from '../audit/time.js';
import { StateError } from '../lib/errors.js';
import type { LogFormat } from '../lib/log-format.js';
import { Logins, savedLogins } from './logins.js';
import { Numbering, savedNumbering } from './numbering.js';
import { PendingStatements, savedPending } from './pending.js';
import { Sessions, savedSessions } from './sessions.js';
import { Shipped, savedShipped } from './shipped.js';
import { Statements, savedStatements } from './statements.js';
import { savedPrepared, savedTransactions, Transactions } from './transactions.js';
import { savedWrites, Writes } from './writes.js';

const schema = z.object({
  statements: savedStatements,
  sessions: savedSessions,
  // A state of version 0.1.0 lacks these.
  logins: savedLogins.default([]),
  transactions: savedTransactions.default([]),
  prepared: savedPrepared.default([]),
  shipped: savedShipped.default([]),
  pending: savedPending.default([]),
  // One that was begun with csvlog lacks this.
  numbering: savedNumbering.nullable().default(null),
  // Only where a history of rows is read.
  writes: savedWrites.exactOptional(),
});

export class SessionFacts {
  readonly statements: Statements;
  readonly sessions: Sessions;
  readonly logins: Logins;
  readonly transactions: Transactions;
  readonly shipped: Shipped;
  /** Statements that the server logged and pgAudit did not, so far. */
  readonly pending: PendingStatements;
  readonly numbering: Numbering;
  /** Statements whose rows are still to come. */
  readonly writes: Writes;

  /**
   * @param saved what `saved` gave before the restart, or `null` if nothing is known; throws a
   * StateError if it is neither
   * @param lostAt when session facts were lost, in milliseconds since the epoch; 0 if there were none
   * @param hasRows whether a history of rows is read, too
   */
  constructor(times: TimeReader, saved: unknown, lostAt: number, hasRows = false) {
    const parsed = schema.nullable().safeParse(saved);
    if (!parsed.success) throw new StateError('The checkpoint contains session facts that cannot be read.');
    this.statements = new Statements(parsed.data?.statements);
    this.sessions = new Sessions(times, parsed.data?.sessions, lostAt);
    this.logins = new Logins(parsed.data?.logins);
    this.transactions = new Transactions(parsed.data?.transactions, parsed.data?.prepared);
    this.shipped = new Shipped(parsed.data?.shipped);
    this.pending = new PendingStatements(parsed.data?.pending);
    this.numbering = new Numbering(parsed.data?.numbering ?? null);
    this.writes = new Writes(hasRows, parsed.data?.writes);
  }

  /** Plain data, bounded in size. */
  get saved(): z.infer<typeof schema> {
    const writes = this.writes.saved;
    return {
      statements: this.statements.saved,
      sessions: this.sessions.saved,
      logins: this.logins.saved,
      transactions: this.transactions.saved,
      prepared: this.transactions.savedPrepared,
      shipped: this.shipped.saved,
      pending: this.pending.saved,
      numbering: this.numbering.saved,
      ...(writes.length > 0 && { writes }),
    };
  }

  /** The log is read in another format from now on: its lines are numbered apart. */
  changeFormat(format: LogFormat, now: number): void {
    this.numbering.begin(format, now);
    this.sessions.forgetLines(now);
    this.shipped.clear();
  }
}
