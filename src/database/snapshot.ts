/** Everything that `check` needs to know about a server, read once. */

import type { Client } from 'pg';
import { z } from 'zod';
import { clientFor, reading, reasonOf, withClient } from './connect.js';
import { readLook, type ServerLook } from './look.js';
import { readSettings, type Setting } from './read-settings.js';

/** pgAudit's extension in one database. */
export type ExtensionState =
  | {
      readonly kind: 'installed';
      readonly version: string;
      /** The version after ALTER EXTENSION … UPDATE. */
      readonly latest: string | null;
      /** Its disabled event triggers. */
      readonly disabled: readonly string[];
    }
  | { readonly kind: 'missing' }
  /** The database does not admit the shipper's role, or does not answer: the reason as a code. */
  | { readonly kind: 'unreadable'; readonly code: string };

export interface DatabaseState {
  readonly name: string;
  readonly extension: ExtensionState;
}

export interface Snapshot extends ServerLook {
  readonly isSuperuser: boolean;
  /** The server's clock minus ours, in milliseconds. */
  readonly clockAhead: number;
  /** Milliseconds that reading settings and roles took. */
  readonly took: number;
  readonly databases: readonly DatabaseState[];
  /** Times as the log writes them. */
  readonly written: readonly { readonly time: number; readonly text: string }[];
}

const CLOCK = `SELECT extract(epoch FROM clock_timestamp()) * 1000 AS "clock"`;

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

/** Makes the server format times as in the log. */
const AS_IN_LOG = `
  SELECT set_config('TimeZone', current_setting('log_timezone'), true), set_config('DateStyle', 'SQL, DMY', true)`;

/** The server writes some times of this year, in winter and in summer. */
const WRITTEN = `
  SELECT extract(epoch FROM at)::float8 * 1000 AS "time",
         to_char(at, 'YYYY-MM-DD HH24:MI:SS.MS') || ' ' || split_part(at::text, ' ', 3) AS "text"
    FROM (SELECT date_trunc('year', now()) + month * interval '1 month' AS at FROM generate_series(0, 9, 3) month) moment`;

const written = z.array(z.object({ time: z.number(), text: z.string() }));

/**
 * Connects to every database with the same user. Throws the errors of pg if the first connection fails.
 *
 * @param now milliseconds since the epoch
 */
export async function readSnapshot(url: string, now: () => number): Promise<Snapshot> {
  const client = clientFor(url);
  const read = await withClient(client, () => reading(client, () => readServer(client, now)));
  const looks = await lookAtDatabases(
    url,
    read.databases.map(({ name }) => name),
  );
  const settings = new Map(read.settings);
  // If this database or this role overrides a setting, another database may show the server's own value.
  for (const setting of looks.flatMap(look => look.settings))
    if (settings.get(setting.name)?.value === null) settings.set(setting.name, setting);
  return {
    ...read,
    settings,
    isSuperuser: read.roles.some(role => role.name === read.user && role.isSuperuser),
    databases: looks.map(({ name, extension: state }) => ({ name, extension: state })),
  };
}

async function readServer(client: Client, now: () => number) {
  const before = now();
  const { clock } = z.object({ clock: z.coerce.number() }).parse((await client.query(CLOCK)).rows[0]);
  const clockAhead = clock - (before + now()) / 2;
  const start = now();
  const look = await readLook(client);
  const took = now() - start;
  await client.query(AS_IN_LOG);
  return { ...look, clockAhead, took, written: written.parse((await client.query(WRITTEN)).rows) };
}

interface Look extends DatabaseState {
  readonly settings: readonly Setting[];
}

/** A few at once: a server may have hundreds of databases, and few spare connections. */
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
