/** How far one sink has delivered the journal. */

import { z } from 'zod';
import type { Disk } from '../lib/disk.js';
import { readStateFile } from './statefile.js';

export interface Cursor {
  /** Every event up to this seq is delivered. */
  readonly seq: number;
  /** First seq of the segment that is being read; 0 before the first. */
  readonly firstSeq: number;
  /** The byte of it at which reading continues. */
  readonly offset: number;
}

const schema = z.object({ version: z.literal(1), seq: z.number(), firstSeq: z.number(), offset: z.number() });

/** `null` if the sink has no cursor yet. Throws a StateError if it cannot be read or understood. */
export async function readCursor(path: string): Promise<Cursor | null> {
  return await readStateFile(path, schema);
}

/** A crash before this leaves the old cursor: the sink gets the same events again, and shows them once (I6). */
export async function writeCursor(disk: Disk, path: string, cursor: Cursor): Promise<void> {
  const { seq, firstSeq, offset } = cursor;
  await disk.replace(path, JSON.stringify({ version: 1, seq, firstSeq, offset }));
}
