/** Finds where the chain ended, for a daemon that lost its state folder, or whose state is an old copy. */

import type { PreviousChain } from '../../event/lifecycle.js';
import type { ChainEnd, SealedPosition } from '../../event/seal.js';
import { hasCode, ShipperError } from '../../lib/errors.js';
import { type ArchivePlace, folderOf, parseObjectName } from '../../lib/object-name.js';
import { endOfObject, type IsOwnSeal, type ObjectEnd } from './object-end.js';
import type { ArchiveStore } from './store.js';

/**
 * The end of the newest chain of this instance and node; `null` if the archive has none. Throws the ShipperErrors of
 * `endOfObject`, about the newest object or those before it that are needed for their positions.
 *
 * @param isOwnSeal `null` if no key is configured
 */
export async function findChainEnd(
  store: ArchiveStore,
  place: ArchivePlace,
  isOwnSeal: IsOwnSeal | null = null,
): Promise<ChainEnd | null> {
  let newest: ObjectEnd | null = null;
  let next: ObjectEnd | null = null;
  const files = new Map<string, SealedPosition>();
  for await (const path of newestFirst(store, place)) {
    const found = await endOfObject(path, store, isOwnSeal);
    if (next !== null && !precedes(found, next)) throw incomplete(next.path);
    newest ??= found;
    next = found;
    for (const file of found.end.files) if (!files.has(keyOf(file))) files.set(keyOf(file), file);
    if (found.hasAll) return { ...newest.end, files: [...files.values()] };
  }
  if (next !== null) throw incomplete(next.path);
  return null;
}

/** How many objects are tried, newest first, if the newer ones cannot be trusted. */
const MOST_TRIED = 16;

/**
 * The seq up to which the archive has this chain, if that is more than `lastSeq`, where the daemon's state ends: the
 * state is an old copy then. `null` if it has no more. Objects that `endOfObject` refuses do not count.
 *
 * @param isOwnSeal `null` if no key is configured
 */
export async function findAhead(
  store: ArchiveStore,
  place: ArchivePlace,
  { chain, lastSeq }: Pick<ChainEnd, 'chain' | 'lastSeq'>,
  isOwnSeal: IsOwnSeal | null,
): Promise<number | null> {
  let tried = 0;
  for await (const path of newestFirst(store, place)) {
    const name = parseObjectName(path);
    // A chain's name begins with the day on which it began.
    if (name === null || name.date.replaceAll('-', '') < chain.slice(0, 8)) break;
    if (name.chain !== chain) continue;
    if (name.lastSeq <= lastSeq || ++tried > MOST_TRIED) break;
    if ((await previousOf(path, store, isOwnSeal)) !== null) return name.lastSeq;
  }
  return null;
}

function precedes({ end: { chain, lastSeq, lastHash } }: ObjectEnd, next: ObjectEnd): boolean {
  return chain === next.end.chain && lastSeq + 1 === next.firstSeq && lastHash === next.previousHash;
}

function keyOf({ source = '', contentId }: SealedPosition): string {
  return JSON.stringify([source, contentId]);
}

/** Without all positions, files that were read would be read again into the same chain. */
function incomplete(path: string): ShipperError {
  return new ShipperError(
    'archive-damaged',
    `the object before ${path} in the archive is missing, or is not of the same chain: without it the positions in older log files are not known`,
  );
}

/**
 * The chain before a new one: that of the newest object whose seal the daemon's own key has signed, else of the newest
 * object that matches its name; `null` if none of the newest objects does.
 */
export async function findPreviousChain(
  store: ArchiveStore,
  place: ArchivePlace,
  isOwnSeal: IsOwnSeal | null,
): Promise<PreviousChain | null> {
  let readable: PreviousChain | null = null;
  let tried = 0;
  for await (const path of newestFirst(store, place)) {
    if (++tried > MOST_TRIED) break;
    const own = await previousOf(path, store, isOwnSeal);
    if (own !== null) return own;
    readable ??= isOwnSeal === null ? null : await previousOf(path, store, null);
  }
  return readable;
}

async function previousOf(
  path: string,
  store: ArchiveStore,
  isOwnSeal: IsOwnSeal | null,
): Promise<PreviousChain | null> {
  try {
    const { end } = await endOfObject(path, store, isOwnSeal);
    const { chain, lastSeq: seq, lastHash } = end;
    return { chain, seq, hash: lastHash };
  } catch (error) {
    if (hasCode(error, 'archive-damaged', 'archive-unsigned')) return null;
    throw error;
  }
}

/** The objects of this instance and node, newest first by their names. */
async function* newestFirst(store: ArchiveStore, place: ArchivePlace): AsyncGenerator<string> {
  const days = (await store.list(folderOf(place))).filter(name => /\/date=[\d-]+\/$/.test(name));
  for (const day of days.reverse())
    yield* (await store.list(day)).filter(name => parseObjectName(name) !== null).reverse();
}
