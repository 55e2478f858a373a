/** What Cloud Logging takes (https://cloud.google.com/logging/quotas), and how long it keeps it. */

import type { WireRequest } from './logging-wire.js';

const DAY = 24 * 60 * 60 * 1000;
const KIB = 1024;

export function isTooLargeRequest({ bytes }: WireRequest): boolean {
  return bytes > 10_000_000;
}

/** Whether an entry is refused by itself. `now` is `null` where times are not looked at. */
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

/** The retention of `_Default`: what is older is accepted, and never shown. */
export function isPastRetention(timestamp: string, now: number | null): boolean {
  return now !== null && Date.parse(timestamp) < now - 30 * DAY;
}
