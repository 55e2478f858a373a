/** The servers that the configuration does not name: they are found by their log files. */

import { timeReader } from '../../audit/time.js';
import { type Discovered, filled, globOf, serverOf } from '../../config/discover.js';
import type { DiscoverConfig, SourceConfig } from '../../config/schema.js';
import { countRecord, noRecords } from '../../event/counts.js';
import type { DaemonName } from '../../event/make.js';
import { gapEvent } from '../../event/make.js';
import type { SourcePosition } from '../../event/position.js';
import { discover } from '../../read/files/discover.js';
import { unwatchedAfter } from '../../read/files/loss.js';
import type { Look, UnwatchedEnd } from '../discovery.js';

/** What one setting finds now; the servers by their names, which two of them may share. */
export async function findServers({ discover: setting, ...shared }: DiscoverConfig): Promise<Look> {
  const found = new Map<string, SourceConfig>();
  const unnamed: string[] = [];
  const { files, faults } = await discover([globOf(setting)]);
  for (const { path } of files) {
    const server = serverOf(setting, path);
    if (server === null) unnamed.push(path);
    else if (!found.has(server.files)) found.set(server.files, configOf(server, shared));
  }
  const inOrder = [...found].map(([of, config]) => [`${config.instance} ${of}`, config] as const);
  const servers = inOrder.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, config]) => config);
  return { servers, most: setting.most, faults, unnamed };
}

/** The gap at the end of a server's log, whose files went away while nobody read them. */
export function unwatchedEnd(position: SourcePosition, daemon: DaemonName, now: number): UnwatchedEnd {
  const gap = unwatchedAfter(position, null);
  const event = gapEvent(gap, { file: position, record: gap, now }, daemon, timeReader(undefined));
  const records = noRecords();
  countRecord(records, 'rejected', gap.reason);
  return { event, progress: { file: position, from: gap.offset, to: gap.offset, records } };
}

function configOf(
  { instance, files, values }: Discovered,
  { database, rows, ...shared }: Omit<DiscoverConfig, 'discover'>,
): SourceConfig {
  const of = (url: string): string => filled(url, values, '');
  return {
    ...shared,
    instance,
    files: withRotated([files]),
    ...(database !== undefined && { database: { url: of(database.url) } }),
    ...(rows !== undefined && { rows: { ...rows, database: of(rows.database) } }),
  };
}

/** A node renames a container's log to `0.log.20261130-101112`, and compresses it to `….gz` later. */
export function withRotated(files: readonly string[]): string[] {
  return files.flatMap(file => (file.endsWith('.log') ? [file, `${file}.*`] : [file]));
}
