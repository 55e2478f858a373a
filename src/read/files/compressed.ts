/**
 * Compressed files that the globs name. Usually they were read before compression; one that was not is an unread part
 * of the log.
 */

import type { Surveyed } from './survey.js';

export class CompressedFiles {
  /** Ids of contents that were read. */
  readonly #read = new Set<string>();
  readonly #since: number;
  readonly #wasRead: (contentId: string) => Promise<boolean>;

  /** @param since files written before this (milliseconds since the epoch) do not matter */
  constructor(since: number, wasRead: (contentId: string) => Promise<boolean>) {
    this.#since = since;
    this.#wasRead = wasRead;
  }

  async areAllRead(files: readonly Surveyed[]): Promise<boolean> {
    for (const { identity } of files) {
      if (identity.kind !== 'unsupported' || identity.packed === undefined) continue;
      const { contentId, firstTime } = identity.packed;
      if (this.#read.has(contentId) || firstTime === null || firstTime < this.#since) continue;
      if (!(await this.#wasRead(contentId))) return false;
      this.#read.add(contentId);
    }
    return true;
  }
}
