/** The file in which a verification leaves what it proved, for the next one (`--bookmark`). */

import { readFile } from 'node:fs/promises';
import {
  type Bookmark,
  type BookmarkTerms,
  bookmarkSchema,
  misfitOf,
} from '../../archive/verify/bookmark.js';
import { codeOf, hasCode } from '../../lib/errors.js';
import { parseJson } from '../../lib/json.js';
import { UsageError } from './usage.js';
import { writeWhole } from './write-whole.js';

/** `null` if there is no such file yet. Throws a UsageError if it is no bookmark, or one on other terms. */
export async function readBookmark(path: string, terms: BookmarkTerms): Promise<Bookmark | null> {
  const text = await textOf(path);
  if (text === null) return null;
  const parsed = bookmarkSchema.safeParse(parseJson(text));
  const misfit = parsed.success ? misfitOf(parsed.data, terms) : 'it is not a bookmark, or damaged';
  if (misfit !== null || !parsed.success)
    throw new UsageError(
      `${path}: ${misfit}: give the same options as before, or another file to begin anew`,
    );
  return parsed.data;
}

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw new UsageError(`${path} cannot be read (${codeOf(error)})`);
  }
}

export async function writeBookmark(path: string, bookmark: Bookmark): Promise<void> {
  await writeWhole(path, JSON.stringify(bookmark));
}
