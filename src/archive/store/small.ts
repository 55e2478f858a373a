/** Small objects are read whole: most of an archive's objects are, and a stream for each takes longer than its content. */

import type { ArchiveStore } from './store.js';
import type { ArchivedObject } from './walk.js';

/** Bytes. */
const SMALL = 256 * 1024;

/** The object's bytes; `null` if it is not small. */
export async function readSmall(
  store: ArchiveStore,
  { path, stored }: Pick<ArchivedObject, 'path' | 'stored'>,
): Promise<Buffer | null> {
  return stored !== null && stored.size > SMALL ? null : await store.read(path, SMALL);
}
