/** What every resolver answers, and how answers become an actor. */

import type { Actor, ActorStatus, Authentication } from '../event.js';

/** What can be known about a person. */
export interface Person {
  readonly id?: string;
  readonly name?: string;
  readonly email?: string;
  readonly unit?: string;
}

/** Whose statement it is: what the log tells about who asked for it. */
export interface Asker {
  /** The login role. */
  readonly user: string;
  /** Event time in milliseconds since the epoch. */
  readonly time: number;
  /** How the session was authenticated, where that is known. */
  readonly authentication: Authentication | null;
  /** What the client itself wrote: the statement's leading comment and the application's name. */
  readonly claims: readonly string[];
}

/** Who is asked for, and what earlier resolvers found. */
export interface Question extends Asker {
  readonly known: Person;
}

export interface Answer {
  readonly person: Person;
  /** From a cache that has expired, while the source is down. */
  readonly isStale?: boolean;
}

export const RESOLVER_NAMES = [
  'pattern',
  'directory',
  'authentication',
  'database',
  'http',
  'comment',
] as const;
export type ResolverName = (typeof RESOLVER_NAMES)[number];

/**
 * One way to tell the person behind a role. It answers `null` where it knows nothing, and never throws. A promise
 * settles within two seconds, whatever the source does: the log waits for it.
 */
export interface Resolver {
  readonly name: ResolverName;
  resolve(question: Question): Answer | null | Promise<Answer | null>;
}

/**
 * Asks the resolvers in order: the first answer wins, later ones fill the fields that are empty. What a client wrote
 * (`comment`) counts only where nothing else is known, and marks all that follows from it.
 */
export async function identify(asker: Asker, resolvers: readonly Resolver[]): Promise<Actor> {
  let known: Person = {};
  let isClaimed = false;
  let isStale = false;
  const resolvedBy = new Set<string>();
  for (const resolver of resolvers) {
    if (resolver.name === 'comment' && resolvedBy.size > 0) continue;
    const asked = resolver.resolve({ ...asker, known });
    const answer = asked instanceof Promise ? await asked : asked;
    if (answer === null) continue;
    known = { ...answer.person, ...known };
    isStale ||= answer.isStale === true;
    isClaimed ||= resolver.name === 'comment';
    resolvedBy.add(resolver.name);
  }
  const status = statusOf(resolvedBy.size > 0, isClaimed, isStale);
  return { user: asker.user, status, ...inOrder(known), resolvedBy: [...resolvedBy] };
}

function statusOf(isKnown: boolean, isClaimed: boolean, isStale: boolean): ActorStatus {
  if (!isKnown) return 'unresolved';
  if (isClaimed) return 'claimed';
  return isStale ? 'stale' : 'resolved';
}

/** The same fields, always in the same order, without empty ones. */
function inOrder({ id, name, email, unit }: Person): Person {
  return { ...(id && { id }), ...(name && { name }), ...(email && { email }), ...(unit && { unit }) };
}
