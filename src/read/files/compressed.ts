/**
 * Compressed files that the globs name. Usually they were read before compression; one that was not is an unread part
 * of the log.
 */

import { constants, gunzipSync } from 'node:zlib';
import type { Surveyed } from './survey.js';

/** Bytes that are unpacked, to at most a thousand times as many: enough for a record's first line. */
const MOST = 4 * 1024;

/** The beginning of gzip's content, from the file's first bytes; `null` if it is not gzip. */
export function startOfPacked(bytes: Buffer): Buffer | null {
  try {
    return gunzipSync(bytes.subarray(0, MOST), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

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
