/** Which log files still exist, by their content. */

import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogFiles } from '../../archive/verify/log-files.js';
import { discover, type Listed } from '../../read/files/discover.js';
import { type Identity, identify } from '../../read/files/identify.js';
import { UsageError } from './usage.js';

/** Identifying a file here needs only its bytes. */
const ANY_TIME = { knowsZone: () => true, read: () => null };

export interface LogIndex extends LogFiles {
  /** Compressed files, which were not searched. */
  readonly compressed: number;
}

/** Searches files, folders (with everything below them) and globs. Throws a UsageError if they contain no log file. */
export async function indexLogFiles(paths: readonly string[]): Promise<LogIndex> {
  const { files, faults } = await discover(await Promise.all(paths.map(toPattern)));
  const [fault] = faults;
  if (fault !== undefined) throw new UsageError(`${fault.path} cannot be read (${fault.code})`);
  const longest = new Map<string, Listed>();
  let compressed = 0;
  for (const file of files.filter(({ isFile }) => isFile)) {
    const identity = await identityOf(file.path);
    if (identity.kind === 'unsupported' && identity.reason === 'compressed') compressed += 1;
    if (identity.kind !== 'content' && identity.kind !== 'partial') continue;
    const longestYet = longest.get(identity.contentId);
    if (longestYet === undefined || file.size > longestYet.size) longest.set(identity.contentId, file);
  }
  if (longest.size === 0) throw new UsageError(`${paths.join(', ')}: no log file found`);
  return { compressed, find: contentId => longest.get(contentId)?.path ?? null };
}

async function toPattern(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    found => found.isDirectory(),
    () => false,
  );
  return isFolder ? join(path, '**', '*') : path;
}

async function identityOf(path: string): Promise<Identity> {
  const file = await open(path, 'r');
  try {
    return await identify(file, ANY_TIME);
  } finally {
    await file.close();
  }
}
