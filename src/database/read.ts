/** Reads a server's catalogs. Every role may read them: LOGIN is enough. */

import { z } from 'zod';
import { ShipperError } from '../lib/errors.js';
import { type Catalogs, catalogs } from './catalogs.js';
import { clientFor, reading, reasonOf, withClient } from './connect.js';

/**
 * Who is in which group, directly and through others, as `groups_of (member, names, inherited)`. Since PostgreSQL 16, a
 * membership may allow neither using nor taking on the group's rights, such as that of the group's creator: it does not
 * count. The columns that say so are read by name, since older versions lack them. `inherited` are groups whose rights,
 * such as that to connect, count without SET ROLE.
 */
export const MEMBERSHIPS = `granted (member, role, inherits) AS (
    SELECT m.member, m.roleid, coalesce((options ->> 'inherit_option')::boolean, r.rolinherit)
      FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles r ON r.oid = m.member, pg_catalog.to_jsonb(m) options
     WHERE coalesce(options ->> 'inherit_option', 'true') = 'true'
        OR coalesce(options ->> 'set_option', 'true') = 'true'
  ), member_of (member, role, inherits) AS (
    SELECT member, role, inherits FROM granted
    UNION
    SELECT m.member, g.role, m.inherits AND g.inherits FROM member_of m JOIN granted g ON g.member = m.role
  ), groups_of (member, names, inherited) AS (
    SELECT m.member, array_agg(DISTINCT g.rolname::text ORDER BY g.rolname::text),
           array_agg(DISTINCT g.rolname::text) FILTER (WHERE m.inherits)
      FROM member_of m JOIN pg_catalog.pg_roles g ON g.oid = m.role
     GROUP BY m.member
  )`;

/** Every role, including those that may not log in (any more): the log may be from yesterday. */
const ROLES = `
  WITH RECURSIVE ${MEMBERSHIPS}
  SELECT r.rolname::text AS "name",
         pg_catalog.shobj_description(r.oid, 'pg_authid') AS "comment",
         coalesce(g.names, '{}') AS "memberOf",
         r.rolsuper AS "isSuperuser", r.rolcreaterole AS "mayCreateRoles",
         ARRAY(
           SELECT pg_catalog.pg_get_userbyid(m.member)::text FROM pg_catalog.pg_auth_members m
            WHERE m.roleid = r.oid AND m.admin_option
         ) AS "admins"
    FROM pg_catalog.pg_roles r LEFT JOIN groups_of g ON g.member = r.oid
   ORDER BY 1`;

const VERSION = `SELECT pg_catalog.current_setting('server_version_num')::int AS "version"`;

const roleRows = z.array(
  z.object({
    name: z.string(),
    comment: z.string().nullable(),
    memberOf: z.array(z.string()),
    isSuperuser: z.boolean(),
    mayCreateRoles: z.boolean(),
    admins: z.array(z.string()),
  }),
);
type RoleRow = z.infer<typeof roleRows>[number];

const DATABASES = `
  SELECT d.datname::text AS "name", pg_catalog.pg_encoding_to_char(d.encoding)::text AS "encoding"
    FROM pg_catalog.pg_database d
   ORDER BY 1`;

/** Host and port of a connection URL. Throws a ShipperError, which does not quote the URL, if it is invalid. */
export function serverOf(url: string): string {
  const { host, port } = clientFor(url);
  return `${host}:${port}`;
}

/**
 * Connects, reads everything in one read-only transaction, and disconnects. Throws a ShipperError with the code of
 * PostgreSQL or the operating system, or ETIMEDOUT; it contains nothing of the URL, and no cause, whose message might.
 *
 * @param now milliseconds since the epoch
 */
export async function readCatalogs(url: string, now: number): Promise<Catalogs> {
  const client = clientFor(url);
  try {
    return await withClient(client, () =>
      reading(client, async () => {
        const { rows } = await client.query(ROLES);
        const { version } = z.object({ version: z.number() }).parse((await client.query(VERSION)).rows[0]);
        const roles = withCommenters(roleRows.parse(rows), version);
        const { rows: databases } = await client.query(DATABASES);
        return catalogs.parse({ v: 1, server: serverOf(url), loadedAt: now, roles, databases });
      }),
    );
  } catch (error) {
    throw failure(reasonOf(error));
  }
}

/** Predefined roles with access to the server's files or programs, and thereby all rights. */
const OF_THE_SYSTEM = ['pg_write_server_files', 'pg_execute_server_program'];

/**
 * COMMENT ON ROLE takes a superuser, or CREATEROLE if the role is not a superuser; since PostgreSQL 16 also ADMIN on
 * the role (aclchk.c and objectaddress.c, check_object_ownership). A role can do what its groups can: SET ROLE.
 */
function withCommenters(rows: readonly RoleRow[], version: number) {
  const byName = new Map(rows.map(row => [row.name, row]));
  const couldActAs = ({ name, memberOf }: RoleRow): RoleRow[] =>
    [name, ...memberOf].flatMap(one => byName.get(one) ?? []);
  const mayComment = (actor: RoleRow, target: RoleRow): boolean => {
    if (actor.isSuperuser || OF_THE_SYSTEM.includes(actor.name)) return true;
    if (!actor.mayCreateRoles || target.isSuperuser) return false;
    return version < 160_000 || couldActAs(actor).some(({ name }) => target.admins.includes(name));
  };
  return rows.map(row => ({
    name: row.name,
    comment: row.comment,
    memberOf: row.memberOf,
    mayCommentItself: couldActAs(row).some(actor => mayComment(actor, row)),
  }));
}

/** The error if a database does not answer in time. */
export function lateFailure(): ShipperError {
  return failure('ETIMEDOUT');
}

function failure(code: string): ShipperError {
  return new ShipperError(code, `the catalogs of the database cannot be read (${code})`);
}
