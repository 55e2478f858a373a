/** Finds the kind of a login role, which decides whether its statements are shipped. */

import { lruOf } from '../lib/lru.js';

/**
 * `nobody`: the record has no user, as with autovacuum and other server processes. `unknown`: memberships decide, and
 * they are no longer known.
 */
export type UserKind = 'service' | 'person' | 'other' | 'nobody' | 'unknown';

/** Whether the rule matches a login role; `null` if that is not known. */
export interface UserRule {
  test(user: string): boolean | null;
  /** The rule tests memberships, which the role itself may be able to change; configured names decide before it. */
  readonly isGroup?: true;
}

/** Memberships in group roles, from the database's catalogs. */
export interface Memberships {
  /** Changes whenever an answer may change. */
  readonly loadedAt: number | null;
  /** Whether nothing waits to be read: answers about a role that is known stay as they are until `loadedAt` changes. */
  readonly isCurrent: boolean;
  /**
   * Whether the role is known. Reads the catalogs again if that may help; settles within two seconds.
   *
   * @param time when the role was seen, in milliseconds since the epoch
   */
  knows(user: string, time: number): boolean | Promise<boolean>;
  /** `null` if the role is not known. */
  isMember(user: string, role: string): boolean | null;
  /** Whether a look within the last 30 days showed the role in a group of persons. */
  wasPerson(user: string): boolean;
  /** Marks what is known as out of date. */
  expire(): void;
}

/** `memberOf:ROLE`: members of a group role, directly or through other roles. */
export function memberRule(role: string, memberships: Memberships): UserRule {
  return { isGroup: true, test: user => memberships.isMember(user, role) };
}

/**
 * As `memberRule`, for persons: who was seen as a person stays one for a while. Otherwise anybody who may change
 * memberships, also his own, could leave the group for a moment, and what he did meanwhile would not be shipped.
 */
export function personRule(role: string, memberships: Memberships): UserRule {
  return {
    isGroup: true,
    test: user => (memberships.wasPerson(user) ? true : memberships.isMember(user, role)),
  };
}

export interface UserRules {
  readonly serviceUsers: readonly UserRule[];
  readonly personalUsers: readonly UserRule[];
  /** `null` if no rule needs them. */
  readonly memberships: Memberships | null;
  /** Called if roles, memberships or settings of roles may have changed. */
  readonly onChange?: () => void;
}

/** There are few role names; more than this come from somebody who makes them up. */
const MOST_CACHED = 10_000;

/**
 * Finds a login role's kind. Configured names decide first, of services before persons; then memberships, in groups of
 * persons before those of services.
 */
export class Users {
  readonly #rules: UserRules;
  readonly #known = lruOf<UserKind>(MOST_CACHED);
  #loadedAt: number | null = null;

  constructor(rules: UserRules) {
    this.#rules = rules;
  }

  /** @param time when the role was seen, in milliseconds since the epoch; used only if memberships decide */
  kindOf(user: string, time: () => number): UserKind | Promise<UserKind> {
    if (user === '') return 'nobody';
    const { memberships } = this.#rules;
    if (memberships === null) return this.#kindOf(user);
    const known = memberships.knows(user, time());
    return known instanceof Promise ? known.then(() => this.#kindOf(user)) : this.#kindOf(user);
  }

  /** Another value whenever kinds may be others; `null` while each record has to be asked for. */
  get version(): number | null {
    const { memberships } = this.#rules;
    if (memberships === null) return 0;
    return memberships.isCurrent ? memberships.loadedAt : null;
  }

  /** Call if roles or memberships may have changed. */
  expire(): void {
    this.#rules.memberships?.expire();
    this.#rules.onChange?.();
  }

  #kindOf(user: string): UserKind {
    const loadedAt = this.#rules.memberships?.loadedAt ?? null;
    if (loadedAt !== this.#loadedAt) this.#known.clear();
    this.#loadedAt = loadedAt;
    const known = this.#known.get(user);
    if (known !== undefined) return known;
    const kind = decide(user, this.#rules);
    this.#known.set(user, kind);
    return kind;
  }
}

function decide(user: string, { serviceUsers, personalUsers }: UserRules): UserKind {
  if (anyOf(names(serviceUsers), user)) return 'service';
  if (anyOf(names(personalUsers), user)) return 'person';
  const isPerson = anyOf(groups(personalUsers), user);
  if (isPerson === true) return 'person';
  const isService = anyOf(groups(serviceUsers), user);
  if (isService === null || isPerson === null) return 'unknown';
  return isService ? 'service' : 'other';
}

function names(rules: readonly UserRule[]): readonly UserRule[] {
  return rules.filter(({ isGroup }) => !isGroup);
}

function groups(rules: readonly UserRule[]): readonly UserRule[] {
  return rules.filter(({ isGroup }) => isGroup);
}

/** Like SQL's OR: true if one is true, else `null` if one is `null`. */
function anyOf(rules: readonly UserRule[], user: string): boolean | null {
  const answers = rules.map(rule => rule.test(user));
  if (answers.includes(true)) return true;
  return answers.includes(null) ? null : false;
}
