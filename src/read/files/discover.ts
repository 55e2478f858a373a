/** Finds the files that the globs name now. */

import { glob, opendir, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { codeOf, hasCode } from '../../lib/errors.js';
import type { SourceFault } from '../record.js';

/** A path that a glob names, with its `stat`. */
export interface Listed {
  readonly path: string;
  readonly isFile: boolean;
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly modified: number;
}

/** The files with the same content, by their paths. */
export type Paths = ReadonlyMap<string, Listed>;

export function longestOf(paths: Paths): number {
  return Math.max(0, ...[...paths.values()].map(({ size }) => size));
}

export interface Listing {
  readonly files: readonly Listed[];
  readonly faults: readonly SourceFault[];
  /** Patterns that match nothing at the moment. */
  readonly unmatched: readonly string[];
}

/** Looks at the file system once. It never throws: what cannot be read is a fault. */
export async function discover(patterns: readonly string[]): Promise<Listing> {
  const faults: SourceFault[] = [];
  const paths = new Set<string>();
  const unmatched: string[] = [];
  for (const pattern of patterns) {
    faults.push(...(await unreadableFolders(pattern)));
    const matches: string[] = [];
    for await (const path of glob(await withoutMistaken(pattern))) matches.push(resolve(path));
    if (matches.length === 0) unmatched.push(pattern);
    for (const path of matches) paths.add(path);
  }
  const files: Listed[] = [];
  for (const path of [...paths].sort()) {
    try {
      const stats = await stat(path);
      const { dev, ino, size, mtimeMs: modified } = stats;
      files.push({ path, isFile: stats.isFile(), dev, ino, size, modified });
    } catch (error) {
      // Renamed or deleted since the glob saw it; the next look finds where it went.
      if (!hasCode(error, 'ENOENT')) faults.push({ path, code: codeOf(error) });
    }
  }
  return { files, faults, unmatched };
}

/** An existing file or folder is taken literally, whatever wildcards its name seems to contain: `log[1]/*.csv`. */
async function withoutMistaken(pattern: string): Promise<string> {
  let [meant, path] = ['', ''];
  for (const part of resolve(pattern).split(sep).slice(1)) {
    // Below a wildcard no path exists literally.
    path += sep + part;
    const isName = /[[*?{]/.test(part) && (await isThere(path));
    meant += sep + (isName ? part.replaceAll(/[[*?{]/g, '[$&]') : part);
  }
  return meant;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    // `glob` and the look at its folders report what is wrong with it.
    return false;
  }
}

/** Folders of the glob's path that cannot be listed: `glob` itself skips them silently. */
async function unreadableFolders(pattern: string): Promise<SourceFault[]> {
  const base = baseFolder(pattern);
  const faults = await listingFaults(base);
  const below = resolve(pattern).slice(base.length).split(sep).filter(Boolean).slice(0, -1);
  for (const depth of below.keys()) {
    // A path that `glob` saw and that is gone is a dangling link, or was deleted meanwhile.
    for await (const path of glob(join(base, ...below.slice(0, depth + 1))))
      faults.push(...(await listingFaults(path)).filter(({ code }) => code !== 'ENOENT'));
  }
  return faults;
}

async function listingFaults(folder: string): Promise<SourceFault[]> {
  try {
    await (await opendir(folder)).close();
    return [];
  } catch (error) {
    return hasCode(error, 'ENOTDIR') ? [] : [{ path: folder, code: codeOf(error) }];
  }
}

const WILDCARD = /[*?[{]|[!+@]\(/;

/** Whether a pattern is the path of one file. */
export function isPath(pattern: string): boolean {
  return !WILDCARD.test(pattern);
}

/** The deepest folder that a glob names without wildcards. */
export function baseFolder(pattern: string): string {
  const parts = resolve(pattern).split(sep);
  const magic = parts.findIndex(part => WILDCARD.test(part));
  return magic === -1 ? dirname(resolve(pattern)) : parts.slice(0, magic).join(sep) || sep;
}

/** How many folders below its base folder a glob reaches; `undefined` for any number. */
export function depthOf(pattern: string): number | undefined {
  const below = resolve(pattern)
    .slice(join(baseFolder(pattern), sep).length)
    .split(sep);
  return below.includes('**') ? undefined : below.length - 1;
}
