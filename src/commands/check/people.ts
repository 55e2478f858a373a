/** What `check` says of whose statements are shipped, and of who could see to it that they are not. */

import type { FilterConfig as Filter } from '../../config/schema.js';
import type { Role } from '../../database/look.js';
import type { Snapshot } from '../../database/snapshot.js';
import { type Sorted, shippedRoles } from '../../population/people.js';
import { OF_THE_SYSTEM, powersIn } from '../../population/powers.js';
import { identifier, some } from '../../sql/compose.js';
import { type Finding, failure, ok, warning } from './finding.js';

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
      `CREATE ROLE ${identifier(group)} NOLOGIN; or fix the rule`,
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

/** Persons who can turn auditing off, by themselves or after SET ROLE. */
function powerFindings(server: Snapshot, shipped: readonly Role[]): Finding[] {
  const powersOf = powersIn(server);
  const names = shipped.filter(role => powersOf(role).length > 0).map(({ name }) => identifier(name));
  if (names.length === 0) return [];
  return [
    warning(
      'superusers',
      `${some(names)} can turn auditing off: superuser, CREATEROLE before PostgreSQL 16, member of such a role, of ${OF_THE_SYSTEM.join(' or ')}, or allowed to set pgaudit.log`,
      'that they did is shipped as a config event, what they do meanwhile is not',
      `ALTER ROLE … NOSUPERUSER NOCREATEROLE; REVOKE … FROM …; a person's own role needs none of it`,
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
