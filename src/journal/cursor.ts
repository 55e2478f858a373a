/** How far one sink has come in the journal. */

import { z } from 'zod';
import type { Disk } from '../lib/disk.js';
import { readStateFile } from './statefile.js';

export interface Cursor {
  /** Every event up to this seq is delivered. */
  readonly seq: number;
  /** The segment that begins with this seq is being read; 0 before the first. */
  readonly firstSeq: number;
  /** Reading goes on at this byte of it. */
  readonly offset: number;
}

const schema = z.object({ version: z.literal(1), seq: z.number(), firstSeq: z.number(), offset: z.number() });

/** `null` where the sink has no cursor yet. Throws a StateError where it cannot be read or understood. */
export async function readCursor(path: string): Promise<Cursor | null> {
  return await readStateFile(path, schema);
}

/** A crash before this leaves the old cursor: the sink is sent the same again, and shows it once (I6). */
export async function writeCursor(disk: Disk, path: string, cursor: Cursor): Promise<void> {
  const { seq, firstSeq, offset } = cursor;
  await disk.replace(path, JSON.stringify({ version: 1, seq, firstSeq, offset }));
}
