/** The checkpoint file: the journal's state as of the last commit. What it does not say did not happen. */

import { z } from 'zod';
import type { Disk } from '../disk.js';
import { StateError } from '../errors.js';
import type { JournalState } from './state.js';
import { readStateFile } from './statefile.js';

const counts = z.record(z.string(), z.number());
const records = z.object({ read: z.number(), shipped: z.number(), dropped: counts, rejected: counts });
const coverage = z.object({
  file: z.string(),
  fileId: z.string(),
  from: z.number(),
  to: z.number(),
  records,
});
const position = z.object({
  fileId: z.string(),
  path: z.string(),
  firstTime: z.string(),
  lastTime: z.string(),
  offset: z.number(),
  size: z.number(),
  tail: z.object({ length: z.number(), sha256: z.string() }),
});
const segment = z.object({
  date: z.string(),
  chain: z.string(),
  firstSeq: z.number(),
  bytes: z.number(),
  openedAt: z.number(),
  events: counts,
});

const checkpoint = z.object({
  version: z.literal(1),
  instance: z.string(),
  chain: z.object({ chain: z.string(), nextSeq: z.number(), lastHash: z.string() }),
  segment: segment.nullable(),
  lastDate: z.string(),
  sealedAt: z.number(),
  coverage: z.array(coverage),
  resume: z.object({ files: z.array(position), memory: z.unknown() }),
});

/**
 * Returns `null` where there is none yet. Throws a StateError where it cannot be read or understood, or
 * belongs to another instance.
 */
export async function readCheckpoint(path: string, instance: string): Promise<JournalState | null> {
  const saved = await readStateFile(path, checkpoint);
  if (saved !== null && saved.instance !== instance) {
    throw new StateError(`${path} belongs to another instance: give each its own state.directory.`);
  }
  return saved;
}

export async function writeCheckpoint(
  disk: Disk,
  path: string,
  instance: string,
  state: JournalState,
): Promise<void> {
  await disk.replace(path, JSON.stringify({ version: 1, instance, ...state }));
}
