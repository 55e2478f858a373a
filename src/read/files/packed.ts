/** What a compressed file begins with. */

import { constants, gunzipSync } from 'node:zlib';

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
