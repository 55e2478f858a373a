/** Whether the file that the server writes now is among those that are read. */

import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Listed } from '../../read/files/discover.js';
import type { ServerLook } from '../look.js';

/** The active log file, according to the server. */
export interface ActiveFile {
  readonly path: string;
  /** `elsewhere`: this machine has no such file, or the shipper may not see it. */
  readonly state: 'matched' | 'unmatched' | 'elsewhere';
}

/** `null` if the server writes no csvlog, or does not say where. */
export async function activeFile(
  look: Pick<ServerLook, 'logFile' | 'settings'>,
  files: readonly Listed[],
): Promise<ActiveFile | null> {
  const path = activePath(look);
  return path === null ? null : { path, state: await stateOf(path, files) };
}

/** A setting whose glob matches it. */
export function nameActive({ path }: ActiveFile): string {
  return `source: {files: ["${join(path, '..', '*.csv')}"]}`;
}

/** An absolute path. */
function activePath({ logFile, settings }: Pick<ServerLook, 'logFile' | 'settings'>): string | null {
  if (logFile === null || logFile === 'hidden') return null;
  if (isAbsolute(logFile)) return logFile;
  const data = settings.get('data_directory')?.value ?? null;
  return data === null ? null : join(data, logFile);
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
