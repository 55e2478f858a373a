/** All that `check` wants to know of a server, read once. */

import type { Client } from 'pg';
import { z } from 'zod';
import type { Override } from './audit-settings.js';
import { clientFor, reading, reasonOf, withClient } from './connect.js';
import { readCatalogs } from './read.js';
import { readOverrides, readSettings, type Setting } from './read-settings.js';

export interface Role {
  readonly name: string;
  readonly canLogin: boolean;
  readonly isSuperuser: boolean;
  /** Directly and through other groups. */
  readonly memberOf: ReadonlySet<string>;
  /** It was granted the right to set `pgaudit.log` (GRANT SET ON PARAMETER, PostgreSQL 15 and later). */
  readonly maySetAudit: boolean;
}

/** pgAudit's extension in one database. */
export type ExtensionState =
  | {
      readonly kind: 'installed';
      readonly version: string;
      /** What ALTER EXTENSION … UPDATE would make of it. */
      readonly latest: string | null;
      /** Its event triggers that are disabled. */
      readonly disabled: readonly string[];
    }
  | { readonly kind: 'missing' }
  /** The database lets the shipper's role not in, or does not answer: why, as a code. */
  | { readonly kind: 'unreadable'; readonly code: string };

export interface DatabaseState {
  readonly name: string;
  readonly extension: ExtensionState;
}

export interface Snapshot {
  /** `server_version_num`: 150018 is 15.18 */
  readonly version: number;
  /** The role that looked. */
  readonly user: string;
  readonly isSuperuser: boolean;
  /** The server's clock less ours, in milliseconds. */
  readonly clockAhead: number;
  readonly settings: ReadonlyMap<string, Setting>;
  readonly overrides: readonly Override[];
  readonly roles: readonly Role[];
  /** Those that let anybody in. */
  readonly databases: readonly DatabaseState[];
  /** The active csvlog file, as the server names it; `null` where it writes none, `hidden` where the role may not ask. */
  readonly logFile: string | null | 'hidden';
  /** Times as the log writes them. */
  readonly written: readonly { readonly time: number; readonly text: string }[];
}

const ABOUT = `
  SELECT pg_catalog.current_setting('server_version_num')::int AS "version", session_user::text AS "user",
         extract(epoch FROM clock_timestamp()) * 1000 AS "clock",
         has_function_privilege('pg_catalog.pg_current_logfile(text)', 'EXECUTE') AS "mayAskLogFile"`;

const about = z.object({
  version: z.number(),
  user: z.string(),
  clock: z.coerce.number(),
  mayAskLogFile: z.boolean(),
});

const rolesOf = (version: number): string => `
  SELECT rolname::text AS "name", rolcanlogin AS "canLogin", rolsuper AS "isSuperuser",
         ${version >= 150_000 ? "has_parameter_privilege(oid, 'pgaudit.log', 'SET')" : 'false'} AS "maySetAudit"
    FROM pg_catalog.pg_roles ORDER BY 1`;

const roleRows = z.array(
  z.object({ name: z.string(), canLogin: z.boolean(), isSuperuser: z.boolean(), maySetAudit: z.boolean() }),
);

const DATABASES = `
  SELECT datname::text AS "name" FROM pg_catalog.pg_database WHERE datallowconn ORDER BY 1`;

const EXTENSION = `
  SELECT e.extversion::text AS "version",
         (SELECT a.default_version::text FROM pg_catalog.pg_available_extensions a WHERE a.name = 'pgaudit') AS "latest",
         ARRAY(
           SELECT t.evtname::text FROM pg_catalog.pg_event_trigger t
            WHERE t.evtname LIKE 'pgaudit\\_%' AND t.evtenabled = 'D' ORDER BY 1
         ) AS "disabled"
    FROM pg_catalog.pg_extension e WHERE e.extname = 'pgaudit'`;

const extension = z.array(
  z.object({ version: z.string(), latest: z.string().nullable(), disabled: z.array(z.string()) }),
);

/** Makes times come as the log has them. */
const AS_IN_LOG = `
  SELECT set_config('TimeZone', current_setting('log_timezone'), true), set_config('DateStyle', 'SQL, DMY', true)`;

