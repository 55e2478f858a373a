/** Finds the statements that changed the rows which were found: their events are elsewhere in the archive. */

import { ShipperError } from '../../lib/errors.js';
import type { ArchiveLocation } from '../store/location.js';
import type { SearchedEvent } from './found-event.js';
import { EVERYTHING } from './query.js';
import { type Found, type SearchOptions, searchInBatches } from './search.js';

/** Rows that are kept in memory until their statements are found. */
const MOST_ROWS = 10_000;

/** Throws a ShipperError if there are too many rows. */
export async function* withStatements(
  rows: AsyncIterable<Found[]>,
  location: ArchiveLocation,
  options: SearchOptions,
): AsyncGenerator<Found[]> {
  // After a failover, the daemons of two nodes may have read the same row.
  const found = new Map<string, Found>();
  for await (const some of rows) {
    for (const one of some) found.set(one.event.id ?? '', found.get(one.event.id ?? '') ?? one);
    if (found.size > MOST_ROWS)
      throw new ShipperError('too-many', `over ${MOST_ROWS} changes match: give --since and --until`);
  }
  const all = [...found.values()];
  const statements = await statementsOf(all, location, options);
  yield all.map(one => {
    const by = statements.get(one.event.row?.statement ?? '');
    return by === undefined ? one : { ...one, by };
  });
}

/** By their ids. */
async function statementsOf(
  rows: readonly Found[],
  location: ArchiveLocation,
  options: SearchOptions,
): Promise<ReadonlyMap<string, SearchedEvent>> {
  const ids = new Set(rows.map(({ event }) => event.row?.statement).filter(id => id !== undefined));
  const found = new Map<string, SearchedEvent>();
  if (ids.size === 0) return found;
  const query = { ...EVERYTHING, kinds: ['statement'], ids };
  for await (const some of searchInBatches(location, query, options))
    for (const { event } of some) found.set(event.id ?? '', event);
  return found;
}
