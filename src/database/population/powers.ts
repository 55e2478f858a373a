/** Who may turn auditing off, or forge the log. */

import { RoleGroups } from '../../lib/role-groups.js';
import type { Role, ServerLook } from '../look.js';
import { withinReach } from '../roles.js';

/** Predefined roles with access to the server's files or programs, and thereby to its configuration and its log. */
export const OF_THE_SYSTEM = ['pg_write_server_files', 'pg_execute_server_program'];

/** Up to PostgreSQL 15, CREATEROLE may grant every role except superusers, the predefined ones included. */
const CREATEROLE_IS_HARMLESS = 160_000;

/** One is enough. */
const MOST_POWERS = 5;

/** What allows a role to do so, directly, after SET ROLE, or after a GRANT to itself; empty if it may not. */
export function powersIn({
  roles,
  version,
}: Pick<ServerLook, 'roles' | 'version'>): (role: Role) => string[] {
  const privileged = new Map<string, string>(OF_THE_SYSTEM.map(name => [name, name]));
  for (const role of roles) {
    const power = ownPower(role, version);
    if (power !== null) privileged.set(role.name, power);
  }
  const through = reached(privileged.keys(), new RoleGroups(withinReach(roles)));
  return ({ name }) => {
    const own = privileged.get(name);
    const groups = (through.get(name) ?? []).map(group => `member of ${group}`);
    return (own === undefined ? groups : [own, ...groups]).slice(0, MOST_POWERS);
  };
}

/**
 * For each role the first of these groups that it is in. A role that has enough of them is not visited again, and
 * neither are its members, which have the same ones: the time is linear.
 */
function reached(names: Iterable<string>, groups: RoleGroups): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const name of [...names].sort()) {
    const visited = new Set([name]);
    for (const group of visited) {
      for (const member of groups.membersOf(group)) {
        const of = found.get(member) ?? [];
        if (visited.has(member) || of.length >= MOST_POWERS) continue;
        visited.add(member);
        found.set(member, [...of, name]);
      }
    }
  }
  return found;
}

function ownPower({ isSuperuser, mayCreateRoles, maySetAudit }: Role, version: number): string | null {
  if (isSuperuser) return 'superuser';
  if (mayCreateRoles && version < CREATEROLE_IS_HARMLESS) return 'CREATEROLE before PostgreSQL 16';
  return maySetAudit ? 'may set what is audited, or what reaches the log' : null;
}
