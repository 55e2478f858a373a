/** What may have happened to a content that is no longer where it was; reported only once it is certain. */

import { hasPassed } from '../../lib/clock.js';

/** Milliseconds: a content that is missing or changed for this long is not just being renamed or copied. */
export const SETTLE = 3000;

/**
 * Why the rest of a content cannot be read any more: its file has other content, is gone, has other bytes where it was
 * read, or ends before the saved offset.
 */
export type Loss = 'truncated' | 'vanished' | 'changed' | 'shortened';

export class Doubts {
  /** The file that was being read was overwritten. */
  #isReplaced = false;
  /** Since when no path has the unread rest. */
  #missingSince: number | null = null;
  /** Since when a path has this content's beginning, but other bytes before the saved offset. */
  #changedSince: number | null = null;
  /** Since when all paths end before the saved offset, and where the longest one ends. */
  #shortened: { readonly since: number; readonly size: number } | null = null;

  /** Something is wrong that may turn out to be a rename or copy in progress. */
  get areAny(): boolean {
    return [this.#missingSince, this.#changedSince, this.#shortened].some(one => one !== null);
  }

  /** How the rest was lost, once it is certain as of `now`. */
  loss(now: number): Loss | null {
    const isCertain = (since: number | null | undefined): boolean =>
      since != null && hasPassed(since, now, SETTLE);
    if (isCertain(this.#changedSince)) return 'changed';
    if (isCertain(this.#shortened?.since)) return 'shortened';
    if (!isCertain(this.#missingSince)) return null;
    return this.#isReplaced ? 'truncated' : 'vanished';
  }

  /** Notes a complete look; `endsAt`: where the longest file ends, if that is before the saved offset. */
  looked(found: { readonly isMissing: boolean; readonly endsAt: number | null }, now: number): void {
    if (!found.isMissing) this.#missingSince = null;
    else this.#missingSince ??= now;
    if (found.endsAt === null) this.#shortened = null;
    else if (this.#shortened?.size !== found.endsAt) this.#shortened = { since: now, size: found.endsAt };
  }

  replaced(): void {
    this.#isReplaced = true;
  }

  changed(now: number): void {
    this.#changedSince ??= now;
  }

  /** The content was found again, or was given up. */
  settle(): void {
    this.#missingSince = null;
    this.#changedSince = null;
    this.#shortened = null;
  }
}
