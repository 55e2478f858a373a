/** Sorts a server's roles by whether their statements are shipped. */

import { setImmediate } from 'node:timers/promises';
import type { FilterConfig as Filter } from '../config/schema.js';
import { RoleGroups } from '../lib/role-groups.js';
import { type Memberships, memberRule, personRule, type UserKind, type UserRule, Users } from './users.js';

/** Roles that are sorted before other work gets its turn. */
const AT_ONCE = 256;

/** What the filter needs to know of a server's role. */
export interface KnownRole {
  readonly name: string;
  readonly canLogin: boolean;
  /** The groups that it was added to. */
  readonly memberOf: readonly string[];
}

/** A login role as the filter classifies it. */
export interface Sorted<Role extends KnownRole = KnownRole> {
  readonly role: Role;
  readonly kind: UserKind;
  /** Both lists match it. */
  readonly isInBoth: boolean;
}

/**
 * Every login role, classified by the filter's own code.
 *
 * @param wasPerson as in `Memberships`; without it, present memberships alone count
 */
export async function sortRoles<Role extends KnownRole>(
  roles: readonly Role[],
  filter: Filter,
  wasPerson: Memberships['wasPerson'] = () => false,
): Promise<Sorted<Role>[]> {
  const memberships = membershipsOf(roles, wasPerson);
  const rules = (written: Filter['personalUsers'], ofGroup: typeof memberRule): UserRule[] =>
    written.map(rule => ('memberOf' in rule ? ofGroup(rule.memberOf, memberships) : rule));
  const personalUsers = rules(filter.personalUsers, personRule);
  const serviceUsers = rules(filter.serviceUsers, memberRule);
  const users = new Users({ personalUsers, serviceUsers, memberships });
  const isIn = (rules: readonly UserRule[], name: string): boolean =>
    rules.some(rule => rule.test(name) === true);
  const sorted: Sorted<Role>[] = [];
  for (const [index, role] of roles.filter(({ canLogin }) => canLogin).entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await setImmediate();
    const { name } = role;
    const isInBoth = isIn(personalUsers, name) && isIn(serviceUsers, name);
    sorted.push({ role, kind: await users.kindOf(name, () => 0), isInBoth });
  }
  return sorted;
}

function membershipsOf(roles: readonly KnownRole[], wasPerson: Memberships['wasPerson']): Memberships {
  const names = new Set(roles.map(({ name }) => name));
  const groups = new RoleGroups(roles);
  return {
    loadedAt: 0,
    isCurrent: true,
    knows: user => names.has(user),
    isMember: (user, role) => (names.has(user) ? groups.isIn(user, role) : null),
    wasPerson,
    expire: () => undefined,
  };
}

/** The login roles whose statements are shipped. */
export function shippedRoles<Role extends KnownRole>(
  sorted: readonly Sorted<Role>[],
  { otherUsers }: Filter,
): Role[] {
  return sorted
    .filter(({ kind }) => kind === 'person' || (kind === 'other' && otherUsers === 'ship'))
    .map(({ role }) => role);
}
