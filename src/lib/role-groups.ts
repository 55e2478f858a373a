/** A role with the groups that it was added to. */
interface Member {
  readonly name: string;
  readonly memberOf: readonly string[];
}

/**
 * Who is in which group. Memberships are kept as they were granted, and who is in a group through others is found for
 * the groups in question only: a list for each role would be quadratic for groups that are nested deeply.
 */
export class RoleGroups {
  /** Those that were added to a group. */
  readonly #members = new Map<string, string[]>();
  readonly #within = new Map<string, ReadonlySet<string>>();

  constructor(roles: Iterable<Member>) {
    for (const { name, memberOf } of roles) {
      for (const group of memberOf) {
        const members = this.#members.get(group);
        if (members === undefined) this.#members.set(group, [name]);
        else members.push(name);
      }
    }
  }

  /** Those that were added to the group itself. */
  membersOf(group: string): readonly string[] {
    return this.#members.get(group) ?? [];
  }

  /** These roles, and all that are in them, directly or through other groups. */
  within(groups: Iterable<string>): Set<string> {
    const found = new Set(groups);
    // A set's iteration includes what is added meanwhile.
    for (const group of found) for (const member of this.membersOf(group)) found.add(member);
    return found;
  }

  /** Whether a role is in a group. The answer is kept for each group: these come from the configuration. */
  isIn(role: string, group: string): boolean {
    const within = this.#within.get(group) ?? this.within([group]);
    this.#within.set(group, within);
    return role !== group && within.has(role);
  }
}
