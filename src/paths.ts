/** Where the project's files are: `src`, which the tests run, and `dist` lie beside each other in it. */

import { fileURLToPath } from 'node:url';

/** Absolute; `path` is relative to the project's folder. */
export function inProject(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}
