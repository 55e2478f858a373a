/** The results of `result.ts` as they are read back from a file. */

import { z } from 'zod';
import { recordCountsSchema } from '../../event/counts.js';
import { FAILURE_CODES, WARNING_CODES } from './result.js';

const counts = z.record(z.string(), z.number());

export const failureSchema = z.object({
  code: z.enum(FAILURE_CODES),
  object: z.string().nullable(),
  line: z.number().nullable(),
  seq: z.number().nullable(),
  what: z.string(),
  fits: z.string(),
});

export const warningSchema = z.object({
  code: z.enum(WARNING_CODES),
  what: z.string(),
  object: z.string().nullable(),
  seq: z.number().nullable(),
  times: z.number(),
});

const chainSchema = z.object({
  chain: z.string(),
  firstSeq: z.number(),
  lastSeq: z.number(),
  lastHash: z.string(),
  lastDay: z.string(),
  objects: z.number(),
  reason: z.string().nullable(),
});

export const partSchema = z.object({
  instance: z.string(),
  node: z.string(),
  chains: z.array(chainSchema),
  objects: z.number(),
  bytes: z.number(),
  events: counts,
  from: z.string().nullable(),
  to: z.string().nullable(),
  source: z.object({ files: z.number(), bytes: z.number(), records: recordCountsSchema }),
  rows: z.array(
    z.object({ source: z.string().exactOptional(), readUntil: z.string(), records: recordCountsSchema }),
  ),
  gaps: counts,
  seals: z.object({
    total: z.number(),
    signed: z.number(),
    checked: z.number(),
    anchored: z.number(),
    witnessed: z.number(),
    stamped: z.number(),
  }),
  logFiles: z
    .object({
      matched: z.number(),
      missing: z.number(),
      changed: z.number(),
      files: z.number(),
      filesMissing: z.number(),
    })
    .nullable(),
  failure: failureSchema.nullable(),
});
