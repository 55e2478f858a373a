/** What `check` says about whose statements are shipped, and about who could prevent that. */

import type { FilterConfig as Filter } from '../../config/schema.js';
import type { Role } from '../../database/look.js';
import { OF_THE_SYSTEM, powersIn } from '../../database/population/powers.js';
import type { Snapshot } from '../../database/snapshot.js';
import { type Sorted, shippedRoles } from '../../decide/roles.js';
import { identifier, some } from '../../lib/sql/compose.js';
import { type Finding, failure, ok, warning } from './finding.js';

export function peopleFindings(server: Snapshot, sorted: readonly Sorted<Role>[], filter: Filter): Finding[] {
  const shipped = shippedRoles(sorted, filter);
  return [
    ...groupFindings(server, filter),
    shipped.length > 0
      ? ok('persons', `${shipped.length} login roles are shipped`)
      : warning(
          'persons',
          'no login role of the server is shipped',
          'if there are persons, the rules do not match them',
          'filter: {personalUsers: [...]}',
        ),
    ...bothFindings(sorted),
    ...otherFindings(server, sorted, filter),
    ...powerFindings(server, shipped),
    ...ownFindings(server),
  ];
}

function groupFindings({ roles }: Snapshot, { personalUsers, serviceUsers }: Filter): Finding[] {
  const names = new Set(roles.map(({ name }) => name));
  const groups = [...personalUsers, ...serviceUsers].flatMap(rule =>
    'memberOf' in rule ? [rule.memberOf] : [],
  );
  const missing = [...new Set(groups)].filter(group => !names.has(group));
  return missing.map(group =>
    failure(
      'filter',
      `memberOf:${group} names a role that the server does not have`,
      'it has no members',
      `CREATE ROLE ${identifier(group)} NOLOGIN; or fix the rule`,
    ),
  );
}

function bothFindings(sorted: readonly Sorted<Role>[]): Finding[] {
  const names = sorted.filter(({ isInBoth }) => isInBoth).map(({ role }) => identifier(role.name));
  if (names.length === 0) return [];
  return [
    warning(
      'filter',
      `${some(names)}: matched by both personalUsers and serviceUsers`,
      'if a configured name matches, it is a service, which is not shipped; if only memberships match, it is a person, who is shipped',
      'narrow filter.serviceUsers, with ^ and $; a person needs no membership of services',
    ),
  ];
}

/** The shipper's own role does nothing that has to be shipped. */
function otherFindings(
  { user }: Snapshot,
  sorted: readonly Sorted<Role>[],
  { otherUsers }: Filter,
): Finding[] {
  const others = sorted.filter(({ kind, role }) => kind === 'other' && role.name !== user);
  if (others.length === 0 || otherUsers === 'ship') return [];
  const names = others.map(({ role }) => identifier(role.name));
  return [
    warning(
      'filter',
      `${some(names)}: matched by no rule`,
      'what they change is not shipped',
      'name each in filter.personalUsers or filter.serviceUsers, or set filter: {otherUsers: ship}',
    ),
  ];
}

/** Persons who can turn auditing off, directly or after SET ROLE. */
function powerFindings(server: Snapshot, shipped: readonly Role[]): Finding[] {
  const powersOf = powersIn(server);
  const names = shipped.filter(role => powersOf(role).length > 0).map(({ name }) => identifier(name));
  if (names.length === 0) return [];
  return [
    warning(
      'superusers',
      `${some(names)} can turn auditing off: superuser, CREATEROLE before PostgreSQL 16, member of such a role, of ${OF_THE_SYSTEM.join(' or ')}, or allowed to set what is audited`,
      'turning it off is shipped as a config event, but what they do afterwards is not',
      `ALTER ROLE … NOSUPERUSER NOCREATEROLE; REVOKE … FROM …; a person's own role needs none of this`,
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
      'it needs no more than LOGIN',
      `CREATE ROLE shipper LOGIN; database: {url: "postgres://shipper@…"}`,
    ),
  ];
}
