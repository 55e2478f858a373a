/** Reads the settings that decide what is audited. Every role may read them: LOGIN is enough. */

import type { Client } from 'pg';
import { z } from 'zod';
import { type Override, overrideSchema } from './audit-settings.js';

/** Settings that control pgAudit, and whether its records reach csvlog. */
const WATCHED = `(name LIKE 'pgaudit.%' OR name LIKE 'log\\_%' OR name IN (
  'data_directory', 'event_triggers', 'lc_messages', 'local_preload_libraries', 'logging_collector',
  'server_version_num', 'session_preload_libraries', 'shared_preload_libraries', 'update_process_title'))`;

const SETTINGS = `
  SELECT name::text AS "name", setting::text AS "value", source::text AS "source", pending_restart AS "isPending"
    FROM pg_catalog.pg_settings WHERE ${WATCHED} ORDER BY 1`;

/** Each `name=value` of ALTER ROLE … SET and ALTER DATABASE … SET, for the settings above. */
const OVERRIDES = `
  SELECT * FROM (
    SELECT split_part(entry, '=', 1) AS "setting", r.rolname::text AS "role", d.datname::text AS "database",
           substr(entry, strpos(entry, '=') + 1) AS "value", split_part(entry, '=', 1) AS name
      FROM pg_catalog.pg_db_role_setting s
           CROSS JOIN LATERAL unnest(s.setconfig) entry
           LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
           LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
     WHERE (s.setrole = 0 OR r.oid IS NOT NULL) AND (s.setdatabase = 0 OR d.oid IS NOT NULL)
  ) every WHERE ${WATCHED} ORDER BY 1, 2 NULLS FIRST, 3 NULLS FIRST`;

const settingRow = z.object({
  name: z.string(),
  value: z.string().nullable(),
  source: z.string(),
  isPending: z.boolean(),
});

/** Sources of values that count for this session only, or for some sessions. */
const OVERRIDDEN = [
  'global',
  'database',
  'user',
  'database user',
  'client',
  'session',
  'interactive',
  'test',
];

export interface Setting {
  readonly name: string;
  /** The server's own; `null` if unknown, because something overrides it for the role that looked. */
  readonly value: string | null;
  /** The configuration file has a different value, which takes effect after a restart. */
  readonly isPending: boolean;
}

export async function readSettings(client: Client): Promise<Setting[]> {
  const { rows } = await client.query(SETTINGS);
  return z
    .array(settingRow)
    .parse(rows)
    .map(({ name, value, source, isPending }) => ({
      name,
      value: OVERRIDDEN.includes(source) ? null : (value ?? ''),
      isPending,
    }));
}

export async function readOverrides(client: Client): Promise<Override[]> {
  const { rows } = await client.query(OVERRIDES);
  return z.array(overrideSchema).parse(rows);
}

/** pg_settings lists pgAudit's settings only if it is loaded, not if they are merely in the configuration file. */
export function isPgauditLoaded(settings: readonly Setting[]): boolean {
  return settings.some(({ name }) => name === 'pgaudit.log');
}
