/** What PostgreSQL's parser says of a statement that a report counts. */

import type { Marks } from '../relations/marks.js';
import type { WithoutWhere } from '../relations/without-where.js';

export interface Marked {
  /** EXPLAIN without ANALYZE, or PREPARE: pgAudit files both as WRITE, and neither changes anything. */
  readonly isPlan: boolean;
  readonly withoutWhere: WithoutWhere;
  readonly copies: Marks['copies'];
}

export const UNMARKED: Marked = { isPlan: false, withoutWhere: 'no', copies: null };
