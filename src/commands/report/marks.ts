/** What a report asks PostgreSQL's parser of a statement. */

import { markedOf as markedIn } from '../../relations/marked.js';
import type { MarkParser } from '../../relations/relations.js';
import type { ReportedAudit } from '../../report/event.js';
import { type Marked, UNMARKED } from '../../report/marked.js';

type Recorded = Pick<ReportedAudit, 'class' | 'command' | 'statement' | 'objectName'>;

/** Only writes have marks there. Never rejects. */
export async function markedOf(
  { objectName = null, ...audit }: Recorded,
  parser: MarkParser,
): Promise<Marked> {
  if (audit.class !== 'WRITE') return UNMARKED;
  const { isPlan, withoutWhere, copies } = await markedIn({ ...audit, objectName }, parser);
  return { isPlan, withoutWhere, copies };
}
