/**
 * One look at a server: its settings, roles and databases, in one connection and one transaction.
 *
 * This folder reads what the server says of itself, with the rights of a plain login role, and writes nothing but heartbeats;
 * `population/` has the rules for who is audited. Imports `event/`, `lib/`, and types of the stages before it.
 */

import type { Client } from 'pg';
import { z } from 'zod';
import type { Override } from './audit-settings.js';
import { clientFor, reading, withClient } from './connect.js';
import { MEMBERSHIPS } from './read.js';
import { readOverrides, readSettings, type Setting } from './read-settings.js';

export interface Role {
  readonly name: string;
  readonly canLogin: boolean;
  readonly isSuperuser: boolean;
  readonly mayCreateRoles: boolean;
  /** Directly and through other groups. */
  readonly memberOf: ReadonlySet<string>;
  /** Whether it may set what is audited (GRANT … ON PARAMETER, PostgreSQL 15 and later). */
  readonly maySetAudit: boolean;
  /** One character for each of the databases, in their order: `1` if it has the right to connect, else `0`. */
  readonly connects: string;
}

export interface ServerLook {
  /** Host and port. */
  readonly server: string;
  /** `server_version_num`: 150018 is 15.18 */
  readonly version: number;
  /** The role that looked. */
  readonly user: string;
  readonly settings: ReadonlyMap<string, Setting>;
  readonly overrides: readonly Override[];
  readonly roles: readonly Role[];
  /** Databases that allow connections. */
  readonly databases: readonly { readonly name: string }[];
  /** Version of pgAudit's extension, in this database or as available; `null` if the server has none. */
  readonly pgaudit: string | null;
  /** The active csvlog file, as the server names it; `null` if it writes none, `hidden` if the role may not see it. */
  readonly logFile: string | null | 'hidden';
}

const ABOUT = `
  SELECT pg_catalog.current_setting('server_version_num')::int AS "version", session_user::text AS "user",
         has_function_privilege('pg_catalog.pg_current_logfile(text)', 'EXECUTE') AS "mayAskLogFile",
         coalesce(
           (SELECT extversion::text FROM pg_catalog.pg_extension WHERE extname = 'pgaudit'),
           (SELECT default_version::text FROM pg_catalog.pg_available_extensions WHERE name = 'pgaudit')
         ) AS "pgaudit"`;

const about = z.object({
  version: z.number(),
  user: z.string(),
  mayAskLogFile: z.boolean(),
  pgaudit: z.string().nullable(),
});

const rolesOf = (version: number): string => `
  WITH RECURSIVE ${MEMBERSHIPS}
  SELECT r.rolname::text AS "name", r.rolcanlogin AS "canLogin", r.rolsuper AS "isSuperuser",
         r.rolcreaterole AS "mayCreateRoles", coalesce(g.names, '{}') AS "memberOf",
         coalesce(g.inherited, '{}') AS "inherited",
         ${version >= 150_000 ? MAY_SET_AUDIT : 'false'} AS "maySetAudit"
    FROM pg_catalog.pg_roles r LEFT JOIN groups_of g ON g.member = r.oid
   ORDER BY 1`;

const MAY_SET_AUDIT = `(
           has_parameter_privilege(r.oid, 'pgaudit.log', 'SET, ALTER SYSTEM')
           OR has_parameter_privilege(r.oid, 'log_min_messages', 'SET, ALTER SYSTEM'))`;

const roleRows = z.array(
  z.object({
    name: z.string(),
    canLogin: z.boolean(),
    isSuperuser: z.boolean(),
    mayCreateRoles: z.boolean(),
    memberOf: z.array(z.string()),
    inherited: z.array(z.string()),
    maySetAudit: z.boolean(),
  }),
);

/** `connectors`: who was granted CONNECT; `null` if everybody was, which is the default. */
const DATABASES = `
  SELECT d.datname::text AS "name",
         CASE WHEN d.datacl IS NOT NULL AND NOT EXISTS (
           SELECT FROM pg_catalog.aclexplode(d.datacl) a WHERE a.grantee = 0 AND a.privilege_type = 'CONNECT'
         ) THEN ARRAY(
           SELECT pg_catalog.pg_get_userbyid(a.grantee)::text FROM pg_catalog.aclexplode(d.datacl) a
            WHERE a.privilege_type = 'CONNECT'
         ) END AS "connectors"
    FROM pg_catalog.pg_database d WHERE d.datallowconn ORDER BY 1`;

const databaseRows = z.array(z.object({ name: z.string(), connectors: z.array(z.string()).nullable() }));
type DatabaseRow = z.infer<typeof databaseRows>[number];

/** Reads within a connection's transaction. Throws the errors of pg. */
export async function readLook(client: Client): Promise<ServerLook> {
  const { version, user, mayAskLogFile, pgaudit } = about.parse((await client.query(ABOUT)).rows[0]);
  const settings = await readSettings(client);
  const overrides = await readOverrides(client);
  const databases = databaseRows.parse((await client.query(DATABASES)).rows);
  return {
    server: `${client.host}:${client.port}`,
    version,
    user,
    settings: new Map(settings.map(setting => [setting.name, setting])),
    overrides,
    roles: await readRolesOf(client, version, databases),
    databases: databases.map(({ name }) => ({ name })),
    pgaudit,
    logFile: mayAskLogFile ? await readLogFile(client) : 'hidden',
  };
}

/** Connects, looks, and disconnects. Throws the errors of pg. */
export async function lookAt(url: string): Promise<ServerLook> {
  const client = clientFor(url);
  return await withClient(client, () => reading(client, () => readLook(client)));
}

async function readRolesOf(
  client: Client,
  version: number,
  databases: readonly DatabaseRow[],
): Promise<Role[]> {
  const rows = roleRows.parse((await client.query(rolesOf(version))).rows);
  const connectors = databases.map(one => one.connectors && new Set(one.connectors));
  return rows.map(({ inherited, ...row }) => {
    const isAllowed = (names: ReadonlySet<string> | null): boolean =>
      row.isSuperuser || names === null || [row.name, ...inherited].some(name => names.has(name));
    const connects = connectors.map(names => (isAllowed(names) ? '1' : '0')).join('');
    return { ...row, memberOf: new Set(row.memberOf), connects };
  });
}

async function readLogFile(client: Client): Promise<string | null> {
  const { rows } = await client.query(`SELECT pg_catalog.pg_current_logfile('csvlog') AS "path"`);
  return z.object({ path: z.string().nullable() }).parse(rows[0]).path;
}
