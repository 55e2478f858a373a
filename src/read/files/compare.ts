/** Whether a file still has the content that was read. */

import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { SourcePosition } from '../../event/position.js';
import { fingerprint, identifyNow, type LogTimes } from './identify.js';

/** The same, the same with other bytes before the saved offset, or another content. */
export type Comparison = 'same' | 'changed' | 'other';

/** Compares the first line, and the bytes before the saved offset. */
export function compare(
  handle: FileHandle,
  { contentId, offset, tail }: SourcePosition,
  times: LogTimes,
): Comparison {
  const identity = identifyNow(handle, times);
  const isFile = identity.kind === 'content' || identity.kind === 'partial';
  if (!isFile || identity.contentId !== contentId) return 'other';
  const bytes = Buffer.alloc(tail.length);
  const isThere = readSync(handle.fd, bytes, 0, tail.length, offset - tail.length) === tail.length;
  return isThere && fingerprint(bytes).sha256 === tail.sha256 ? 'same' : 'changed';
}
