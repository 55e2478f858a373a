/** Takes the journal up where the last run left it. */

import { join } from 'node:path';
import { StateError } from '../errors.js';
import { hashOf, newChain } from './chain.js';
import { readCheckpoint, writeCheckpoint } from './checkpoint.js';
import { checkpointPath, type JournalOptions, segmentFolder } from './options.js';
import { listSegments, readLastLine, type SegmentFile, segmentFileName } from './segments.js';
import { dateOf, type JournalState, stateAfter } from './state.js';

const MEND = 'Restore the state folder from a copy.';

/** Throws a StateError where the checkpoint and the segments do not belong together. */
export async function openJournal(
  options: JournalOptions,
): Promise<{ state: JournalState; segments: SegmentFile[] }> {
  const { disk, instance } = options;
  const [folder, path] = [segmentFolder(options), checkpointPath(options)];
  await disk.makeFolder(folder);
  const found = await listSegments(folder);
  const saved = await readCheckpoint(path, instance);
  if (saved === null && found.length > 0) {
    throw new StateError(`${folder} holds segments, but ${path} is missing. ${MEND}`);
  }
  const state = saved ?? (await beginState(options));
  if (saved === null) await writeCheckpoint(disk, path, instance, state);
  return { state, segments: await cutToCheckpoint(options, state, found) };
}

async function beginState({ clock, findChain }: JournalOptions): Promise<JournalState> {
  const found = await findChain();
  if (typeof found !== 'string') return stateAfter(found);
  const now = clock.now();
  return {
    chain: newChain(now),
    segment: null,
    lastDate: dateOf(now),
    sealedAt: now,
    coverage: [],
    resume: { files: [], memory: null },
    origin: found,
  };
}

/**
 * What the checkpoint does not know was never committed: no sink has seen it, and it will be read again.
 * Bytes behind the open segment's committed length are left to the next write, which begins there.
 */
async function cutToCheckpoint(
  options: JournalOptions,
  { segment, chain }: JournalState,
  found: readonly SegmentFile[],
): Promise<SegmentFile[]> {
  const folder = segmentFolder(options);
  const firstUncommitted = segment === null ? chain.nextSeq : segment.firstSeq + 1;
  for (const file of found.filter(one => one.firstSeq >= firstUncommitted)) {
    await options.disk.remove(join(folder, segmentFileName(file)));
  }
  const kept = found.filter(one => one.firstSeq < firstUncommitted);
  if (segment === null) return kept;
  const open = kept.at(-1);
  const path = join(folder, segmentFileName(segment));
  if (open?.firstSeq !== segment.firstSeq || open.bytes < segment.bytes) {
    throw new StateError(`${path} is missing or shorter than the checkpoint says. ${MEND}`);
  }
  if (hashOf(await readLastLine(path, segment.bytes)) !== chain.lastHash) {
    throw new StateError(`${path} does not end as the checkpoint says. ${MEND}`);
  }
  return [...kept.slice(0, -1), { ...open, bytes: segment.bytes }];
}
