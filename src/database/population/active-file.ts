/** Whether the file that the server writes now is among those that are read. */

import { stat } from 'node:fs/promises';
import { extname, isAbsolute, join } from 'node:path';
import type { Listed } from '../../read/files/discover.js';
import type { ServerLook } from '../look.js';

/** The active log file, according to the server. */
export interface ActiveFile {
  readonly path: string;
  /** `elsewhere`: this machine has no such file, or the shipper may not see it. */
  readonly state: 'matched' | 'unmatched' | 'elsewhere';
}

type Look = Pick<ServerLook, 'logFile' | 'jsonLogFile' | 'settings'>;

/** `null` if the server writes neither csvlog nor jsonlog, or does not say where. If it writes both, one is enough. */
export async function activeFile(look: Look, files: readonly Listed[]): Promise<ActiveFile | null> {
  const { logFile, jsonLogFile } = look;
  let first: ActiveFile | null = null;
  for (const name of [logFile, jsonLogFile]) {
    const path = activePath(name, look);
    if (path === null) continue;
    const active = { path, state: await stateOf(path, files) };
    if (active.state === 'matched') return active;
    first ??= active;
  }
  return first;
}

/** A setting whose glob matches it. */
export function nameActive({ path }: ActiveFile): string {
  return `source: {files: ["${join(path, '..', `*${extname(path)}`)}"]}`;
}

/** An absolute path. */
function activePath(name: string | null | 'hidden', { settings }: Look): string | null {
  if (name === null || name === 'hidden') return null;
  if (isAbsolute(name)) return name;
  const data = settings.get('data_directory')?.value ?? null;
  return data === null ? null : join(data, name);
}

/** The same file may have several paths. */
async function stateOf(path: string, files: readonly Listed[]): Promise<ActiveFile['state']> {
  try {
    const { dev, ino } = await stat(path);
    return files.some(file => file.dev === dev && file.ino === ino) ? 'matched' : 'unmatched';
  } catch {
    // Why it is not visible makes no difference; faults of the globs are reported where they are read.
    return 'elsewhere';
  }
}