/** The server is asked to write some times of this year, in winter and in summer. */
const WRITTEN = `
  SELECT extract(epoch FROM at)::float8 * 1000 AS "time",
         to_char(at, 'YYYY-MM-DD HH24:MI:SS.MS') || ' ' || split_part(at::text, ' ', 3) AS "text"
    FROM (SELECT date_trunc('year', now()) + month * interval '1 month' AS at FROM generate_series(0, 9, 3) month) moment`;

const written = z.array(z.object({ time: z.number(), text: z.string() }));

/**
 * Every database is connected to with the same user. Throws the errors of pg where the first connection fails.
 *
 * @param now milliseconds since the epoch
 */
export async function readSnapshot(url: string, now: () => number): Promise<Snapshot> {
  const client = clientFor(url);
  const read = await withClient(client, () => reading(client, () => readServer(client, now)));
  const roles = await readRoles(url, now());
  const looks = await lookAtDatabases(url, read.names);
  const settings = new Map(read.settings.map(setting => [setting.name, setting]));
  // Where this database or this role overrides a setting, another database may show the server's own.
  for (const setting of looks.flatMap(look => look.settings))
    if (settings.get(setting.name)?.value === null) settings.set(setting.name, setting);
  return {
    ...read,
    settings,
    isSuperuser: roles.some(role => role.name === read.user && role.isSuperuser),
    roles,
    databases: looks.map(({ name, extension: state }) => ({ name, extension: state })),
  };
}

/** Every role of the server, also those that may not log in. Throws the errors of pg. */
export async function readRoles(url: string, now: number): Promise<Role[]> {
  const client = clientFor(url);
  const found = await withClient(client, () =>
    reading(client, async () => {
      const { version } = about.parse((await client.query(ABOUT)).rows[0]);
      return roleRows.parse((await client.query(rolesOf(version))).rows);
    }),
  );
  const { roles } = await readCatalogs(url, now);
  const memberOf = new Map(roles.map(role => [role.name, new Set(role.memberOf)]));
  return found.map(role => ({ ...role, memberOf: memberOf.get(role.name) ?? new Set<string>() }));
}

async function readServer(client: Client, now: () => number) {
  const before = now();
  const { version, user, clock, mayAskLogFile } = about.parse((await client.query(ABOUT)).rows[0]);
  const clockAhead = clock - (before + now()) / 2;
  const settings = await readSettings(client);
  const overrides = await readOverrides(client);
  const { rows: databases } = await client.query(DATABASES);
  const logFile = mayAskLogFile ? await readLogFile(client) : ('hidden' as const);
  await client.query(AS_IN_LOG);
  return {
    version,
    user,
    clockAhead,
    settings,
    overrides,
    names: z
      .array(z.object({ name: z.string() }))
      .parse(databases)
      .map(({ name }) => name),
    logFile,
    written: written.parse((await client.query(WRITTEN)).rows),
  };
}

async function readLogFile(client: Client): Promise<string | null> {
  const { rows } = await client.query(`SELECT pg_catalog.pg_current_logfile('csvlog') AS "path"`);
  return z.object({ path: z.string().nullable() }).parse(rows[0]).path;
}

interface Look extends DatabaseState {
  readonly settings: readonly Setting[];
}

/** A few at once: a server may have hundreds of databases, and few connections to spare. */
async function lookAtDatabases(url: string, names: readonly string[], atOnce = 4): Promise<Look[]> {
  const looks: Look[] = [];
  for (let start = 0; start < names.length; start += atOnce) {
    const some = names.slice(start, start + atOnce);
    looks.push(...(await Promise.all(some.map(name => lookAtDatabase(url, name)))));
  }
  return looks;
}

async function lookAtDatabase(url: string, name: string): Promise<Look> {
  try {
    const client = clientFor(url, { database: name });
    return await withClient(client, () =>
      reading(client, async () => {
        const [found] = extension.parse((await client.query(EXTENSION)).rows);
        const state: ExtensionState =
          found === undefined ? { kind: 'missing' } : { kind: 'installed', ...found };
        return { name, extension: state, settings: await readSettings(client) };
      }),
    );
  } catch (error) {
    return { name, extension: { kind: 'unreadable', code: reasonOf(error) }, settings: [] };
  }
}
