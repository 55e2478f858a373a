/** A population as events: none has more than several thousand names, however many roles and databases there are. */

import type { PopulationFields, PopulationGroup } from '../../event/population.js';
import type { Population } from './population.js';

/** Names of roles and databases, and faults, in one part. */
const MOST_NAMES = 5000;
/** One half for roles, one for databases. */
const HALF = MOST_NAMES / 2;
/** Databases with one state; the rest of the half is for its faults. */
const MOST_DATABASES = HALF - 100;

type Content = PopulationFields['population'];
type Piece = { readonly names: number } & (
  | { readonly group: PopulationGroup }
  | { readonly privileged: Content['mayTurnOff'][number] }
);

/** In the order in which they are recorded; at least one. */
export function populationParts(population: Population): PopulationFields[] {
  const { lost: _, lacking: __, groups: ___, mayTurnOff: ____, ...same } = population;
  const parts = inParts([...piecesOf(population)]);
  return parts.map((pieces, index) => ({
    kind: 'population',
    population: {
      part: { index, total: parts.length },
      ...same,
      groups: pieces.flatMap(piece => ('group' in piece ? [piece.group] : [])),
      mayTurnOff: pieces.flatMap(piece => ('privileged' in piece ? [piece.privileged] : [])),
    },
  }));
}

function* piecesOf({ groups, mayTurnOff }: Population): Generator<Piece> {
  for (const { roles, databases } of groups)
    for (const places of besideRoles(databases))
      for (let start = 0; start < roles.length; start += HALF) {
        const some = roles.slice(start, start + HALF);
        yield { names: some.length + sizesOf(places), group: { roles: some, databases: places } };
      }
  for (const privileged of mayTurnOff) yield { names: 1 + privileged.by.length, privileged };
}

type Place = PopulationGroup['databases'][number];

function sizeOf({ databases, faults }: Place): number {
  return databases.length + 1 + faults.length;
}

function sizesOf(places: readonly Place[]): number {
  return places.reduce((sum, place) => sum + sizeOf(place), 0);
}

/** Lists of databases that fit into a part, next to as many roles. */
function besideRoles(places: readonly Place[]): Place[][] {
  return packed(places.flatMap(cutPlace), sizeOf, HALF);
}

function cutPlace(place: Place): Place[] {
  const { databases } = place;
  return Array.from({ length: Math.ceil(databases.length / MOST_DATABASES) }, (_, index) => ({
    ...place,
    databases: databases.slice(index * MOST_DATABASES, (index + 1) * MOST_DATABASES),
  }));
}

function inParts(pieces: readonly Piece[]): Piece[][] {
  return packed(pieces, ({ names }) => names, MOST_NAMES);
}

/** In order, as many together as fit; at least one list. */
function packed<T>(items: readonly T[], sizeOf: (item: T) => number, room: number): T[][] {
  const lists: T[][] = [[]];
  let left = room;
  for (const item of items) {
    const size = sizeOf(item);
    if (size > left && lists.at(-1)?.length !== 0) {
      lists.push([]);
      left = room;
    }
    lists.at(-1)?.push(item);
    left -= size;
  }
  return lists;
}
