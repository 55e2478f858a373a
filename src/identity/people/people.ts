/** Looks people up in a table. */

import { folded, type Person } from '../person.js';
import { cutKeyOf, keysOf } from './entry.js';
import { entryAt, isValidAt, type Numbered, numbersOf, type PeopleTable } from './table.js';

export class People {
  #table: PeopleTable | null;

  /** @param table `null` has nobody */
  constructor(table: PeopleTable | null) {
    this.#table = table;
  }

  /** Number of entries. */
  get count(): number {
    return this.#table?.ends.length ?? 0;
  }

  /** Gives the memory back at once, which nothing else would ask for while the daemon is idle; then it has nobody. */
  release(): void {
    const table = this.#table;
    this.#table = null;
    if (table !== null) for (const { buffer } of Object.values(table)) buffer.transfer(0);
  }

  /**
   * The person with this key (of entry.ts) at a time in milliseconds since the epoch. An e-mail that is too long for a
   * role name is also found by the part that PostgreSQL keeps, unless two people share that part.
   */
  find(key: string, time: number): Person | null {
    const table = this.#table;
    if (table === null) return null;
    const numbers = numbersOf(table, key);
    const valid = numbers.filter(number => isValidAt(table, number, time));
    const entries = valid.map(number => entryAt(table, number)).filter(entry => keysOf(entry).includes(key));
    return (
      latestOf(entries) ??
      latestOf(byCutEmail(table, numbers, key).filter(({ number }) => valid.includes(number)))
    );
  }
}

/** Those whose e-mail is longer than the key, if they are one person, and nobody has it as a whole, at any time. */
function byCutEmail(table: PeopleTable, numbers: readonly number[], key: string): Numbered[] {
  if (!key.startsWith('email ')) return [];
  const entries = numbers.map(number => entryAt(table, number));
  if (entries.some(entry => keysOf(entry).includes(key))) return [];
  const sharing = entries.filter(entry => cutKeyOf(entry) === key);
  return areOnePerson(sharing) ? sharing : [];
}

/** Several entries may describe one person, each for its time. */
function areOnePerson(entries: readonly Numbered[]): boolean {
  const emails = new Set(entries.map(({ person }) => person.email && folded(person.email)));
  const ids = new Set(entries.map(({ person }) => person.id?.toLowerCase()));
  return emails.size === 1 || (ids.size === 1 && !ids.has(undefined));
}

function latestOf(entries: readonly Numbered[]): Person | null {
  const latest = entries.reduce<Numbered | null>(
    (best, one) => (best && best.validFrom >= one.validFrom ? best : one),
    null,
  );
  return latest?.person ?? null;
}
