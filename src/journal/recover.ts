/** Opens the journal as the last run left it. */

import { join } from 'node:path';
import { hashOf } from '../event/line.js';
import { fileSize } from '../lib/disk.js';
import { StateError } from '../lib/errors.js';
import { readLastLine } from '../lib/last-line.js';
import { newChain } from './chain.js';
import type { CheckpointFile, Saved } from './checkpoint.js';
import { readCursor } from './cursor.js';
import { filesIn } from './files-log.js';
import { checkpointPath, type JournalOptions, segmentFolder } from './options.js';
import type { SourceFiles } from './positions.js';
import { listSegments, type SegmentFile, type SegmentName, segmentFileName } from './segments.js';
import { dateOf, type JournalState, stateAfter } from './state.js';

const FIX =
  'Put back what was there; or move the whole state folder away: the chain is then taken up from the archive.';

/** Throws a StateError if checkpoint, segments and cursors do not belong together; nothing is removed then. */
export async function openJournal(options: JournalOptions, checkpoint: CheckpointFile): Promise<Saved> {
  const { disk } = options;
  const [folder, path] = [segmentFolder(options), checkpointPath(options)];
  // Syncs the state folder even if it exists, so that renames by a killed process are durable before we act on them.
  // Otherwise a power cut could bring back a checkpoint that does not cover what a sink already has (I4, I6), or a
  // cursor that still needs a segment that is removed below (I1).
  await disk.makeFolder(folder, options.directory);
  const found = await listSegments(folder);
  const saved = await checkpoint.read();
  if (saved === null && found.length > 0) {
    throw new StateError(`${folder} contains segments, but ${path} is missing. ${FIX}`);
  }
  const opened = saved ?? (await begin(options));
  const { state, files, unsealed } = opened;
  if (saved === null)
    await checkpoint.write(
      state,
      [...files].map(([source, all]) => ({ source, files: all })),
    );
  const delivered = await readDelivered(options, state);
  const undone = state.sealed.filter(({ lastSeq }) => lastSeq > delivered.byAll);
  const names = new Set(found.map(segmentFileName));
  // Without a witness a segment was dropped once the others had it; the checkpoint may still name it.
  const sealed = undone.filter(one => one.lastSeq > delivered.byLasting || names.has(segmentFileName(one)));
  await checkSealed(folder, sealed);
  await checkOpen(folder, state);
  const undelivered = { ...state, sealed, ...lastSealOf(state) };
  await removeUnneeded(options, undelivered, found);
  return { state: undelivered, files, unsealed };
}

async function begin({ clock, node, findChain }: JournalOptions): Promise<Saved> {
  const none: SourceFiles = new Map();
  const found = await findChain();
  if ('chain' in found)
    return { state: stateAfter(node, found), files: filesIn(found.files), unsealed: none };
  const { reason, previousChain } = found;
  const now = clock.now();
  const state = {
    node,
    chain: newChain(now),
    sealed: [],
    segment: null,
    lastDate: dateOf(now),
    sealedAt: now,
    coverage: [],
    facts: new Map(),
    origin: reason,
    ...(previousChain === undefined ? {} : { previousChain }),
  };
  return { state, files: none, unsealed: none };
}

/** A state of version 0.1 does not name the last seal, but may show it. */
function lastSealOf({ lastSeal, sealed, segment, chain }: JournalState): Pick<JournalState, 'lastSeal'> {
  if (lastSeal !== undefined) return { lastSeal };
  const newest = sealed.at(-1);
  if (newest !== undefined) return { lastSeal: { seq: newest.lastSeq, hash: newest.lastHash } };
  if (segment !== null || chain.nextSeq === 1) return {};
  return { lastSeal: { seq: chain.nextSeq - 1, hash: chain.lastHash } };
}

/** Seq of the last event that every sink has, and that every sink has which was there from the beginning. */
async function readDelivered(
  { cursors, laterCursors = [] }: JournalOptions,
  { chain }: JournalState,
): Promise<{ readonly byAll: number; readonly byLasting: number }> {
  const seqs = new Map<string, number>();
  for (const path of cursors) {
    const seq = (await readCursor(path))?.seq ?? 0;
    if (seq >= chain.nextSeq) throw new StateError(`${path} is ahead of the journal. ${FIX}`);
    seqs.set(path, seq);
  }
  const lasting = cursors.filter(path => !laterCursors.includes(path));
  return {
    byAll: Math.min(...seqs.values()),
    byLasting: Math.min(...lasting.map(path => seqs.get(path) ?? 0)),
  };
}

/** Sealed segments that are not delivered must exist; their content is checked when the archive object is made. */
async function checkSealed(folder: string, sealed: readonly SegmentFile[]): Promise<void> {
  for (const segment of sealed) {
    const path = join(folder, segmentFileName(segment));
    if ((await fileSize(path)) !== segment.bytes) {
      throw new StateError(`${path} is missing or has another length. ${FIX}`);
    }
  }
}

async function checkOpen(folder: string, { segment, chain }: JournalState): Promise<void> {
  if (segment === null) return;
  const path = join(folder, segmentFileName(segment));
  if ((await fileSize(path)) < segment.bytes) {
    throw new StateError(`${path} is missing or shorter than the checkpoint says. ${FIX}`);
  }
  if (hashOf(await readLastLine(path, segment.bytes)) !== chain.lastHash) {
    throw new StateError(`${path} does not end as the checkpoint says. ${FIX}`);
  }
}

/**
 * Removes segments that nobody needs. A segment that the checkpoint does not name was never committed: no sink has seen
 * it, and its records are read again. A segment that every sink has was about to be removed when the last run was
 * killed, or a power cut brought it back (I9). Bytes after the committed length of the open segment stay: the next
 * write overwrites them.
 */
async function removeUnneeded(
  options: JournalOptions,
  { sealed, segment }: JournalState,
  found: readonly SegmentName[],
): Promise<void> {
  const needed = new Set([...sealed, ...(segment === null ? [] : [segment])].map(segmentFileName));
  for (const name of found.map(segmentFileName).filter(one => !needed.has(one))) {
    await options.disk.remove(join(segmentFolder(options), name));
  }
}
