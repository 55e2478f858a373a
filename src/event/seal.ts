/** The last line of a segment (kind `seal`): what the segment holds, and what was read to make it. */

import { z } from 'zod';
import type { DeepReadonly } from '../lib/deep-readonly.js';
import { eventCountsSchema, recordCountsSchema } from './counts.js';
import { SEAL_REASONS } from './names.js';
import { positionSchema } from './position.js';
import { type ReadRows, readRowsSchema } from './row.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** The server's instance, if it is another than that of the chain. */
const source = z.string().exactOptional();

/** What was read of one file between two seals: bytes `from` to `to`. */
export const coverageSchema = z.object({
  source,
  file: z.string(),
  fileId: z.string(),
  from: z.number(),
  to: z.number(),
  records: recordCountsSchema,
});
export type Coverage = DeepReadonly<z.infer<typeof coverageSchema>>;

/** The position at which reading of one file continues. */
export const sealedPositionSchema = positionSchema.extend({ source });
export type SealedPosition = DeepReadonly<z.infer<typeof sealedPositionSchema>>;

/** All that a server's log held at this time (UTC) is in the chain. */
const sealedUntilSchema = z.object({ source, time: z.iso.datetime() });
export type SealedUntil = DeepReadonly<z.infer<typeof sealedUntilSchema>>;

export const sealSchema = z.object({
  kind: z.literal('seal'),
  seal: z.object({
    reason: z.enum(SEAL_REASONS),
    firstSeq: z.number(),
    /** Events in the segment by kind, without the seal itself. */
    events: eventCountsSchema,
    records: recordCountsSchema,
    coverage: z.array(coverageSchema),
    /**
     * Whether `files` has every known file, as the first seal of each UTC day does, or those whose position changed
     * since the seal before, and the newest of each server. Version 0.1 had none: all.
     */
    positions: z.enum(['all', 'changed']).exactOptional(),
    /** The positions at which reading continues, oldest file first, for a daemon that lost its state. */
    files: z.array(sealedPositionSchema),
    /** For each server whose history of rows is read (`rows`). */
    rows: z.array(readRowsSchema).exactOptional(),
    /** One for each server; empty if no server's log was read to its end yet. Version 0.1 had none. */
    until: z.array(sealedUntilSchema).exactOptional(),
    /** Milliseconds that a segment may stay open (`archive.segment.maxAge`). Version 0.1 had none. */
    maxAge: z.number().nonnegative().exactOptional(),
    /** SHA-256 (hex) of the Merkle tree (RFC 6962) whose leaves are the segment's lines without this one. */
    merkleRoot: sha256.exactOptional(),
    /** The chain's seal before this one, and the hash of its line; the chain's first seal has none. */
    previousSeal: z.object({ seq: z.number(), hash: sha256 }).exactOptional(),
    /** SHA-256 (hex) of the public key (DER) of the signature: a hint by which to find it, and no proof of it. */
    key: sha256.exactOptional(),
  }),
  /** In base64, over the line without this field, which is its last one (`archive.signingKey`). */
  signature: z.string().exactOptional(),
});
export type SealFields = DeepReadonly<z.infer<typeof sealSchema>>;

/** A seal by its number in the chain, and the SHA-256 (hex) of its line. */
export interface SealId {
  readonly seq: number;
  readonly hash: string;
}

/** What the newest seal in the archive says of the chain before it. */
export interface ChainEnd {
  readonly chain: string;
  readonly lastSeq: number;
  readonly lastHash: string;
  /** Of the segment that it closes. */
  readonly date: string;
  /** Milliseconds since the epoch. */
  readonly sealedAt: number;
  readonly coverage: readonly Coverage[];
  readonly files: readonly SealedPosition[];
  readonly rows: readonly ReadRows[];
}
