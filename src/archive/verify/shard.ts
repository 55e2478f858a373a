/** A part of a verification that several machines share, and what it leaves for the verdict on all (`--merge`). */

import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Findings } from './conclude.js';
import { failureSchema, partSchema, warningSchema } from './shard-parts.js';
import type { KnownPart } from './verdict.js';

/** Number `index` (from 0) of `count`. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** The shard that a daemon's part belongs to: always the same, whatever else is in the archive. */
export function shardOf(
  { instance, node }: { readonly instance: string; readonly node: string },
  count: number,
): number {
  return (
    createHash('sha256')
      .update(JSON.stringify([instance, node]))
      .digest()
      .readUInt32BE() % count
  );
}

/** JSON has no infinite numbers. */
const time = z.union([z.number(), z.enum(['Infinity', '-Infinity'])]).transform(Number);
const span = z.object({ from: time, to: time });
const uncovered = span.extend({ why: z.string() });

const coverage = z.object({
  startedAt: time.nullable(),
  retiredAt: time.nullable(),
  sealedAt: time,
  longestSegment: z.number(),
  isBeginningLost: z.boolean(),
  isByTime: z.boolean(),
  unknown: z.array(uncovered),
  sources: z.array(
    z.tuple([
      z.string(),
      z.object({
        covered: z.array(span),
        gaps: z.array(uncovered.extend({ foundAt: time })),
        lives: z.array(z.object({ from: time, to: time.nullable() })).nullable(),
      }),
    ]),
  ),
});

const audited = z.object({
  stretches: z.array(span.extend({ count: z.number(), names: z.array(z.string()) })),
  changes: z.number(),
  firstChange: time.nullable(),
  lastChange: time.nullable(),
  knownFrom: time.nullable(),
  unseen: z.array(span),
  notRecorded: z.array(span.extend({ table: z.string(), why: z.string() })),
});

const known = z
  .object({ node: z.string(), coverage, audited: z.array(z.tuple([z.string(), audited])) })
  .transform(
    (part): KnownPart => ({
      node: part.node,
      coverage: { ...part.coverage, sources: new Map(part.coverage.sources) },
      // Its shard has done that.
      audited: new Map(part.audited.map(([server, one]) => [server, { ...one, end: () => undefined }])),
    }),
  );

const period = z.object({
  from: z.number().nullable(),
  to: z.number().nullable(),
  now: z.number(),
  grace: z.number().nullable(),
});

/** What one shard leaves. */
export const shardSchema = z.object({
  v: z.literal(1),
  index: z.int().nonnegative(),
  count: z.int().positive(),
  /** What was verified, and against what: the same for all shards of one verification. */
  terms: z.string(),
  period,
  parts: z.array(partSchema),
  known: z.array(known),
  failure: failureSchema.nullable(),
  doubts: z.array(z.string()),
  warnings: z.array(warningSchema),
  limits: z.array(z.string()),
});
export type ShardResult = z.infer<typeof shardSchema>;

/** As JSON, which `shardSchema` reads. To be called after the shard's own verdict, which completes what is known. */
export function shardJson({ index, count }: Shard, terms: string, findings: Findings): object {
  const { parts, failure, doubts, warnings, limits } = findings;
  const { from, to, now, grace } = findings.period;
  return {
    ...{ v: 1, index, count, terms, period: { from, to, now, grace } },
    ...{ parts, known: findings.known.map(knownJson), failure, doubts, warnings, limits },
  };
}

function knownJson({ node, coverage: of, audited: byServer }: KnownPart): object {
  const { startedAt, retiredAt, sealedAt, longestSegment, isBeginningLost, isByTime, unknown } = of;
  const made = {
    node,
    coverage: {
      ...{ startedAt, retiredAt, sealedAt, longestSegment, isBeginningLost, isByTime, unknown },
      sources: [...of.sources],
    },
    audited: [...byServer].map(
      ([server, { stretches, changes, firstChange, lastChange, knownFrom, unseen, notRecorded }]) => [
        server,
        { stretches, changes, firstChange, lastChange, knownFrom, unseen, notRecorded },
      ],
    ),
  };
  const finite = (_key: string, value: unknown): unknown =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
  return JSON.parse(JSON.stringify(made, finite));
}
