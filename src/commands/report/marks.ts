/** Asks PostgreSQL's parser what a reviewer wants to know of a statement. */

import type { MarkParser } from '../../relations/relations.js';
import { withoutWhere } from '../../relations/without-where.js';
import type { ReportedAudit } from '../../report/event.js';
import { type Marked, UNMARKED } from '../../report/marked.js';

type Recorded = Pick<ReportedAudit, 'class' | 'command' | 'statement' | 'objectName'>;

/** What EXPLAIN ANALYZE and EXECUTE run has a record of its own, with another command. */
const PLANS = ['EXPLAIN', 'PREPARE'];
/** Words without which a text has no marks. */
const MARKING = /\b(?:copy|explain)\b/i;

/** Never rejects. */
export async function markedOf(
  { class: auditClass, command, statement, objectName = null }: Recorded,
  parser: MarkParser,
): Promise<Marked> {
  if (auditClass !== 'WRITE') return UNMARKED;
  if (PLANS.includes(command)) return { ...UNMARKED, isPlan: true };
  const lack = await withoutWhere({ class: auditClass, command, objectName, statement }, parser);
  const marks = statement !== null && MARKING.test(statement) ? await parser.marks(statement) : null;
  return { isPlan: marks?.isPlan ?? false, withoutWhere: lack, copies: marks?.copies ?? null };
}
