/** Keeps of found events the UPDATE and DELETE without WHERE. */

import type { Found } from '../../archive/search/search.js';
import { createRelationParser, type RelationParser } from '../../relations/relations.js';
import { withoutWhere } from '../../relations/without-where.js';

/** @param unknown called for each event of which nobody can say whether it has a WHERE */
export async function* onlyWithoutWhere(
  events: AsyncIterable<Found[]>,
  unknown: () => void,
): AsyncGenerator<Found[]> {
  const parser = createRelationParser({ forReview: true });
  try {
    for await (const some of events)
      yield (await Promise.all(some.map(found => kept(found, parser, unknown)))).flat();
  } finally {
    await parser.close();
  }
}

async function kept(found: Found, parser: RelationParser, unknown: () => void): Promise<Found[]> {
  const { audit } = found.event;
  if (audit === undefined) return [];
  const { class: auditClass, command, objectName = null, statement } = audit;
  const answer = await withoutWhere({ class: auditClass, command, objectName, statement }, parser);
  if (answer === 'unknown') unknown();
  if (answer === 'maybe') return [{ ...found, isGuess: true }];
  return answer === 'yes' ? [found] : [];
}
