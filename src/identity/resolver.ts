/**
 * What every resolver answers, and how answers become an actor.
 *
 * A file for each resolver. They never drop an event and never wait longer than two seconds (I7). Imports `event/`, `lib/`, and
 * types of the stages before it.
 */

import type { ActorStatus } from '../event/names.js';
import type { Actor, Authentication } from '../event/session.js';
import { andThen } from '../lib/settled.js';
import { isOnlyRole, isOtherPerson, type Person } from './person.js';

/** Whose statement it is, as far as the log says. */
export interface Asker {
  /** The login role. */
  readonly user: string;
  /** Event time in milliseconds since the epoch. */
  readonly time: number;
  /** How the session was authenticated, if known. */
  readonly authentication: Authentication | null;
  /** What the client itself wrote: the statement's comments and the application's name. Most resolvers do not ask. */
  readonly claims: () => readonly string[];
}

/** Who is to be identified, and what earlier resolvers found. */
export interface Question extends Asker {
  readonly known: Person;
}

export interface Answer {
  readonly person: Person;
  /** From an expired cache entry, while the source is down. */
  readonly isStale?: boolean;
  /** The person to be identified may have written it. */
  readonly isClaimed?: boolean;
}

const RESOLVER_NAMES = ['pattern', 'directory', 'authentication', 'database', 'http', 'comment'] as const;
export type ResolverName = (typeof RESOLVER_NAMES)[number];

/**
 * One way to find the person behind a role. Answers `null` if it knows nothing, and never throws. A promise settles
 * within two seconds, whatever the source does: reading the log waits for it.
 */
export interface Resolver {
  readonly name: ResolverName;
  resolve(question: Question): Answer | null | Promise<Answer | null>;
}

/** Says whose statement it is. */
export type Identify = (asker: Asker) => Actor | Promise<Actor>;

/**
 * Asks the resolvers in order: the first answer wins, later ones fill empty fields, unless they are about somebody else.
 * What a client wrote (`comment`) counts only if nothing else is known, wherever it is in the order, and marks
 * everything that follows from it.
 */
export function identifyBy(resolvers: readonly Resolver[]): Identify {
  const certain = resolvers.filter(resolver => !isOfClaims(resolver));
  const firstClaim = resolvers.findIndex(isOfClaims);
  const fromClaim = firstClaim === -1 ? [] : resolvers.slice(firstClaim);
  return asker => {
    // A process of the server: its record does not say who caused it.
    if (asker.user === '') return toActor(asker.user, NOTHING);
    const found = andThen(askAll(asker, certain), findings =>
      findings.resolvedBy.length > 0 || firstClaim === -1 ? findings : askAll(asker, fromClaim),
    );
    return andThen(found, findings => toActor(asker.user, findings));
  };
}

function isOfClaims({ name }: Resolver): boolean {
  return name === 'comment';
}

function askAll(asker: Asker, resolvers: readonly Resolver[]): Findings | Promise<Findings> {
  return resolvers.reduce<Findings | Promise<Findings>>(
    (earlier, resolver) => andThen(earlier, before => ask(resolver, asker, before)),
    NOTHING,
  );
}

interface Findings {
  readonly person: Person;
  readonly resolvedBy: readonly ResolverName[];
  readonly isClaimed: boolean;
  readonly isStale: boolean;
}

const NOTHING: Findings = { person: {}, resolvedBy: [], isClaimed: false, isStale: false };

function ask(resolver: Resolver, asker: Asker, before: Findings): Findings | Promise<Findings> {
  if (isOfClaims(resolver) && before.resolvedBy.length > 0) return before;
  return andThen(resolver.resolve({ ...asker, known: before.person }), answer =>
    answer === null || isOfOther(resolver.name, asker, before.person, answer.person)
      ? before
      : withAnswer(before, answer, resolver.name),
  );
}

/**
 * Whether an answer is about somebody else: a role that several persons use has one comment. What a look-up service says is
 * about whom it was asked for, also under another address; so is what is said of a role, if only its name is known.
 */
function isOfOther(by: ResolverName, { user }: Asker, known: Person, person: Person): boolean {
  if (by === 'http' || !isOtherPerson(known, person)) return false;
  return by === 'authentication' || !isOnlyRole(known, user);
}

/** A claim that adds nothing changes nothing: a person known otherwise does not depend on a claim. */
function withAnswer(before: Findings, answer: Answer, by: ResolverName): Findings {
  const { person, isStale = false, isClaimed = by === 'comment' } = answer;
  const isNews = Object.keys({ ...person, ...before.person }).length > Object.keys(before.person).length;
  if (isClaimed && !isNews && before.resolvedBy.length > 0) return before;
  return {
    person: { ...person, ...before.person },
    resolvedBy: before.resolvedBy.includes(by) ? before.resolvedBy : [...before.resolvedBy, by],
    isClaimed: before.isClaimed || isClaimed,
    isStale: before.isStale || isStale,
  };
}

function toActor(user: string, { person, resolvedBy, isClaimed, isStale }: Findings): Actor {
  const status = statusOf(resolvedBy.length > 0, isClaimed, isStale);
  return { user, status, ...inOrder(person), resolvedBy };
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
