/** Two entries for one role, id or e-mail at one time. Also runs in worker.ts: its imports end in `.ts`. */

import { folded, type Person } from '../person.ts';
import { keysOf } from './entry.ts';
import { entryAt, type Numbered, type PeopleTable, sharedHashes } from './table.ts';

/**
 * The numbers, from 1, of two entries that name different persons for one role, id or e-mail at the same time; `null` if
 * there are none.
 */
export function conflictIn(table: PeopleTable): [number, number] | null {
  for (const numbers of sharedHashes(table)) {
    const entries = numbers.map(number => entryAt(table, number));
    for (const key of new Set(entries.flatMap(keysOf))) {
      const two = twoAtOneTime(entries.filter(entry => keysOf(entry).includes(key)));
      if (two !== null) return two;
    }
  }
  return null;
}

function twoAtOneTime(group: readonly Numbered[]): [number, number] | null {
  let valid: Numbered[] = [];
  for (const next of group.toSorted((a, b) => a.validFrom - b.validFrom)) {
    valid = valid.filter(({ validTo }) => validTo > next.validFrom);
    const other = valid.find(one => !isSamePerson(one.person, next.person));
    if (other !== undefined && next.validFrom < next.validTo) return inOrder(other, next);
    valid.push(next);
  }
  return null;
}

function inOrder(a: Numbered, b: Numbered): [number, number] {
  return [Math.min(a.number, b.number) + 1, Math.max(a.number, b.number) + 1];
}

/** One person may have two addresses, and an id in either case. */
function isSamePerson(a: Person, b: Person): boolean {
  if (a.id === undefined && a.name === undefined && a.email !== b.email) return false;
  return folded(a.id ?? '') === folded(b.id ?? '') && a.name === b.name && a.unit === b.unit;
}
