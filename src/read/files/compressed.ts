/** Compressed files among the globs: as a rule they were read before, and one that never was is a part of the log. */

import { constants, gunzipSync } from 'node:zlib';
import type { Surveyed } from './survey.js';

/** Bytes that are unpacked, to at most a thousand times as many: a record's first line is in the first of them. */
const MOST = 4 * 1024;

/** The beginning of what gzip has packed, of whose bytes only the first are there; `null` where it is none. */
export function startOfPacked(bytes: Buffer): Buffer | null {
  try {
    return gunzipSync(bytes.subarray(0, MOST), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

export class CompressedFiles {
  /** Contents that were read, by their ids. */
  readonly #read = new Set<string>();
  readonly #since: number;
  readonly #wasRead: (contentId: string) => Promise<boolean>;

  /** @param since what was written before (milliseconds since the epoch) is of no interest */
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
