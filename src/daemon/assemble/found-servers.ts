/** The servers that the configuration does not name: they are found by their log files. */

import { glob } from 'node:fs/promises';
import { type Discovered, filled, globOf, serverOf } from '../../config/discover.js';
import type { DiscoverConfig, SourceConfig } from '../../config/schema.js';

/** The servers that one setting finds now, by their names. */
export async function findServers({ discover, ...shared }: DiscoverConfig): Promise<SourceConfig[]> {
  const found = new Map<string, SourceConfig>();
  for await (const path of glob(globOf(discover))) {
    const server = serverOf(discover, path);
    if (server !== null && !found.has(server.instance)) found.set(server.instance, configOf(server, shared));
  }
  return [...found.values()].sort((a, b) => (a.instance < b.instance ? -1 : 1));
}

function configOf(
  { instance, files, values }: Discovered,
  { database, ...shared }: Omit<DiscoverConfig, 'discover'>,
): SourceConfig {
  const url = database === undefined ? null : filled(database.url, values, '');
  return { ...shared, instance, files: withRotated([files]), ...(url === null ? {} : { database: { url } }) };
}

/** A node renames a container's log to `0.log.20261130-101112`, and compresses it to `….gz` later. */
export function withRotated(files: readonly string[]): string[] {
  return files.flatMap(file => (file.endsWith('.log') ? [file, `${file}.*`] : [file]));
}
