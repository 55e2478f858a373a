/** Who may turn auditing off, or forge what the log says. */

import type { Role, ServerLook } from '../look.js';

/** Predefined roles that reach the server's files or programs, and with them its configuration and its log. */
export const OF_THE_SYSTEM = ['pg_write_server_files', 'pg_execute_server_program'];

/** Up to PostgreSQL 15 CREATEROLE may grant every role but superusers, those of the system included. */
const CREATEROLE_IS_HARMLESS = 160_000;

/** One is enough. */
const MOST_POWERS = 5;

/** By what a role may do so, itself or after SET ROLE; nothing where it may not. */
export function powersIn({
  roles,
  version,
}: Pick<ServerLook, 'roles' | 'version'>): (role: Role) => string[] {
  const mighty = new Map<string, string>(OF_THE_SYSTEM.map(name => [name, name]));
  for (const role of roles) {
    const power = ownPower(role, version);
    if (power !== null) mighty.set(role.name, power);
  }
  return role => {
    const own = mighty.get(role.name);
    const through = [...role.memberOf].filter(name => mighty.has(name)).map(name => `member of ${name}`);
    return (own === undefined ? through : [own, ...through]).slice(0, MOST_POWERS);
  };
}

function ownPower({ isSuperuser, mayCreateRoles, maySetAudit }: Role, version: number): string | null {
  if (isSuperuser) return 'superuser';
  if (mayCreateRoles && version < CREATEROLE_IS_HARMLESS) return 'CREATEROLE before PostgreSQL 16';
  return maySetAudit ? 'may set pgaudit.log or log_min_messages' : null;
}
