/** Whose statements are shipped. */

/** `unknown`: it hangs on memberships that nobody can tell any more. */
export type UserKind = 'service' | 'personal' | 'other' | 'unknown';

/** Whether a login role is meant; `null` where that cannot be told. */
export interface UserRule {
  test(user: string): boolean | null;
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
  /** What is known may be out of date. */
  expire(): void;
}

/** `memberOf:ROLE`: members of a group role, through other roles too. */
export function memberRule(role: string, memberships: Memberships): UserRule {
  return { test: user => memberships.isMember(user, role) };
}

export interface UserRules {
  readonly serviceUsers: readonly UserRule[];
  readonly personalUsers: readonly UserRule[];
  /** Where a rule needs them. */
  readonly memberships: Memberships | null;
}

/** Role names are few; more than this at once is somebody playing. */
const MOST_CACHED = 10_000;

/** Tells a login role's kind. A role that fits both lists is a service user. */
export class Users {
  readonly #rules: UserRules;
  readonly #known = new Map<string, UserKind>();
  #loadedAt: number | null = null;

  constructor(rules: UserRules) {
    this.#rules = rules;
  }

  /** @param time when the role was seen, in milliseconds since the epoch; it counts only where memberships do */
  kindOf(user: string, time: () => number): UserKind | Promise<UserKind> {
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
  }

  #kindOf(user: string): UserKind {
    const loadedAt = this.#rules.memberships?.loadedAt ?? null;
    if (loadedAt !== this.#loadedAt || this.#known.size >= MOST_CACHED) this.#known.clear();
    this.#loadedAt = loadedAt;
    const known = this.#known.get(user);
    if (known !== undefined) return known;
    const kind = decide(user, this.#rules);
    this.#known.set(user, kind);
    return kind;
  }
}

function decide(user: string, { serviceUsers, personalUsers }: UserRules): UserKind {
  const isService = anyOf(serviceUsers, user);
  if (isService === true) return 'service';
  const isPersonal = anyOf(personalUsers, user);
  if (isPersonal === true) return 'personal';
  return isService === null || isPersonal === null ? 'unknown' : 'other';
}

/** As SQL's OR: true where one is, else `null` where one cannot be told. */
function anyOf(rules: readonly UserRule[], user: string): boolean | null {
  const answers = rules.map(rule => rule.test(user));
  if (answers.includes(true)) return true;
  return answers.includes(null) ? null : false;
}
