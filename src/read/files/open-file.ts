import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;

/**
 * Opens a regular file for reading; `null` where something else has the name by now. Whoever may write to the folder can
 * put a pipe in a file's place between two calls: without O_NONBLOCK its opening would wait for a writer for ever.
 */
export async function openFile(path: string): Promise<FileHandle | null> {
  const handle = await open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  try {
    if ((await handle.stat()).isFile()) return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return null;
}

/**
 * Opens a file that is to be kept open where `compare` says `same`. Else it is closed again, also where that throws: a
 * descriptor that nobody knows would never be.
 */
export async function openSame<T extends string>(
  path: string,
  compare: (handle: FileHandle) => T,
): Promise<{ readonly handle: FileHandle | null; readonly comparison: T | 'other' }> {
  const handle = await openFile(path);
  if (handle === null) return { handle, comparison: 'other' };
  let comparison: T | 'other' = 'other';
  try {
    comparison = compare(handle);
  } finally {
    if (comparison !== 'same') await handle.close();
  }
  return { handle: comparison === 'same' ? handle : null, comparison };
}
