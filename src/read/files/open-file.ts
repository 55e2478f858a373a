import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;

/**
 * Opens a regular file for reading; `null` if something else has the name by now. Who may write to the folder can
 * replace a file by a pipe between two calls: without O_NONBLOCK, opening it would wait for a writer forever.
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
 * Opens a file, and keeps it open if `compare` returns `same`. Otherwise it is closed, also if `compare` throws: nobody
 * else could close the descriptor.
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
