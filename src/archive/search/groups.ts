/** Counts found events in groups. */

import type { Zone } from '../../lib/zone.js';
import { classOf, commandOf, objectsOf, personKeyOf, personOf, userOf } from './found-event.js';
import type { Found } from './search.js';

export const GROUP_KEYS = ['user', 'actor', 'object', 'command', 'class', 'database', 'day'] as const;
export type GroupKey = (typeof GROUP_KEYS)[number];

export interface Group {
  /** Of each period; there is one if none are compared. */
  readonly counts: readonly number[];
  /** By the keys, in their order; `null` if the events have no such value. */
  readonly values: readonly (string | null)[];
  /** If grouped by person: the person's name in the first event of the group. */
  readonly name: string | null;
}

/** How much more the last period has than the first. */
export function differenceOf({ counts }: Group): number {
  return (counts.at(-1) ?? 0) - (counts[0] ?? 0);
}

/**
 * An event with several objects counts in the group of each. Groups are kept in memory, events are not. Days are those
 * of the zone.
 */
export class Groups {
  readonly #keys: readonly GroupKey[];
  readonly #zone: Zone;
  readonly #periods: number;
  readonly #groups = new Map<string, { counts: number[]; values: (string | null)[]; name: string | null }>();

  constructor(keys: readonly GroupKey[], zone: Zone, periods = 1) {
    this.#keys = keys;
    this.#zone = zone;
    this.#periods = periods;
  }

  /** @param period which of the periods it belongs to */
  add(found: Found, period = 0): void {
    const values = this.#keys.map(key => this.#valuesOf(found, key));
    // Nearly every event has one value of each.
    if (values.every(some => some.length === 1))
      this.#count(
        values.map(([value = null]) => value),
        found,
        period,
      );
    else for (const row of combinations(values)) this.#count(row, found, period);
  }

  /** Groups with at least `having` events in a period, the largest first, or those that differ most. */
  atLeast(having: number): Group[] {
    const size = (group: Group): number =>
      this.#periods === 1 ? (group.counts[0] ?? 0) : Math.abs(differenceOf(group));
    const groups = [...this.#groups].filter(([, { counts }]) => counts.some(count => count >= having));
    return groups
      .sort(([a, one], [b, other]) => size(other) - size(one) || (a < b ? -1 : 1))
      .map(([, group]) => group);
  }

  #count(values: (string | null)[], { event }: Found, period: number): void {
    const key = JSON.stringify(values);
    let group = this.#groups.get(key);
    if (group === undefined) {
      const name = this.#keys.includes('actor') ? personOf(event) : null;
      group = { counts: Array.from({ length: this.#periods }, () => 0), values, name };
      this.#groups.set(key, group);
    }
    group.counts[period] = (group.counts[period] ?? 0) + 1;
  }

  /** One value, or one for each object. */
  #valuesOf({ event }: Found, key: GroupKey): readonly (string | null)[] {
    switch (key) {
      case 'user':
        return [userOf(event)];
      case 'actor':
        return [personKeyOf(event)];
      case 'object':
        return objectsOrNull(event);
      case 'command':
        return [commandOf(event)];
      case 'class':
        return [classOf(event)];
      case 'database':
        return [event.database ?? null];
      case 'day':
        return [this.#zone.at(Date.parse(event.time)).day];
    }
  }
}

function combinations(values: readonly (readonly (string | null)[])[]): (string | null)[][] {
  return values.reduce<(string | null)[][]>(
    (rows, some) => rows.flatMap(row => some.map(value => [...row, value])),
    [[]],
  );
}

function objectsOrNull(event: Found['event']): readonly (string | null)[] {
  const objects = objectsOf(event);
  return objects.length > 0 ? objects : [null];
}
