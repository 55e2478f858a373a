/** The query for a server's roles. Every role may run it: LOGIN is enough. */

import { z } from 'zod';

/**
 * Every role, including those that may not log in (any more): the log may be from yesterday. The groups are those that
 * it was added to; who is in them through others is worked out by RoleGroups, which takes no time of the server. Since
 * PostgreSQL 16, a membership may allow neither using nor taking on the group's rights, such as that of the group's
 * creator: it does not count. The columns that say so are read by name, since older versions lack them. `inherited` are
 * groups whose rights, such as that to connect, count without SET ROLE; `grantable` those that it may add members to.
 */
export const ROLES = `
  SELECT r.rolname::text AS "name", c.description AS "comment", r.rolcanlogin AS "canLogin",
         r.rolsuper AS "isSuperuser", r.rolcreaterole AS "mayCreateRoles",
         coalesce(g.names, '{}') AS "memberOf", coalesce(g.inherited, '{}') AS "inherited",
         coalesce(g.grantable, '{}') AS "grantable"
    FROM pg_catalog.pg_roles r
         LEFT JOIN pg_catalog.pg_shdescription c
           ON c.objoid = r.oid AND c.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass
         LEFT JOIN (
           SELECT m.member,
                  array_agg(DISTINCT g.rolname::text ORDER BY g.rolname::text)
                    FILTER (WHERE coalesce(options ->> 'inherit_option', 'true') = 'true'
                               OR coalesce(options ->> 'set_option', 'true') = 'true') AS names,
                  array_agg(DISTINCT g.rolname::text)
                    FILTER (WHERE coalesce((options ->> 'inherit_option')::boolean, r.rolinherit)) AS inherited,
                  array_agg(DISTINCT g.rolname::text) FILTER (WHERE m.admin_option) AS grantable
             FROM pg_catalog.pg_auth_members m
                  JOIN pg_catalog.pg_roles r ON r.oid = m.member
                  JOIN pg_catalog.pg_roles g ON g.oid = m.roleid, pg_catalog.to_jsonb(m) options
            GROUP BY m.member
         ) g ON g.member = r.oid
   ORDER BY 1`;

export const roleRows = z.array(
  z.object({
    name: z.string(),
    comment: z.string().nullable(),
    canLogin: z.boolean(),
    isSuperuser: z.boolean(),
    mayCreateRoles: z.boolean(),
    memberOf: z.array(z.string()),
    inherited: z.array(z.string()),
    grantable: z.array(z.string()),
  }),
);
export type RoleRow = z.infer<typeof roleRows>[number];

interface Reaching {
  readonly name: string;
  readonly isSuperuser: boolean;
  readonly memberOf: readonly string[];
  readonly grantable: readonly string[];
}

/**
 * The groups that each role is in, or may add itself to: since PostgreSQL 16, ADMIN OPTION alone allows that, but for
 * superusers (user.c, check_role_membership_authorization). Before, it came with a membership.
 */
export function withinReach(roles: readonly Reaching[]): { name: string; memberOf: readonly string[] }[] {
  const superusers = new Set(roles.filter(({ isSuperuser }) => isSuperuser).map(({ name }) => name));
  return roles.map(({ name, memberOf, grantable }) => {
    const more = grantable.filter(group => !superusers.has(group) && !memberOf.includes(group));
    return { name, memberOf: more.length === 0 ? memberOf : [...memberOf, ...more] };
  });
}
