/** Who may turn auditing off, or forge the log. */

import type { Role, ServerLook } from '../look.js';

/** Predefined roles with access to the server's files or programs, and thereby to its configuration and its log. */
export const OF_THE_SYSTEM = ['pg_write_server_files', 'pg_execute_server_program'];

/** Up to PostgreSQL 15, CREATEROLE may grant every role except superusers, the predefined ones included. */
const CREATEROLE_IS_HARMLESS = 160_000;

/** One is enough. */
const MOST_POWERS = 5;

/** What allows a role to do so, directly or after SET ROLE; empty if it may not. */
export function powersIn({
  roles,
  version,
}: Pick<ServerLook, 'roles' | 'version'>): (role: Role) => string[] {
  const privileged = new Map<string, string>(OF_THE_SYSTEM.map(name => [name, name]));
  for (const role of roles) {
    const power = ownPower(role, version);
    if (power !== null) privileged.set(role.name, power);
  }
  return role => {
    const own = privileged.get(role.name);
    const through = [...role.memberOf].filter(name => privileged.has(name)).map(name => `member of ${name}`);
    return (own === undefined ? through : [own, ...through]).slice(0, MOST_POWERS);
  };
}

function ownPower({ isSuperuser, mayCreateRoles, maySetAudit }: Role, version: number): string | null {
  if (isSuperuser) return 'superuser';
  if (mayCreateRoles && version < CREATEROLE_IS_HARMLESS) return 'CREATEROLE before PostgreSQL 16';
  return maySetAudit ? 'may set pgaudit.log or log_min_messages' : null;
}
