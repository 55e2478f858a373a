/** How far a log file was read, as checkpoints and seals keep it. */

import { z } from 'zod';
import type { DeepReadonly } from '../lib/deep-readonly.js';
import { LOG_FORMATS } from '../lib/log-format.js';

/** A log file, named by what it holds. */
export const sourceFileSchema = z.object({
  /** A hash over the file's first line; another hash if its bytes changed after they were read. */
  fileId: z.string(),
  path: z.string(),
  /** The file is read again since its bytes changed: records up to this log_time were read before. */
  rereadUntil: z.string().exactOptional(),
});
export type SourceFile = DeepReadonly<z.infer<typeof sourceFileSchema>>;

/** Everything before byte `offset` was read. */
export const positionSchema = sourceFileSchema.extend({
  /** A hash over the file's first line. */
  contentId: z.string(),
  /** Missing for csvlog. */
  format: z.enum(LOG_FORMATS).exactOptional(),
  /** log_time of the first record in milliseconds since the epoch, for the order of files. */
  firstTime: z.number().nullable(),
  /** The latest log_time that was read, as the log has it; empty before the first. */
  lastTime: z.string(),
  /** How many columns that record had; 0 before the first. */
  columns: z.number(),
  offset: z.number(),
  /** The largest size that was seen: bytes between `offset` and here must not vanish without a gap. */
  size: z.number(),
  /** SHA-256 (hex) of the `length` bytes before `offset`, to see whether they are still the same. */
  tail: z.object({ length: z.number(), sha256: z.string() }),
  /** It was given to `backfill`, and `source.files` has never named it: its end says nothing about the server's log. */
  backfilled: z.literal(true).exactOptional(),
});
export type SourcePosition = DeepReadonly<z.infer<typeof positionSchema>>;

/** The order in which files were written: by the time of their first record. */
export function inWritingOrder(
  a: Pick<SourcePosition, 'firstTime' | 'path'>,
  b: Pick<SourcePosition, 'firstTime' | 'path'>,
): number {
  const [from, to] = [a.firstTime ?? Number.NEGATIVE_INFINITY, b.firstTime ?? Number.NEGATIVE_INFINITY];
  if (from !== to) return from < to ? -1 : 1;
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
