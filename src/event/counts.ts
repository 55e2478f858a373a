/** How many records became what. */

import { z } from 'zod';

const counts = z.record(z.string(), z.number());

export const eventCountsSchema = counts;
export type EventCounts = z.infer<typeof eventCountsSchema>;

/** Records by outcome; read = shipped + all dropped + all rejected (I3). */
export const recordCountsSchema = z.object({
  read: z.number(),
  shipped: z.number(),
  dropped: counts,
  rejected: counts,
});
export type RecordCounts = z.infer<typeof recordCountsSchema>;

export type Outcome = 'shipped' | 'dropped' | 'rejected';

export function noRecords(): RecordCounts {
  return { read: 0, shipped: 0, dropped: {}, rejected: {} };
}

export function countRecord(to: RecordCounts, outcome: Outcome, reason: string): void {
  to.read += 1;
  if (outcome === 'shipped') to.shipped += 1;
  else to[outcome][reason] = (to[outcome][reason] ?? 0) + 1;
}

/** Both counts together, as a new object. */
export function addRecords(a: RecordCounts, b: RecordCounts): RecordCounts {
  return {
    read: a.read + b.read,
    shipped: a.shipped + b.shipped,
    dropped: addByReason(a.dropped, b.dropped),
    rejected: addByReason(a.rejected, b.rejected),
  };
}

function addByReason(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  const sum = { ...a };
  for (const [reason, count] of Object.entries(b)) sum[reason] = (sum[reason] ?? 0) + count;
  return sum;
}
