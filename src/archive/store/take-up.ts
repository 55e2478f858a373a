/** What a daemon without state does: it takes its chain up from the archive, or says why it begins a new one. */

import type { NewChain } from '../../event/lifecycle.js';
import type { NewChainReason } from '../../event/names.js';
import type { ChainEnd } from '../../event/seal.js';
import { type Clock, hasPassed, sleep } from '../../lib/clock.js';
import { unlessAborted } from '../../lib/deadline.js';
import { codeOf, hasCode } from '../../lib/errors.js';
import type { ArchivePlace } from '../../lib/object-name.js';
import { findChainEnd, findPreviousChain, type IsOwnSeal } from './newest.js';
import type { ArchiveStore } from './store.js';

export interface TakeUpOptions {
  readonly clock: Clock;
  /** Milliseconds in which an archive that does not answer may come back. */
  readonly patience: number;
  /** `null` where no key is configured. */
  readonly isOwnSeal: IsOwnSeal | null;
  readonly report: {
    /** `isFinal`: a new chain begins. */
    takeUpFailed(error: unknown, isFinal: boolean): void;
  };
}

const RETRY = 500;

/**
 * Where the archive cannot be read, or does not answer for too long, a new chain begins, lest the other sink wait
 * for it. Throws the signal's reason when it aborts.
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

/** Where the archive can be read, and its newest object cannot be believed, an older one tells of the chain before. */
async function newChain(
  reason: NewChainReason,
  store: ArchiveStore,
  place: ArchivePlace,
  isOwnSeal: IsOwnSeal | null,
): Promise<NewChain> {
  if (reason !== 'archive-damaged' && reason !== 'archive-unsigned') return { reason };
  // What cannot be read now is not waited for a second time.
  const previousChain = await findPreviousChain(store, place, isOwnSeal).catch(() => null);
  return previousChain === null ? { reason } : { reason, previousChain };
}

/** The archive has answered, and will not answer otherwise the next time. */
function finalReason(error: unknown): NewChainReason | null {
  if (hasCode(error, 'archive-damaged')) return 'archive-damaged';
  if (hasCode(error, 'archive-unsigned')) return 'archive-unsigned';
  const isRefused = /^(4\d\d|501)$/.test(codeOf(error)) && !hasCode(error, '408', '429');
  return isRefused || hasCode(error, 'EACCES', 'EPERM', 'ENOTDIR') ? 'archive-unreadable' : null;
}
