/** A server with a history of rows, and who works there. */

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ThrowawayPostgres } from '../../demo/postgres.js';
import { startPostgres } from './postgres.js';
import { type Settings, settings } from './shipper.js';

const SCRIPT = fileURLToPath(new URL('../../config/postgresql/row-history.sql', import.meta.url));

export const KARI = 'Z990001';
export const OLA = 'ola.nordmann@nav.no';

export async function script(): Promise<string> {
  return await readFile(SCRIPT, 'utf8');
}

/** Two persons, the service `app`, and the shipper's login; the tables are the test's. */
export async function serverWithHistory(
  tables: readonly string[],
  server: Readonly<Record<string, string>> = {},
): Promise<ThrowawayPostgres> {
  const postgres = await startPostgres(server);
  await postgres.query(
    'postgres',
    await script(),
    ...[KARI, OLA, 'app', 'shipper'].map(name => `CREATE ROLE "${name}" LOGIN`),
    'GRANT row_history_reader TO shipper',
    "SELECT row_history.services('app')",
    ...tables,
    'GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC',
    'GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO PUBLIC',
  );
  return postgres;
}

export function rowSettings(folder: string, postgres: ThrowawayPostgres, more: Settings = {}): Settings {
  const rows = { database: `postgres://shipper@127.0.0.1:${postgres.port}/postgres` };
  return settings(folder, [postgres.logPattern], { rows, ...more });
}
