/** Parts of the log that are not in the archive: their event (kind `gap`), and what it is made from. */

import { z } from 'zod';
import type { DeepReadonly } from '../lib/deep-readonly.js';
import type { GapReason } from './names.js';
import type { SourceFile } from './position.js';
import { sourceSchema } from './session.js';

/** A part of the log that is not in the archive, with what is known of it. */
export const gapSchema = z.object({
  kind: z.literal('gap'),
  receivedAt: z.string(),
  gap: z.object({
    /** A GapReason, or `missing-lines` or `missing-statements` if the numbers of a session show the loss. */
    reason: z.string(),
    /** Of the record that the bytes begin with, or whose lines are missing. */
    user: z.string().exactOptional(),
    session: z.string().exactOptional(),
    line: z.string().exactOptional(),
    /** Of a record that was too large or could not be read, with its final newline. */
    sha256: z.string().exactOptional(),
    /** The session's lines that are missing. */
    firstLine: z.number().exactOptional(),
    lastLine: z.number().exactOptional(),
    /** The session's statements, as pgAudit numbers them, that are missing. */
    firstStatement: z.number().exactOptional(),
    lastStatement: z.number().exactOptional(),
    /** UTC times of the records before and after, as far as they are known. */
    after: z.iso.datetime().exactOptional(),
    before: z.iso.datetime().exactOptional(),
  }),
  /** The bytes that are missing; for `missing-lines` the record that showed it. */
  source: sourceSchema,
});
export type GapFields = DeepReadonly<z.infer<typeof gapSchema>>;

/** Bytes that were in the file and are not in the archive. */
export interface Gap {
  readonly kind: 'gap';
  readonly reason: GapReason;
  readonly offset: number;
  readonly length: number;
  /** What is known of the record that they begin with. */
  readonly record?: KnownRecord;
  /** The latest log_time before it, as the log has it. */
  readonly after?: string;
  /** When the log continues, in milliseconds since the epoch. */
  readonly before?: number;
}

export interface KnownRecord {
  readonly user?: string;
  readonly session?: string;
  readonly line?: string;
  /** Hash of its bytes, if it is whole and was too large to hold, or could not be read. */
  readonly sha256?: string;
}

/** Numbers of a session's lines, or of its statements as pgAudit counts them, that are in no file. */
export interface Missing {
  readonly of: 'lines' | 'statements';
  readonly session: string;
  readonly user: string;
  readonly first: number;
  readonly last: number;
  /** log_time of the session's numbers before and after, as the log has them; `null` if none was read before. */
  readonly after: string | null;
  readonly before: string;
  /** The record that showed it. */
  readonly file: SourceFile;
  readonly record: { readonly offset: number; readonly length: number };
}

/** As events and the daemon's log name what is missing. */
export function rangeOf({ of, first, last }: Missing): {
  firstLine?: number;
  lastLine?: number;
  firstStatement?: number;
  lastStatement?: number;
} {
  if (of === 'lines') return { firstLine: first, lastLine: last };
  return { firstStatement: first, lastStatement: last };
}
