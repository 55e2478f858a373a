/** Reads a server's catalogs. What it reads is open to every role: LOGIN is all that it needs. */

import { ShipperError } from '../errors.js';
import { type Catalogs, catalogs } from './catalogs.js';
import { clientFor, reading, reasonOf, withClient } from './connect.js';

/**
 * Every role, also those that may not log in (any more): the log tells of yesterday. From PostgreSQL 16 on a
 * membership may let its holder neither use nor take on the group's rights, as that of whoever made the group: it
 * counts as none. The columns that say so are read by name, since older versions have none.
 */
const ROLES = `
  WITH RECURSIVE granted (member, role) AS (
    SELECT m.member, m.roleid
      FROM pg_catalog.pg_auth_members m, pg_catalog.to_jsonb(m) options
     WHERE coalesce(options ->> 'inherit_option', 'true') = 'true'
        OR coalesce(options ->> 'set_option', 'true') = 'true'
  ), member_of (member, role) AS (
    SELECT member, role FROM granted
    UNION
    SELECT m.member, g.role FROM member_of m JOIN granted g ON g.member = m.role
  )
  SELECT r.rolname::text AS "name",
         pg_catalog.shobj_description(r.oid, 'pg_authid') AS "comment",
         ARRAY(
           SELECT g.rolname::text FROM member_of m JOIN pg_catalog.pg_roles g ON g.oid = m.role
            WHERE m.member = r.oid ORDER BY 1
         ) AS "memberOf"
    FROM pg_catalog.pg_roles r
   ORDER BY 1`;

const DATABASES = `
  SELECT d.datname::text AS "name", pg_catalog.pg_encoding_to_char(d.encoding)::text AS "encoding"
    FROM pg_catalog.pg_database d
   ORDER BY 1`;

/** Host and port of a connection URL. Throws a ShipperError, which does not quote it, where it is none. */
export function serverOf(url: string): string {
  const { host, port } = clientFor(url);
  return `${host}:${port}`;
}

/**
 * Connects, reads everything in one read-only transaction, and disconnects. Throws a ShipperError with the code of
 * PostgreSQL, of the operating system, or ETIMEDOUT; it holds nothing of the URL, and has no cause, whose message might.
 *
 * @param now milliseconds since the epoch
 */
export async function readCatalogs(url: string, now: number): Promise<Catalogs> {
  const client = clientFor(url);
  try {
    return await withClient(client, () =>
      reading(client, async () => {
        const { rows: roles } = await client.query(ROLES);
        const { rows: databases } = await client.query(DATABASES);
        return catalogs.parse({ v: 1, server: serverOf(url), loadedAt: now, roles, databases });
      }),
    );
  } catch (error) {
    throw failure(reasonOf(error));
  }
}

/** The failure of a database that does not answer in time. */
export function lateFailure(): ShipperError {
  return failure('ETIMEDOUT');
}

function failure(code: string): ShipperError {
  return new ShipperError(code, `the catalogs of the database cannot be read (${code})`);
}
