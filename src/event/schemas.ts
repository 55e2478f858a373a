/** What is read back from files of our own: checkpoints and seals hold the same. */

import { z } from 'zod';

const counts = z.record(z.string(), z.number());

export const eventCountsSchema = counts;

export const recordCountsSchema = z.object({
  read: z.number(),
  shipped: z.number(),
  dropped: counts,
  rejected: counts,
});

export const coverageSchema = z.object({
  source: z.string().exactOptional(),
  file: z.string(),
  fileId: z.string(),
  from: z.number(),
  to: z.number(),
  records: recordCountsSchema,
});

export const positionSchema = z.object({
  fileId: z.string(),
  contentId: z.string(),
  path: z.string(),
  rereadUntil: z.string().exactOptional(),
  firstTime: z.number().nullable(),
  lastTime: z.string(),
  columns: z.number(),
  offset: z.number(),
  size: z.number(),
  tail: z.object({ length: z.number(), sha256: z.string() }),
});

/** Seals tell whose file it is, where there are several servers. */
export const sealedPositionSchema = positionSchema.extend({ source: z.string().exactOptional() });
