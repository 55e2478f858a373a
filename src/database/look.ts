/**
 * One look at a server: its settings, roles and databases, in one connection and one transaction.
 *
 * This folder reads what the server says of itself, with the rights of a plain login role, and writes nothing but heartbeats;
 * `population/` has the rules for who is audited. Imports `event/`, `lib/`, and types of the stages before it.
 */

import { setImmediate } from 'node:timers/promises';
import type { Client } from 'pg';
import { z } from 'zod';
import { RoleGroups } from '../lib/role-groups.js';
import type { Override } from './audit-settings.js';
import { clientFor, reading, withClient } from './connect.js';
import { readOverrides, readSettings, type Setting } from './read-settings.js';
import { ROLES, type RoleRow, roleRows } from './roles.js';

export interface Role {
  readonly name: string;
  readonly canLogin: boolean;
  readonly isSuperuser: boolean;
  readonly mayCreateRoles: boolean;
  /** The groups that it was added to. */
  readonly memberOf: readonly string[];
  /** The groups that it may add members to (ADMIN OPTION). */
  readonly grantable: readonly string[];
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
  /** The active jsonlog file; `null` if it writes none (PostgreSQL 15 and later), or the role may not see it. */
  readonly jsonLogFile: string | null;
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

/**
 * Who was granted to set what is audited, or whether its records reach the log; empty for everybody. With
 * pgaudit.log_client, pgaudit.log_level decides that as well; where the log is written, only ALTER SYSTEM changes.
 */
const SETTERS = `
  SELECT DISTINCT CASE WHEN a.grantee = 0 THEN '' ELSE pg_catalog.pg_get_userbyid(a.grantee)::text END AS "name"
    FROM pg_catalog.pg_parameter_acl p, pg_catalog.aclexplode(p.paracl) a
   WHERE p.parname LIKE 'pgaudit.%' OR p.parname = 'log_min_messages'
      OR (a.privilege_type = 'ALTER SYSTEM' AND p.parname IN (
           'log_destination', 'log_directory', 'log_filename', 'logging_collector', 'shared_preload_libraries'))`;

/** Of PostgreSQL: GRANT … ON PARAMETER. */
const PARAMETERS_GRANTED_SINCE = 150_000;

const JSONLOG_SINCE = 150_000;

const setterRows = z.array(z.object({ name: z.string() }));

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
    logFile: mayAskLogFile ? await readLogFile(client, 'csvlog') : 'hidden',
    jsonLogFile: mayAskLogFile && version >= JSONLOG_SINCE ? await readLogFile(client, 'jsonlog') : null,
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
  const rows = roleRows.parse((await client.query(ROLES)).rows);
  const inheriting = new RoleGroups(rows.map(({ name, inherited }) => ({ name, memberOf: inherited })));
  const setters = await readSetters(client, version);
  const maySetAudit = inheriting.within(setters);
  const connects = await connectsOf(rows, databases, inheriting);
  return rows.map(({ name, canLogin, isSuperuser, mayCreateRoles, memberOf, grantable }, index) => ({
    name,
    canLogin,
    isSuperuser,
    mayCreateRoles,
    memberOf,
    grantable,
    maySetAudit: isSuperuser || setters.includes(EVERYBODY) || maySetAudit.has(name),
    connects: connects[index] ?? '',
  }));
}

/** In place of a role's name, which is never empty. */
const EVERYBODY = '';

async function readSetters(client: Client, version: number): Promise<string[]> {
  if (version < PARAMETERS_GRANTED_SINCE) return [];
  return setterRows.parse((await client.query(SETTERS)).rows).map(({ name }) => name);
}

/** For each role, the character of each database. Hundreds of databases take their time: others get their turn. */
async function connectsOf(
  roles: readonly RoleRow[],
  databases: readonly DatabaseRow[],
  inheriting: RoleGroups,
): Promise<string[]> {
  const found = roles.map(() => '');
  for (const { connectors } of databases) {
    await setImmediate();
    const allowed = connectors && inheriting.within(connectors);
    for (const [index, { name, isSuperuser }] of roles.entries())
      found[index] += isSuperuser || allowed === null || allowed.has(name) ? '1' : '0';
  }
  return found;
}

async function readLogFile(client: Client, format: 'csvlog' | 'jsonlog'): Promise<string | null> {
  const { rows } = await client.query(`SELECT pg_catalog.pg_current_logfile('${format}') AS "path"`);
  return z.object({ path: z.string().nullable() }).parse(rows[0]).path;
}
