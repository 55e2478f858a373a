/** Whose statements are shipped. */

import { LRUCache } from 'lru-cache';

/**
 * `nobody`: the record has no user, as those of autovacuum and other processes of the server; `unknown`: memberships
 * decide, and nobody can tell them any more.
 */
export type UserKind = 'service' | 'person' | 'other' | 'nobody' | 'unknown';

/** Whether a login role is meant; `null` where that cannot be told. */
export interface UserRule {
  test(user: string): boolean | null;
  /** It asks for memberships, which the role itself may be able to change; a configured name decides before them. */
  readonly isGroup?: true;
}

/** Group roles, as the database's catalogs tell them. */
export interface Memberships {
  /** Another value wherever an answer may be another one. */
  readonly loadedAt: number | null;
  /**
   * Whether the role is known, after another look at the catalogs where that may help; it settles within two seconds.
   *
   * @param time when the role was seen, in milliseconds since the epoch
   */
  knows(user: string, time: number): boolean | Promise<boolean>;
  /** `null` where the role is not known. */
  isMember(user: string, role: string): boolean | null;
  /** Whether a look of the last 30 days showed the role in a group of persons. */
  wasPerson(user: string): boolean;
  /** What is known may be out of date. */
  expire(): void;
}

/** `memberOf:ROLE`: members of a group role, through other roles too. */
export function memberRule(role: string, memberships: Memberships): UserRule {
  return { isGroup: true, test: user => memberships.isMember(user, role) };
}

/**
 * The same for persons: who was seen as one stays one for a while. Else whoever may change memberships, his own
 * included, would leave the group for a moment, and what he does meanwhile would not be shipped.
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
  /** Where a rule needs them. */
  readonly memberships: Memberships | null;
  /** Called where roles, memberships or settings of roles may have changed. */
  readonly onChange?: () => void;
}

/** Role names are few; more than this at once is somebody playing. */
const MOST_CACHED = 10_000;

/**
 * Tells a login role's kind: by a configured name first, of a service before that of a person; then by membership, in a
 * group of persons before one of services.
 */
export class Users {
  readonly #rules: UserRules;
  readonly #known = new LRUCache<string, UserKind>({ max: MOST_CACHED });
  #loadedAt: number | null = null;

  constructor(rules: UserRules) {
    this.#rules = rules;
  }

  /** @param time when the role was seen, in milliseconds since the epoch; it counts only where memberships do */
  kindOf(user: string, time: () => number): UserKind | Promise<UserKind> {
    if (user === '') return 'nobody';
    const { memberships } = this.#rules;
    if (memberships === null) return this.#kindOf(user);
    const known = memberships.knows(user, time());
    return known instanceof Promise ? known.then(() => this.#kindOf(user)) : this.#kindOf(user);
  }

  /** Whether a user's kind is always the same. */
  get areConstant(): boolean {
    return this.#rules.memberships === null;
  }

  /** Roles or memberships may have changed. */
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

/** As SQL's OR: true where one is, else `null` where one cannot be told. */
function anyOf(rules: readonly UserRule[], user: string): boolean | null {
  const answers = rules.map(rule => rule.test(user));
  if (answers.includes(true)) return true;
  return answers.includes(null) ? null : false;
}
