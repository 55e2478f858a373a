/** Hints that something changed in the folders. Network file systems lose hints: only polls are reliable. */

import { matchesGlob } from 'node:path';
import { watch } from 'chokidar';
import { baseFolder, depthOf } from './discover.js';

export interface Watch {
  close(): Promise<void>;
}

export type WatchGlobs = typeof watchGlobs;

export interface WatchHints {
  onWrite(path: string): void;
  onMove(): void;
  /** Whether nothing is to be hinted about a file: to watch each of thousands would take a second at each start. */
  isFinished(path: string): boolean;
}

/**
 * Soon after a write to a file that the globs name, calls `onWrite` with its path; after one appeared or disappeared,
 * `onMove`.
 */
export function watchGlobs(
  patterns: readonly string[],
  hints: WatchHints,
  onError: (error: unknown) => void,
): Watch {
  const depths = patterns.map(depthOf);
  const watcher = watch([...new Set(patterns.map(baseFolder))], {
    ignoreInitial: true,
    ...(depths.includes(undefined) ? {} : { depth: Math.max(...depths.map(depth => depth ?? 0)) }),
    ignored: (path, stats) =>
      stats?.isFile() === true &&
      (hints.isFinished(path) || !patterns.some(pattern => matchesGlob(path, pattern))),
  });
  watcher.on('all', (event, path) => (event === 'change' ? hints.onWrite(path) : hints.onMove()));
  watcher.on('error', onError);
  return watcher;
}
