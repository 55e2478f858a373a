/** Limits that the log files come near: what happens at them is known before it does. */

import { join, resolve } from 'node:path';
import type { Config, SourceConfig } from '../../config/schema.js';
import type { SourcePosition } from '../../event/position.js';
import { readCheckpoint } from '../../journal/checkpoint.js';
import { OWN } from '../../journal/sources.js';
import { fileSize } from '../../lib/disk.js';
import { hasCode, StateError } from '../../lib/errors.js';
import { MOST_KEPT } from '../../read/files/ledger.js';
import type { Surveyed } from '../../read/files/survey.js';
import { MOST_HELD } from '../../read/files/tail.js';
import { type Finding, warning } from './finding.js';

/** Files from which a look at all of them, once a minute, takes a second or so. */
const MANY_FILES = 20_000;
/** Bytes of a position in the ledger, about. */
const POSITION = 350;

/** @param files what the globs of the source name now */
export async function limitFindings(
  { instance }: SourceConfig,
  config: Config,
  files: readonly Surveyed[],
): Promise<Finding[]> {
  const name = instance === config.instance ? OWN : instance;
  const directory = resolve(config.state.directory);
  return [
    ...unreadFindings(files, await positionsIn(directory, config.instance, name)),
    ...manyFindings(files.length),
    ...(await ledgerFindings(join(directory, name === OWN ? 'files.ndjson' : `files-${name}.ndjson`))),
  ];
}

function unreadFindings(files: readonly Surveyed[], positions: readonly SourcePosition[]): Finding[] {
  const read = new Map(positions.map(({ contentId, offset }) => [contentId, offset]));
  const unread = new Set(
    files.flatMap(({ identity, size }) =>
      identity.kind === 'content' && size > (read.get(identity.contentId) ?? 0) ? [identity.contentId] : [],
    ),
  );
  if (unread.size <= MOST_HELD) return [];
  return [
    warning(
      'source',
      `${unread.size} log files are not read to their end`,
      `${MOST_HELD} of them at a time are held open: what is deleted before its turn is lost, and becomes a gap`,
      'let nothing delete log files until pgaudit_shipper_source_lag_bytes is 0',
    ),
  ];
}

function manyFindings(count: number): Finding[] {
  if (count < MANY_FILES) return [];
  return [
    warning(
      'source',
      `${count} files match source.files`,
      'a look at all of them, which is due once a minute and whenever one appears, takes seconds',
      'delete or move log files that are read: find … -mtime +30 -delete',
    ),
  ];
}

async function ledgerFindings(path: string): Promise<Finding[]> {
  const kept = Math.round((await ledgerSize(path)) / POSITION);
  if (kept < 0.8 * MOST_KEPT) return [];
  return [
    warning(
      'state',
      `${path} knows about ${kept} log files that are gone`,
      `beyond ${MOST_KEPT} the oldest are forgotten: if one of these files comes back, it is shipped again`,
      'keep backups of old log files out of the folders of source.files; larger log files make fewer (log_rotation_size)',
    ),
  ];
}

/** 0 if the folder cannot be looked into: that is another finding. */
async function ledgerSize(path: string): Promise<number> {
  try {
    return await fileSize(path);
  } catch (error) {
    if (hasCode(error, 'EACCES', 'ENOTDIR')) return 0;
    throw error;
  }
}

/** Empty if the daemon has not run here; what is wrong with its state is another finding. */
async function positionsIn(
  directory: string,
  instance: string,
  name: string,
): Promise<readonly SourcePosition[]> {
  try {
    const saved = await readCheckpoint(join(directory, 'checkpoint.json'), instance);
    return saved?.files.get(name) ?? [];
  } catch (error) {
    if (error instanceof StateError || hasCode(error, 'EACCES')) return [];
    throw error;
  }
}
