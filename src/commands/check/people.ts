/** Whose statements are shipped, and who could see to it that they are not. */

import type { FilterConfig as Filter } from '../../config/schema.js';
import type { Role, Snapshot } from '../../database/snapshot.js';
import { type Memberships, memberRule, type UserKind, type UserRule, Users } from '../../filter/users.js';
import { type Finding, failure, ok, warning } from './finding.js';
import { identifier, some } from './sql.js';

/** A login role as the filter sees it. */
export interface Sorted {
  readonly role: Role;
  readonly kind: UserKind;
  /** Both lists know it. */
  readonly isInBoth: boolean;
}

/** Every login role, told apart by the filter's own code. */
export async function sortRoles(roles: readonly Role[], filter: Filter): Promise<Sorted[]> {
  const memberships = membershipsOf(roles);
  const toRule = (rule: Filter['personalUsers'][number]): UserRule =>
    'memberOf' in rule ? memberRule(rule.memberOf, memberships) : rule;
  const [personalUsers, serviceUsers] = [filter.personalUsers.map(toRule), filter.serviceUsers.map(toRule)];
  const users = new Users({ personalUsers, serviceUsers, memberships });
  const isIn = (rules: readonly UserRule[], name: string): boolean =>
    rules.some(rule => rule.test(name) === true);
  const sorted: Sorted[] = [];
  for (const role of roles.filter(({ canLogin }) => canLogin)) {
    const { name } = role;
    const isInBoth = isIn(personalUsers, name) && isIn(serviceUsers, name);
    sorted.push({ role, kind: await users.kindOf(name, () => 0), isInBoth });
  }
  return sorted;
}

function membershipsOf(roles: readonly Role[]): Memberships {
  const groups = new Map(roles.map(role => [role.name, role.memberOf]));
  return {
    loadedAt: 0,
    knows: user => groups.has(user),
    isMember: (user, role) => groups.get(user)?.has(role) ?? null,
    wasPerson: () => false,
    expire: () => undefined,
  };
}

/** The login roles whose statements are shipped. */
export function shippedRoles(sorted: readonly Sorted[], { otherUsers }: Filter): Role[] {
  return sorted
    .filter(({ kind }) => kind === 'person' || (kind === 'other' && otherUsers === 'ship'))
    .map(({ role }) => role);
}

export function peopleFindings(server: Snapshot, sorted: readonly Sorted[], filter: Filter): Finding[] {
  const shipped = shippedRoles(sorted, filter);
  return [
    ...groupFindings(server, filter),
    shipped.length > 0
      ? ok('persons', `${shipped.length} login roles are shipped`)
      : warning(
          'persons',
          'no login role of the server is shipped',
          'where there are persons, the rules do not know them',
          'filter: {personalUsers: [...]}',
        ),
    ...bothFindings(sorted),
    ...otherFindings(server, sorted, filter),
    ...powerFindings(server, shipped),
    ...ownFindings(server),
  ];
}

function groupFindings({ roles }: Snapshot, { personalUsers, serviceUsers }: Filter): Finding[] {
  const known = new Set(roles.map(({ name }) => name));
  const groups = [...personalUsers, ...serviceUsers].flatMap(rule =>
    'memberOf' in rule ? [rule.memberOf] : [],
  );
  const missing = [...new Set(groups)].filter(group => !known.has(group));
  return missing.map(group =>
    failure(
      'filter',
      `memberOf:${group} names a role that the server does not have`,
      'nobody is its member',
      `CREATE ROLE ${identifier(group)} NOLOGIN; or mend the rule`,
    ),
  );
}

function bothFindings(sorted: readonly Sorted[]): Finding[] {
  const names = sorted.filter(({ isInBoth }) => isInBoth).map(({ role }) => identifier(role.name));
  if (names.length === 0) return [];
  return [
    warning(
      'filter',
      `${some(names)}: both personalUsers and serviceUsers know this`,
      'a configured name makes it a service, which is not shipped; memberships alone make it a person, who is',
      'narrow filter.serviceUsers, with ^ and $; a person needs no membership of services',
    ),
  ];
}

/** The shipper's own role does nothing that would have to be shipped. */
function otherFindings({ user }: Snapshot, sorted: readonly Sorted[], { otherUsers }: Filter): Finding[] {
  const others = sorted.filter(({ kind, role }) => kind === 'other' && role.name !== user);
  if (others.length === 0 || otherUsers === 'ship') return [];
  const names = others.map(({ role }) => identifier(role.name));
  return [
    warning(
      'filter',
      `${some(names)}: no rule knows this`,
      'what they change is not shipped',
      'name each in filter.personalUsers or filter.serviceUsers, or set filter: {otherUsers: ship}',
    ),
  ];
}

/** Predefined roles that reach the server's files or programs, and with them its configuration and its log. */
const OF_THE_SYSTEM = ['pg_write_server_files', 'pg_execute_server_program'];

/** Persons who can turn auditing off, by themselves or after SET ROLE. */
function powerFindings({ roles }: Snapshot, shipped: readonly Role[]): Finding[] {
  const superusers = new Set(roles.filter(({ isSuperuser }) => isSuperuser).map(({ name }) => name));
  const isMighty = ({ isSuperuser, maySetAudit, memberOf }: Role): boolean =>
    isSuperuser || maySetAudit || [...superusers, ...OF_THE_SYSTEM].some(name => memberOf.has(name));
  const names = shipped.filter(isMighty).map(({ name }) => identifier(name));
  if (names.length === 0) return [];
  return [
    warning(
      'superusers',
      `${some(names)} can turn auditing off: superuser, member of one, of ${OF_THE_SYSTEM.join(' or ')}, or allowed to set pgaudit.log`,
      'that they did is shipped as a config event, what they do meanwhile is not',
      `ALTER ROLE … NOSUPERUSER; REVOKE … FROM …; a person's own role needs none of it`,
    ),
  ];
}

function ownFindings({ user, isSuperuser }: Snapshot): Finding[] {
  if (!isSuperuser) return [];
  const role = identifier(user);
  return [
    warning(
      'database',
      `the shipper connects as superuser ${role}`,
      'it needs no right but LOGIN',
      `CREATE ROLE shipper LOGIN; database: {url: "postgres://shipper@…"}`,
    ),
  ];
}
