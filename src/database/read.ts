/** Reads a server's catalogs. Every role may read them: LOGIN is enough. */

import { z } from 'zod';
import { ShipperError } from '../lib/errors.js';
import { RoleGroups } from '../lib/role-groups.js';
import type { Catalogs } from './catalogs.js';
import { clientFor, hasOverrun, reading, reasonOf, TIMEOUT, withClient } from './connect.js';
import { ROLES, type RoleRow, roleRows, withinReach } from './roles.js';

const VERSION = `SELECT pg_catalog.current_setting('server_version_num')::int AS "version"`;

const DATABASES = `
  SELECT d.datname::text AS "name", pg_catalog.pg_encoding_to_char(d.encoding)::text AS "encoding"
    FROM pg_catalog.pg_database d
   ORDER BY 1`;

const databaseRows = z.array(
  z.object({
    name: z.string(),
    /** PostgreSQL's name: UTF8, LATIN1, SQL_ASCII, … */
    encoding: z.string(),
  }),
);

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
        const databases = databaseRows.parse((await client.query(DATABASES)).rows);
        return { v: 2, server: serverOf(url), loadedAt: now, roles, databases, persons: [] };
      }),
    );
  } catch (error) {
    throw failure(reasonOf(error));
  }
}

/** Predefined roles with access to the server's files or programs, and thereby all rights. */
const OF_THE_SYSTEM = ['pg_write_server_files', 'pg_execute_server_program'];

/** Since PostgreSQL 16, CREATEROLE may comment on roles only that it has ADMIN on. */
const CREATEROLE_NEEDS_ADMIN = 160_000;

/**
 * COMMENT ON ROLE takes a superuser, or CREATEROLE if the role is not a superuser; since PostgreSQL 16 with ADMIN on
 * the role (aclchk.c and objectaddress.c, check_object_ownership), which no role has on itself or on a group's member
 * that it is: memberships have no circles (user.c, AddRoleMems). A role can do what its groups can: SET ROLE.
 */
function withCommenters(rows: readonly RoleRow[], version: number): Catalogs['roles'] {
  const mayComment = ({ isSuperuser, mayCreateRoles }: RoleRow): boolean =>
    isSuperuser || (mayCreateRoles && version < CREATEROLE_NEEDS_ADMIN);
  const commenters = new RoleGroups(withinReach(rows)).within([
    ...OF_THE_SYSTEM,
    ...rows.filter(mayComment).map(({ name }) => name),
  ]);
  return rows.map(({ name, comment, memberOf }) => ({
    name,
    comment,
    memberOf,
    mayCommentItself: commenters.has(name),
  }));
}

/** The error if a database does not answer in time. */
export function lateFailure(): ShipperError {
  return failure('ETIMEDOUT');
}

function failure(code: string): ShipperError {
  const what = hasOverrun(code)
    ? `reading the roles of the database took over ${TIMEOUT / 1000} s and was cancelled (${code}); the next attempt is in a minute`
    : `the catalogs of the database cannot be read (${code})`;
  return new ShipperError(code, what);
}
