/** Joins what an event says with what PostgreSQL's parser says of its text. */

import { type Said, type Sight, sightOf, type Watched } from '../../detect/sight.js';
import { LARGE_RECORD } from '../../lib/large-text.js';
import { andThen } from '../../lib/settled.js';
import { markedOf } from '../../relations/marked.js';
import type { MarkParser } from '../../relations/relations.js';

/** What is left of a secret; without quotes it would not parse. */
const REDACTED = '<redacted>';
const UNSEEN: Said = { isPlan: false, withoutWhere: 'no', signs: [], isUnknown: true };

/** `null` if no rule looks at such an event. Never rejects. */
export function seenBy(event: Watched, parser: MarkParser): Sight | null | Promise<Sight | null> {
  return andThen(saidOf(event, parser), said => sightOf(event, said));
}

function saidOf({ audit, source }: Watched, parser: MarkParser): Said | null | Promise<Said | null> {
  if (audit === undefined) return null;
  const { statement, redacted, command } = audit;
  // Its text is not in this process while it is read.
  if ((source?.length ?? 0) > LARGE_RECORD)
    return /\b(?:UPDATE|DELETE)\b/.test(command) ? { ...UNSEEN, withoutWhere: 'unknown' } : UNSEEN;
  const text = redacted === undefined ? statement : (statement?.replaceAll(REDACTED, '0') ?? null);
  return andThen(markedOf({ ...audit, statement: text }, parser), said =>
    // pgAudit was asked not to log it.
    text === null ? { ...said, withoutWhere: 'no' } : said,
  );
}
