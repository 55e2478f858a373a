/** Login roles about whom a review has questions: nobody knows whose they are, or several persons use them. */

import { nameLike, type Person, type ReportedActor } from './event.js';
import { Heavy } from './heavy.js';

/** At most this many persons of one role are named. */
const MOST_PERSONS = 4;

interface Seen {
  readonly user: string;
  events: number;
  readonly first: number;
  last: number;
}

export interface NotResolved extends Seen {
  readonly status: string;
}

export interface Shared extends Seen {
  /** By key. */
  readonly persons: Map<string, Person>;
}

export class Roles {
  readonly notResolved = new Heavy<NotResolved>();
  readonly #used = new Heavy<Shared>();

  add({ user: written, status }: ReportedActor, person: Person, at: number): void {
    const user = nameLike(written);
    const seen = { user, events: 0, first: at, last: at };
    const used = this.#used.at(user, () => ({ ...seen, persons: new Map() }));
    count(used, at);
    if (status === 'resolved' || status === 'stale')
      if (used.persons.size < MOST_PERSONS) used.persons.set(person.key, person);
    if (status === 'resolved') return;
    const name = nameLike(status);
    count(
      this.notResolved.at(`${name} ${user}`, () => ({ ...seen, status: name })),
      at,
    );
  }

  /** Whom no directory knows: nothing is known, or only what the client says of itself. */
  get unknown(): NotResolved[] {
    return this.notResolved.sorted.filter(({ status }) => status !== 'stale');
  }

  /** Used by several known persons, the busiest first. */
  get shared(): Shared[] {
    return this.#used.sorted.filter(({ persons }) => persons.size > 1);
  }
}

function count(seen: Seen, at: number): void {
  seen.events += 1;
  seen.last = Math.max(seen.last, at);
}
