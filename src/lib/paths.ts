/** Where the project's files are, for `src`, which the tests run, and for `dist` alike. */

import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';

const PROJECT = dirname(findPackageJSON(import.meta.url) ?? '');

/** Absolute; `path` is relative to the project's folder. */
export function inProject(path: string): string {
  return join(PROJECT, path);
}
