/** Counts found events in groups. */

import { objectsOf, personKeyOf, personOf, userOf } from './found-event.js';
import type { Found } from './search.js';

export const GROUP_KEYS = ['user', 'actor', 'object', 'command', 'class', 'database', 'day'] as const;
export type GroupKey = (typeof GROUP_KEYS)[number];

export interface Group {
  readonly count: number;
  /** By the keys, in their order; `null` if the events have no such value. */
  readonly values: readonly (string | null)[];
  /** If grouped by person: the person's name in the first event of the group. */
  readonly name: string | null;
}

/** An event with several objects counts in the group of each. Groups are kept in memory, events are not. */
export class Groups {
  readonly #keys: readonly GroupKey[];
  readonly #groups = new Map<string, { count: number; values: (string | null)[]; name: string | null }>();

  constructor(keys: readonly GroupKey[]) {
    this.#keys = keys;
  }

  add(found: Found): void {
    const values = this.#keys.map(key => valuesOf(found, key));
    // Nearly every event has one value of each.
    if (values.every(some => some.length === 1))
      this.#count(
        values.map(([value = null]) => value),
        found,
      );
    else for (const row of combinations(values)) this.#count(row, found);
  }

  /** Groups with at least `having` events, the largest first. */
  atLeast(having: number): Group[] {
    const groups = [...this.#groups].filter(([, { count }]) => count >= having);
    return groups
      .sort(([a, one], [b, other]) => other.count - one.count || (a < b ? -1 : 1))
      .map(([, group]) => group);
  }

  #count(values: (string | null)[], { event }: Found): void {
    const key = JSON.stringify(values);
    const group = this.#groups.get(key);
    if (group !== undefined) {
      group.count += 1;
      return;
    }
    const name = this.#keys.includes('actor') ? personOf(event) : null;
    this.#groups.set(key, { count: 1, values, name });
  }
}

function combinations(values: readonly (readonly (string | null)[])[]): (string | null)[][] {
  return values.reduce<(string | null)[][]>(
    (rows, some) => rows.flatMap(row => some.map(value => [...row, value])),
    [[]],
  );
}

/** One value, or one for each object. */
function valuesOf(found: Found, key: GroupKey): readonly (string | null)[] {
  const { event } = found;
  switch (key) {
    case 'user':
      return [userOf(event)];
    case 'actor':
      return [personKeyOf(event)];
    case 'object':
      return objectsOrNull(event);
    case 'command':
      return [event.audit?.command ?? null];
    case 'class':
      return [event.audit?.class ?? null];
    case 'database':
      return [event.database ?? null];
    case 'day':
      return [event.time.slice(0, 10)];
  }
}

function objectsOrNull(event: Found['event']): readonly (string | null)[] {
  const objects = objectsOf(event);
  return objects.length > 0 ? objects : [null];
}
