/** Finds the project's files, from `src`, which the tests run, as from `dist`. */

import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';

const PROJECT = dirname(findPackageJSON(import.meta.url) ?? '');

/** Absolute; `path` is relative to the project's folder. */
export function inProject(path: string): string {
  return join(PROJECT, path);
}
