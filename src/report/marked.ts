/** What PostgreSQL's parser says of a statement that a report counts. */

import type { Marks } from '../relations/marks.js';
import type { ReportedAudit } from './event.js';

export interface Marked {
  /** EXPLAIN without ANALYZE, or PREPARE: pgAudit files both as WRITE, and neither changes anything. */
  readonly isPlan: boolean;
  readonly isWithoutWhere: boolean;
  readonly copies: Marks['copies'];
  /** Nobody knows: its text was not logged, or cannot be parsed. */
  readonly isUnread: boolean;
}

export const UNMARKED: Marked = { isPlan: false, isWithoutWhere: false, copies: null, isUnread: false };

type Recorded = Pick<ReportedAudit, 'class' | 'command' | 'statement' | 'objectName' | 'classFrom'>;

/** What EXPLAIN ANALYZE and EXECUTE run has a record of its own, with another command. */
const PLANS = ['EXPLAIN', 'PREPARE'];
const ON_ROWS = ['UPDATE', 'DELETE'];
/** Words without which a text has no marks. */
const MARKING = /\b(?:update|delete|copy|explain)\b/i;

/** The text that must be parsed; `null`: the record itself says enough. */
export function textToParse({ class: name, command, statement }: Recorded): string | null {
  if (name !== 'WRITE' || PLANS.includes(command) || statement === null) return null;
  return MARKING.test(statement) ? statement : null;
}

/** @param marks of `textToParse`; `null` if that cannot be parsed */
export function markedOf(audit: Recorded, marks: Marks | null): Marked {
  const { class: name, command, statement, objectName = null } = audit;
  if (name !== 'WRITE') return UNMARKED;
  if (PLANS.includes(command)) return { ...UNMARKED, isPlan: true };
  const mayLack = ON_ROWS.includes(command) || audit.classFrom === 'parsed';
  if (marks === null)
    return { ...UNMARKED, isUnread: mayLack && (statement === null || MARKING.test(statement)) };
  // With an object's name the record is of one relation: only the part of that command can be meant.
  const isMeant = ({ own, parts }: Marks['withoutWhere'][number]): boolean =>
    parts.includes(command) || (objectName === null && own.includes(command));
  const isWithoutWhere = !marks.isPlan && marks.withoutWhere.some(isMeant);
  return { isPlan: marks.isPlan, isWithoutWhere, copies: marks.copies, isUnread: false };
}
