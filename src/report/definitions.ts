/** DDL by person and command: what was done four hundred times is one line. */

import { objectsOf, type Person } from './event.js';
import { Heavy } from './heavy.js';
import { type Listed, listed, type Said } from './listed.js';

/** Characters of the example. */
const LONGEST = 2000;
const MOST_GROUPS = 1000;
/** At most this many objects of a group are named. */
const MOST_OBJECTS = 3;

export interface Definition {
  readonly person: Person;
  readonly command: string;
  events: number;
  first: number;
  last: number;
  readonly objects: Set<string>;
  /** The one with the smallest hash: nobody chose it. */
  example: Listed;
  hash: string;
}

export class Definitions {
  readonly #groups = new Heavy<Definition>(MOST_GROUPS);
  total = 0;

  add(said: Said, hash: string): void {
    this.total += 1;
    const { person, at, audit } = said;
    const key = `${audit.command} ${person.key}`;
    const one = this.#groups.at(key, () => newGroup(said, hash));
    one.events += 1;
    one.first = Math.min(one.first, at);
    one.last = Math.max(one.last, at);
    if (hash < one.hash) {
      one.hash = hash;
      one.example = listed(said, LONGEST);
    }
    for (const object of objectsOf(audit)) if (one.objects.size < MOST_OBJECTS) one.objects.add(object);
  }

  /** What destroys comes first, then what changes, then what is new; of each the most frequent first. */
  get sorted(): Definition[] {
    return this.#groups.sorted.toSorted((a, b) => rank(b) - rank(a) || b.events - a.events);
  }

  get groups(): Heavy<Definition> {
    return this.#groups;
  }
}

function newGroup(said: Said, hash: string): Definition {
  const example = listed(said, LONGEST);
  const { person, at } = said;
  const { command } = example.audit;
  return {
    person,
    command,
    events: 0,
    first: at,
    last: at,
    objects: new Set(),
    example,
    hash,
  };
}

function rank({ command }: Definition): number {
  return /^DROP\b/.test(command) ? 2 : /^ALTER\b/.test(command) ? 1 : 0;
}
