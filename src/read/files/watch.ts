/** Hints that something changed in the folders. Hints get lost on network file systems: polls are the truth. */

import { matchesGlob } from 'node:path';
import { watch } from 'chokidar';
import { baseFolder, depthOf } from './discover.js';

export interface Watch {
  close(): Promise<void>;
}

export type WatchGlobs = typeof watchGlobs;

/** Calls `onWrite` with its path soon after a file that the globs name was written to, `onMove` after one came or went. */
export function watchGlobs(
  patterns: readonly string[],
  hints: { onWrite(path: string): void; onMove(): void },
  onError: (error: unknown) => void,
): Watch {
  const depths = patterns.map(depthOf);
  const watcher = watch([...new Set(patterns.map(baseFolder))], {
    ignoreInitial: true,
    ...(depths.includes(undefined) ? {} : { depth: Math.max(...depths.map(depth => depth ?? 0)) }),
    ignored: (path, stats) =>
      stats?.isFile() === true && !patterns.some(pattern => matchesGlob(path, pattern)),
  });
  watcher.on('all', (event, path) => (event === 'change' ? hints.onWrite(path) : hints.onMove()));
  watcher.on('error', onError);
  return watcher;
}
