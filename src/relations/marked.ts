/** Asks PostgreSQL's parser what a reviewer or a rule wants to know of a statement. */

import type { Audit } from '../event/audit.js';
import { andThen } from '../lib/settled.js';
import type { Marks } from './marks.js';
import { mayHaveMarks } from './may-have-marks.js';
import type { MarkParser } from './relations.js';
import type { Sign } from './signs.js';
import { PLANS, type WithoutWhere, withoutWhere } from './without-where.js';

export interface Marked {
  /** EXPLAIN without ANALYZE, or PREPARE: pgAudit files both as WRITE, and neither changes anything. */
  readonly isPlan: boolean;
  readonly withoutWhere: WithoutWhere;
  readonly copies: Marks['copies'];
  /** Of the whole text: before pgAudit 17, each of several statements is logged with all of them. */
  readonly signs: readonly Sign[];
  /** The text has a word that may be such a sign, and does not parse. */
  readonly isUnknown: boolean;
}

const NONE: Marked = { isPlan: false, withoutWhere: 'no', copies: null, signs: [], isUnknown: false };

type Recorded = Pick<Audit, 'class' | 'command' | 'statement' | 'objectName'>;

/** Never rejects. */
export function markedOf(said: Recorded, parser: MarkParser): Marked | Promise<Marked> {
  if (PLANS.includes(said.command)) return { ...NONE, isPlan: true };
  const { statement } = said;
  return andThen(withoutWhere(said, parser), lack => {
    if (statement === null || !mayHaveMarks(statement))
      return lack === 'no' ? NONE : { ...NONE, withoutWhere: lack };
    return andThen(parser.marks(statement), marks => markedBy(lack, marks));
  });
}

function markedBy(lack: WithoutWhere, marks: Marks | null): Marked {
  if (marks === null) return { ...NONE, withoutWhere: lack, isUnknown: true };
  const { isPlan, copies, signs } = marks;
  return { isPlan, withoutWhere: lack, copies, signs, isUnknown: false };
}
