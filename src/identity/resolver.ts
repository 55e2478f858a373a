/** What every resolver answers, and how answers become an actor. */

import type { Actor } from '../event.js';

/** What can be known about a person. */
export interface Person {
  readonly id?: string;
  readonly name?: string;
  readonly email?: string;
  readonly unit?: string;
}

/** Who is asked for: the login role, when it acted, and what earlier resolvers found. */
export interface Question {
  readonly user: string;
  /** Event time in milliseconds since the epoch. */
  readonly time: number;
  readonly known: Person;
}

/** One way to tell the person behind a role. It answers `null` where it knows nothing, and never throws. */
export interface Resolver {
  readonly name: string;
  resolve(question: Question): Person | null;
}

/** Asks the resolvers in order: the first answer wins, later ones fill the fields that are empty. */
export function identify(user: string, time: number, resolvers: readonly Resolver[]): Actor {
  let known: Person = {};
  const resolvedBy = new Set<string>();
  for (const resolver of resolvers) {
    const answer = resolver.resolve({ user, time, known });
    if (answer === null) continue;
    known = { ...answer, ...known };
    resolvedBy.add(resolver.name);
  }
  const status = resolvedBy.size > 0 ? 'resolved' : 'unresolved';
  return { user, status, ...inOrder(known), resolvedBy: [...resolvedBy] };
}

/** The same fields, always in the same order, without empty ones. */
function inOrder({ id, name, email, unit }: Person): Person {
  return { ...(id && { id }), ...(name && { name }), ...(email && { email }), ...(unit && { unit }) };
}
