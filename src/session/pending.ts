/** Statements that the server logged, while pgAudit's records of them are still to come. */

import { hash } from 'node:crypto';
import { z } from 'zod';
import { unauditedSchema } from '../event/audit.js';
import { sessionSchema, sourceSchema } from '../event/session.js';
import { hasPassed } from '../lib/clock.js';
import { UNKNOWN } from './sessions.js';

/** As in the event, with how many statements pgAudit has to count, and has counted so far. */
const pending = unauditedSchema.shape.unaudited.extend({
  /** When it was read, in milliseconds since the epoch. */
  foundAt: z.number(),
  /** Of the record that names it, as in events. */
  line: z.object({
    time: z.number(),
    user: z.string(),
    database: z.string().nullable(),
    session: sessionSchema,
    raw: z.null(),
  }),
  source: sourceSchema.omit({ raw: true }),
  /** SHA-256 of the SQL, to recognize it in an error. */
  sha256: z.string(),
  /** pgAudit's latest number; `UNKNOWN` if none was read. */
  latest: z.number(),
});
export type Pending = z.infer<typeof pending>;

export const savedPending = z.array(pending);

/** Characters of all statements together: the checkpoint holds them. Those that wait longest are given up. */
const MOST_CHARACTERS = 1 << 20;

export class PendingStatements {
  readonly #bySession: Map<string, Pending>;

  constructor(saved: readonly Pending[] = []) {
    this.#bySession = new Map(saved.map(one => [one.line.session.id, one]));
  }

  add(one: Pending): void {
    this.#bySession.set(one.line.session.id, one);
    let size = this.#sizeOfAll();
    for (const [oldest, { statement, escrow = '' }] of this.#bySession) {
      if (size <= MOST_CHARACTERS) return;
      size -= statement.length + escrow.length;
      this.#bySession.delete(oldest);
    }
  }

  /** A genuine record of pgAudit's, with this number, came in the session. */
  audited(of: string, statement: number): void {
    const one = this.#bySession.get(of);
    if (one === undefined || statement <= one.latest) return;
    const audited = one.audited + (one.latest === UNKNOWN ? 1 : statement - one.latest);
    if (audited >= one.expected) this.#bySession.delete(of);
    // A new object: a checkpoint may hold the one before.
    else this.#bySession.set(of, { ...one, audited, latest: statement });
  }

  get(of: string): Pending | undefined {
    return this.#bySession.get(of);
  }

  clear(): void {
    this.#bySession.clear();
  }

  remove(of: string): void {
    this.#bySession.delete(of);
  }

  /** Those that have waited for longer than `patience` milliseconds. */
  overdue(now: number, patience: number): Pending[] {
    return [...this.#bySession.values()].filter(({ foundAt }) => hasPassed(foundAt, now, patience));
  }

  /** Plain data for the checkpoint. */
  get saved(): Pending[] {
    return [...this.#bySession.values()];
  }

  #sizeOfAll(): number {
    let size = 0;
    for (const { statement, escrow = '' } of this.#bySession.values())
      size += statement.length + escrow.length;
    return size;
  }
}

export function hashOf(sql: string): string {
  return hash('sha256', sql, 'base64');
}
