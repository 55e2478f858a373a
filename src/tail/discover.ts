/** Which files the globs name now. */

import { glob, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { codeOf, hasCode } from '../errors.js';

/** A path that a glob names, as `stat` sees it. */
export interface Listed {
  readonly path: string;
  readonly isFile: boolean;
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly modified: number;
}

/** A path that could not be looked at, with the operating system's code (ENOENT, EACCES, …). */
export interface Fault {
  readonly path: string;
  readonly code: string;
}

export interface Listing {
  readonly files: readonly Listed[];
  readonly faults: readonly Fault[];
}

/** Looks at the file system once; it never throws, what cannot be read is a fault. */
export async function discover(patterns: readonly string[]): Promise<Listing> {
  const faults: Fault[] = [];
  const paths = new Set<string>();
  for (const pattern of patterns) {
    try {
      await readdir(baseFolder(pattern));
      for await (const path of glob(pattern)) paths.add(resolve(path));
    } catch (error) {
      faults.push({ path: baseFolder(pattern), code: codeOf(error) });
    }
  }
  const files: Listed[] = [];
  for (const path of [...paths].sort()) {
    try {
      const stats = await stat(path);
      const { dev, ino, size, mtimeMs: modified } = stats;
      files.push({ path, isFile: stats.isFile(), dev, ino, size, modified });
    } catch (error) {
      // It was renamed or deleted since the glob saw it; the next look sees where it went.
      if (!hasCode(error, 'ENOENT')) faults.push({ path, code: codeOf(error) });
    }
  }
  return { files, faults };
}

/** The deepest folder that a glob names without wildcards. */
export function baseFolder(pattern: string): string {
  const parts = resolve(pattern).split(sep);
  const magic = parts.findIndex(part => /[*?[\]{}()!+@]/.test(part));
  return magic === -1 ? dirname(resolve(pattern)) : parts.slice(0, magic).join(sep) || sep;
}

/** How many folders below its base folder a glob reaches; `undefined` for any number. */
export function depthOf(pattern: string): number | undefined {
  const below = resolve(pattern)
    .slice(join(baseFolder(pattern), sep).length)
    .split(sep);
  return below.includes('**') ? undefined : below.length - 1;
}
