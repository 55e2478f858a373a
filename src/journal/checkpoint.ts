/** The checkpoint file: the journal's state as of the last commit. What it does not say did not happen. */

import { stat } from 'node:fs/promises';
import { z } from 'zod';
import type { Disk } from '../disk.js';
import { hasCode, StateError } from '../errors.js';
import { coverageSchema, eventCountsSchema, positionSchema } from '../schemas.js';
import type { JournalState } from './state.js';
import { readStateFile } from './statefile.js';

const segment = z.object({
  date: z.string(),
  chain: z.string(),
  firstSeq: z.number(),
  bytes: z.number(),
  openedAt: z.number(),
  events: eventCountsSchema,
});

const sealed = z.object({
  date: z.string(),
  chain: z.string(),
  firstSeq: z.number(),
  bytes: z.number(),
  lastSeq: z.number(),
  lastHash: z.string(),
});

const checkpoint = z.object({
  version: z.literal(1),
  instance: z.string(),
  chain: z.object({ chain: z.string(), nextSeq: z.number(), lastHash: z.string() }),
  node: z.string(),
  sealed: z.array(sealed),
  segment: segment.nullable(),
  lastDate: z.string(),
  sealedAt: z.number(),
  coverage: z.array(coverageSchema),
  resume: z.object({ files: z.array(positionSchema), memory: z.unknown() }),
  origin: z
    .enum(['archive-empty', 'archive-unreadable', 'archive-unreachable', 'archive-damaged', 'taken-up'])
    .nullable(),
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

/** Tells one writing of the checkpoint from the next; `null` where there is none. */
export async function checkpointVersion(path: string): Promise<string | null> {
  try {
    const { ino, mtimeNs } = await stat(path, { bigint: true });
    return `${ino} ${mtimeNs}`;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

export async function writeCheckpoint(
  disk: Disk,
  path: string,
  instance: string,
  state: JournalState,
): Promise<void> {
  await disk.replace(path, JSON.stringify({ version: 1, instance, ...state }));
}
