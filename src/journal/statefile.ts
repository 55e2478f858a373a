/** Small versioned JSON files in the state folder. Each is accepted whole or not at all. */

import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { codeOf, hasCode, StateError } from '../lib/errors.js';
import { parseJson } from '../lib/json.js';

/** What to do about a damaged file. */
export const FIX = 'Move the whole state folder away: the chain is then taken up from the archive.';

/** Returns `null` if there is no such file. Throws a StateError if it cannot be read or understood. */
export async function readStateFile<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  const text = await readStateText(path);
  if (text === null) return null;
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) throw new StateError(`${path} is damaged or of another version. ${FIX}`);
  return parsed.data;
}

/** As `readStateFile`, but the caller parses the text. */
export async function readStateText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw new StateError(`${path} cannot be read (${codeOf(error)}).`, error);
  }
}
