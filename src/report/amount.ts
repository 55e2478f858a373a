/** Counts of statements and rows. */

/** pgAudit's classes, as a review groups them. */
export const CLASSES = ['write', 'ddl', 'role', 'other'] as const;
export type Class = (typeof CLASSES)[number];

export interface Amount {
  /** Statements. */
  events: number;
  readonly byClass: Record<Class, number>;
  /** Statements whose transaction failed, as far as the log shows. */
  failed: number;
  /** Statements outside working hours of working days, and on weekends. */
  outside: number;
  weekend: number;
  /** Changed rows; `null` if the log never says. */
  rows: number | null;
}

export type When = 'inside' | 'outside' | 'weekend';

export function noAmount(): Amount {
  return {
    events: 0,
    byClass: { write: 0, ddl: 0, role: 0, other: 0 },
    failed: 0,
    outside: 0,
    weekend: 0,
    rows: null,
  };
}

export function classOf(written: string): Class {
  const name = written.toLowerCase();
  return CLASSES.find(one => one === name) ?? 'other';
}

export interface Change {
  readonly class: Class;
  readonly when: When;
  readonly rows: number | null;
}

export function addChange(amount: Amount, change: Change): void {
  amount.events += 1;
  amount.byClass[change.class] += 1;
  if (change.when !== 'inside') amount[change.when] += 1;
  if (change.rows !== null) amount.rows = (amount.rows ?? 0) + change.rows;
}
