/** Joins what an event says with what PostgreSQL's parser says of its text. */

import { type Said, type Sight, sightOf, type Watched } from '../../detect/sight.js';
import { LARGE_RECORD } from '../../lib/large-text.js';
import { andThen } from '../../lib/settled.js';
import { markedOf } from '../../relations/marked.js';
import type { MarkParser } from '../../relations/relations.js';

/** What is left of a secret; without quotes it would not parse. */
const REDACTED = '<redacted>';

/** `null` if no rule looks at such an event. Never rejects. */
export function seenBy(event: Watched, parser: MarkParser): Sight | null | Promise<Sight | null> {
  return andThen(saidOf(event, parser), said => sightOf(event, said));
}

function saidOf({ audit, source }: Watched, parser: MarkParser): Said | null | Promise<Said | null> {
  if (audit === undefined) return null;
  const isLarge = (source?.length ?? 0) > LARGE_RECORD;
  const { statement, redacted } = audit;
  const text = redacted === undefined ? statement : (statement?.replaceAll(REDACTED, '0') ?? null);
  // The text of a large record is not in this process while it is read.
  const asked = { ...audit, statement: isLarge ? null : text };
  return andThen(markedOf(asked, parser), said => {
    if (isLarge) return { ...said, isUnknown: !said.isPlan };
    // pgAudit was asked not to log it.
    if (text === null) return { ...said, withoutWhere: 'no' };
    return isOpen(said) ? markedOf(asked, parser) : said;
  });
}

/** On a busy machine the parser may not have had its time, which says nothing about the text: then it is asked again. */
function isOpen({ withoutWhere, isUnknown }: Said): boolean {
  return isUnknown || withoutWhere === 'maybe' || withoutWhere === 'unknown';
}
