/** Which log files still exist, by what they hold. */

import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogFiles } from '../../archive/verify/log-files.js';
import { discover, type Listed } from '../../read/files/discover.js';
import { type Identity, identify } from '../../read/files/identify.js';
import { UsageError } from './usage.js';

/** Identity asks for nothing but the bytes here. */
const ANY_TIME = { knowsZone: () => true, read: () => null };

export interface LogIndex extends LogFiles {
  /** Files that are compressed, and were not looked into. */
  readonly compressed: number;
}

/** Looks at files, folders (with all that is below them) and globs. Throws a UsageError where no log file is there. */
export async function indexLogFiles(places: readonly string[]): Promise<LogIndex> {
  const { files, faults } = await discover(await Promise.all(places.map(toPattern)));
  const [fault] = faults;
  if (fault !== undefined) throw new UsageError(`${fault.path} cannot be read (${fault.code})`);
  const longest = new Map<string, Listed>();
  let compressed = 0;
  for (const file of files.filter(({ isFile }) => isFile)) {
    const identity = await identityOf(file.path);
    if (identity.kind === 'unsupported' && identity.reason === 'compressed') compressed += 1;
    if (identity.kind !== 'content' && identity.kind !== 'partial') continue;
    const known = longest.get(identity.contentId);
    if (known === undefined || file.size > known.size) longest.set(identity.contentId, file);
  }
  if (longest.size === 0) throw new UsageError(`${places.join(', ')}: there is no csvlog file`);
  return { compressed, find: contentId => longest.get(contentId)?.path ?? null };
}

async function toPattern(place: string): Promise<string> {
  const isFolder = await stat(place).then(
    found => found.isDirectory(),
    () => false,
  );
  return isFolder ? join(place, '**', '*') : place;
}

async function identityOf(path: string): Promise<Identity> {
  const file = await open(path, 'r');
  try {
    return await identify(file, ANY_TIME);
  } finally {
    await file.close();
  }
}
