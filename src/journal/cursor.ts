/** How far one sink has come in the journal. */

import { z } from 'zod';
import type { Disk } from '../disk.js';
import { readStateFile } from './statefile.js';

export interface Cursor {
  /** Every event up to this seq is delivered. */
  readonly seq: number;
  /** The segment that begins with this seq is being read; 0 before the first. */
  readonly firstSeq: number;
  /** Reading goes on at this byte of it. */
  readonly offset: number;
}

export const START: Cursor = { seq: 0, firstSeq: 0, offset: 0 };

const schema = z.object({ version: z.literal(1), seq: z.number(), firstSeq: z.number(), offset: z.number() });

/** `START` where the sink has no cursor yet. Throws a StateError where it cannot be read or understood. */
export async function readCursor(path: string): Promise<Cursor> {
  const { seq, firstSeq, offset } = (await readStateFile(path, schema)) ?? START;
  return { seq, firstSeq, offset };
}

/** A crash before this leaves the old cursor: the sink is sent the same again, and shows it once (I6). */
export async function writeCursor(disk: Disk, path: string, cursor: Cursor): Promise<void> {
  await disk.replace(path, JSON.stringify({ version: 1, ...cursor }));
}
