/** Finds the files that the globs name now. */

import type { Stats } from 'node:fs';
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
  /** Where its content is, if not at its path: it is compressed. */
  readonly openAs?: string;
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
  /** The folders in which a file may appear that the globs name. */
  readonly folders: readonly string[];
}

/** Looks at the file system once. It never throws: what cannot be read is a fault. */
export async function discover(patterns: readonly string[]): Promise<Listing> {
  const faults: SourceFault[] = [];
  const paths = new Set<string>();
  const unmatched: string[] = [];
  const folders = new Set<string>();
  for (const pattern of patterns) {
    for (const { path, fault } of await foldersOf(pattern)) {
      folders.add(path);
      if (fault !== null) faults.push({ path, code: fault });
    }
    const matches: string[] = [];
    for await (const path of glob(await withoutMistaken(pattern))) matches.push(resolve(path));
    if (matches.length === 0) unmatched.push(pattern);
    for (const path of matches) paths.add(path);
  }
  const files: Listed[] = [];
  for (const path of [...paths].sort()) {
    try {
      files.push(await listedAt(path));
    } catch (error) {
      // Renamed or deleted since the glob saw it; the next look finds where it went.
      if (!hasCode(error, 'ENOENT')) faults.push({ path, code: codeOf(error) });
    }
  }
  return { files, faults, unmatched, folders: [...folders] };
}

/** Throws the error of `stat`. */
export async function listedAt(path: string): Promise<Listed> {
  return listedAs(path, await stat(path));
}

export function listedAs(path: string, stats: Stats): Listed {
  const { dev, ino, size, mtimeMs: modified } = stats;
  return { path, isFile: stats.isFile(), dev, ino, size, modified };
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

interface Folder {
  readonly path: string;
  /** Why it cannot be listed: `glob` itself skips it silently. */
  readonly fault: string | null;
}

/** The folders of the glob's path, and what else its parts name. */
async function foldersOf(pattern: string): Promise<Folder[]> {
  const base = baseFolder(pattern);
  const folders = [{ path: base, fault: await listingFault(base) }];
  const below = resolve(pattern).slice(base.length).split(sep).filter(Boolean).slice(0, -1);
  for (const depth of below.keys()) {
    // A path that `glob` saw and that is gone is a dangling link, or was deleted meanwhile.
    for await (const path of glob(join(base, ...below.slice(0, depth + 1)))) {
      const fault = await listingFault(path);
      folders.push({ path, fault: fault === 'ENOENT' ? null : fault });
    }
  }
  return folders;
}

/** `null` if it can be listed, or is no folder. */
async function listingFault(path: string): Promise<string | null> {
  try {
    await (await opendir(path)).close();
    return null;
  } catch (error) {
    return hasCode(error, 'ENOTDIR') ? null : codeOf(error);
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
