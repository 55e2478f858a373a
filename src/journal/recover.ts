/** Takes the journal up where the last run left it. */

import { join } from 'node:path';
import { StateError } from '../errors.js';
import { hashOf, newChain } from './chain.js';
import { readCheckpoint, writeCheckpoint } from './checkpoint.js';
import type { JournalOptions } from './journal.js';
import { listSegments, readLastLine, type SegmentFile, segmentFileName } from './segments.js';
import { dateOf, type JournalState } from './state.js';

/** Throws a StateError where the checkpoint and the segments do not belong together. */
export async function openJournal(
  options: JournalOptions,
): Promise<{ state: JournalState; segments: SegmentFile[] }> {
  const { directory, disk, instance } = options;
  await disk.makeFolder(directory);
  const found = await listSegments(directory);
  const checkpointPath = join(directory, '..', 'checkpoint.json');
  const saved = await readCheckpoint(checkpointPath, instance);
  if (saved === null && found.length > 0) {
    throw new StateError(
      `${directory} holds segments, but ${checkpointPath} is missing. Restore it from a copy.`,
    );
  }
  const state = saved ?? firstState(options);
  if (saved === null) await writeCheckpoint(disk, checkpointPath, instance, state);
  return { state, segments: await cutToCheckpoint(options, state, found) };
}

function firstState({ clock }: JournalOptions): JournalState {
  const now = clock.now();
  return {
    chain: newChain(now),
    segment: null,
    lastDate: dateOf(now),
    sealedAt: now,
    coverage: [],
    files: [],
    memory: null,
  };
}

/**
 * What the checkpoint does not know was never committed: no sink has seen it, and it will be read again.
 * Bytes behind the open segment's committed length are left to the next write, which begins there.
 */
async function cutToCheckpoint(
  { directory, disk }: JournalOptions,
  { segment, chain }: JournalState,
  found: readonly SegmentFile[],
): Promise<SegmentFile[]> {
  const firstUncommitted = segment === null ? chain.nextSeq : segment.firstSeq + 1;
  for (const file of found.filter(one => one.firstSeq >= firstUncommitted)) {
    await disk.remove(join(directory, segmentFileName(file)));
  }
  const kept = found.filter(one => one.firstSeq < firstUncommitted);
  if (segment === null) return kept;
  const open = kept.at(-1);
  const path = join(directory, segmentFileName(segment));
  if (open?.firstSeq !== segment.firstSeq || open.bytes < segment.bytes) {
    throw new StateError(
      `${path} is missing or shorter than the checkpoint says. Restore the state folder from a copy.`,
    );
  }
  if (hashOf(await readLastLine(path, segment.bytes)) !== chain.lastHash) {
    throw new StateError(
      `${path} does not end as the checkpoint says. Restore the state folder from a copy.`,
    );
  }
  return [...kept.slice(0, -1), { ...open, bytes: segment.bytes }];
}
