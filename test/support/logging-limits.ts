/** Cloud Logging's limits (https://cloud.google.com/logging/quotas) and retention. */

import type { WireRequest } from './logging-wire.js';

const DAY = 24 * 60 * 60 * 1000;
const KIB = 1024;

export function isTooLargeRequest({ bytes }: WireRequest): boolean {
  return bytes > 10_000_000;
}

/** Whether an entry alone is refused. `now` is `null` if times do not matter. */
export function isUnacceptable(
  { bytes, entry }: WireRequest['entries'][number],
  now: number | null,
): boolean {
  const labels = Object.entries(entry.labels);
  return (
    bytes > 256 * KIB ||
    labels.length > 64 ||
    labels.some(([key, value]) => Buffer.byteLength(key) > 512 || Buffer.byteLength(value) > 64 * KIB) ||
    (now !== null && Date.parse(entry.timestamp) > now + DAY)
  );
}

/** The retention of `_Default`: older entries are accepted, and never shown. */
export function isPastRetention(timestamp: string, now: number | null): boolean {
  return now !== null && Date.parse(timestamp) < now - 30 * DAY;
}
