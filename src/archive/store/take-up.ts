/** A daemon without state takes its chain up from the archive, or says why it begins a new one. */

import type { NewChain } from '../../event/lifecycle.js';
import type { NewChainReason } from '../../event/names.js';
import type { ChainEnd } from '../../event/seal.js';
import { type Clock, hasPassed, sleep } from '../../lib/clock.js';
import { unlessAborted } from '../../lib/deadline.js';
import { codeOf, hasCode } from '../../lib/errors.js';
import type { ArchivePlace } from '../../lib/object-name.js';
import { findChainEnd, findPreviousChain } from './newest.js';
import type { IsOwnSeal } from './object-end.js';
import type { ArchiveStore } from './store.js';

export interface TakeUpOptions {
  readonly clock: Clock;
  /** Milliseconds that an archive that does not answer gets to come back. */
  readonly patience: number;
  /** `null` if no key is configured. */
  readonly isOwnSeal: IsOwnSeal | null;
  readonly report: {
    /** `isFinal`: a new chain begins. */
    takeUpFailed(error: unknown, isFinal: boolean): void;
  };
}

const RETRY = 500;

/**
 * If the archive cannot be read, or does not answer for too long, a new chain begins, so that the other sink does not
 * have to wait. Throws the signal's reason when it aborts.
 */
export async function takeUpChain(
  store: ArchiveStore,
  place: ArchivePlace,
  { clock, patience, isOwnSeal, report }: TakeUpOptions,
  stop: AbortSignal,
): Promise<ChainEnd | NewChain> {
  const start = clock.now();
  for (;;) {
    stop.throwIfAborted();
    try {
      const found = await unlessAborted(findChainEnd(store, place, isOwnSeal), stop);
      return found ?? { reason: 'archive-empty' };
    } catch (error) {
      stop.throwIfAborted();
      const reason =
        finalReason(error) ?? (hasPassed(start, clock.now(), patience) ? 'archive-unreachable' : null);
      report.takeUpFailed(error, reason !== null);
      if (reason !== null) return await newChain(reason, store, place, isOwnSeal);
    }
    await sleep(clock, RETRY, stop);
  }
}

/** If the archive can be read but its newest object cannot be trusted, an older object names the chain before. */
async function newChain(
  reason: NewChainReason,
  store: ArchiveStore,
  place: ArchivePlace,
  isOwnSeal: IsOwnSeal | null,
): Promise<NewChain> {
  if (reason !== 'archive-damaged' && reason !== 'archive-unsigned') return { reason };
  // If this fails, too, there is no second wait.
  const previousChain = await findPreviousChain(store, place, isOwnSeal).catch(() => null);
  return previousChain === null ? { reason } : { reason, previousChain };
}

/** The archive has answered, and the answer will be the same next time. */
function finalReason(error: unknown): NewChainReason | null {
  if (hasCode(error, 'archive-damaged')) return 'archive-damaged';
  if (hasCode(error, 'archive-unsigned')) return 'archive-unsigned';
  const isRefused = /^(4\d\d|501)$/.test(codeOf(error)) && !hasCode(error, '408', '429');
  return isRefused || hasCode(error, 'EACCES', 'EPERM', 'ENOTDIR') ? 'archive-unreadable' : null;
}
