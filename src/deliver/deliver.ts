/**
 * The sinks. Each reads the journal on its own, delivers in order, and only then moves its cursor.
 *
 * `logging/` makes and sends log entries, `archive/` objects, `witness/` copies of seals, `siem/` messages. A redelivery is the same (I6), and no sink waits for another (I5).
 * Imports `event/`, `lib/`, and types of the stages before it.
 */

import type { Delivery, LineDelivery, SegmentDelivery } from '../journal/delivery.js';
import type { Clock } from '../lib/clock.js';
import type { ArchivePlace } from '../lib/object-name.js';
import { packSegment } from './archive/object.js';
import type { StoredSeal } from './archive/stamps.js';
import { Attempts } from './attempts.js';
import type { EntryDestination, LogEntry, ObjectDestination } from './destination.js';
import { Flights } from './flights.js';
import { LARGE_LINE, type Payload, toLogEntries, toLogEntriesInTurns } from './logging/log-entry.js';
import { LARGEST_ENTRY } from './logging/split.js';
import { sealObject } from './witness/seal-object.js';

export type SinkName = 'logging' | 'archive' | 'witness' | 'siem';

export interface LineReader {
  /** What is durable and not given out yet. */
  readonly unread: { readonly events: number; readonly bytes: number };
  /** Waits for the next lines; `null` if the journal is closed and read, or the signal aborts. */
  nextLines(limits: { lines: number; bytes: number }, signal: AbortSignal): Promise<LineDelivery | null>;
  /** Waits for a commit, for `wake`, for `ms` milliseconds, or until the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  wake(): void;
}

export interface SegmentReader {
  /** Waits for the next sealed segment; `null` as above. */
  nextSealed(signal: AbortSignal): Promise<SegmentDelivery | null>;
}

export interface DeliveryReport {
  delivered(sink: SinkName, events: number): void;
  /**
   * Delivery failed for the `failures`th time in a row, over `since` milliseconds; it is retried, and the sink's cursor
   * stays.
   */
  deliveryFailed(sink: SinkName, error: unknown, failures: number, since: number, delay: number): void;
  deliveryRecovered(sink: SinkName, failures: number): void;
  /** The destination will never accept this event; the archive has it. */
  entryRejected(insertId: string, code: string): void;
  /** The object, of this many bytes, is in the archive, from this delivery or an earlier one. */
  objectStored(bytes: number, result: 'stored' | 'was-there'): void;
}

interface Surroundings {
  readonly clock: Clock;
  readonly report: DeliveryReport;
}

/** Bytes; Cloud Logging accepts 10 MB per request, and its encoding is a little larger than JSON. */
const LARGEST_REQUEST = 8 * 1024 * 1024;
/** Milliseconds that lines wait for more lines while requests are in flight. */
const MOST_WAIT = 200;

/** Sends every event to the place where auditors search, until the journal is closed and read or the signal aborts. */
export async function deliverEntries(
  reader: LineReader,
  destination: EntryDestination,
  payload: Payload,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<void> {
  const attempts = attemptsOf('logging', surroundings, signal);
  const marking = attemptsOf('logging', surroundings, signal);
  const flights = new Flights(() => reader.wake());
  const send = async (requests: readonly LogEntry[][]): Promise<boolean> => {
    for (const request of requests) {
      const write = writing(request, destination, surroundings.report, signal);
      if ((await attempts.attempt(write)) === null) return false;
    }
    return true;
  };
  const next = async (): Promise<LineDelivery | null> => {
    await untilWorthIt(reader, flights, destination, surroundings.clock, signal);
    return await reader.nextLines(destination.portion, signal);
  };
  for (
    let lines = await flights.unlessFailed(next());
    lines !== null;
    lines = await flights.unlessFailed(next())
  ) {
    const delivery = lines;
    const requests = await inRequests(delivery.lines, payload, destination.portion.lines);
    flights.start(send(requests), () => finish(delivery, 'logging', marking, surroundings));
  }
  await flights.landed();
}

/**
 * After a quiet time the first lines are sent at once. While they are in flight, it waits for more lines, but not for
 * long.
 */
async function untilWorthIt(
  reader: LineReader,
  flights: Flights,
  { mostAtOnce, portion }: EntryDestination,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const end = clock.now() + MOST_WAIT;
  const isFull = (): boolean => reader.unread.events >= portion.lines || reader.unread.bytes >= portion.bytes;
  while (flights.count > 0 && !signal.aborted) {
    const isDue = isFull() || clock.now() >= end;
    if (isDue && flights.count < mostAtOnce) return;
    await reader.wait(isDue ? 60_000 : end - clock.now(), signal);
  }
}

/** One attempt to write a request; the next attempt does not repeat what was accepted. */
function writing(
  request: readonly LogEntry[],
  destination: EntryDestination,
  report: DeliveryReport,
  signal: AbortSignal,
): () => Promise<void> {
  let rest = request;
  return async () => {
    const { rejected, left, error } = await destination.write(rest, signal);
    for (const { insertId, code } of rejected) report.entryRejected(insertId, code);
    rest = left;
    if (left.length > 0) throw error;
  };
}

/** The entries of these lines, in lists that each fit into one request. */
async function inRequests(
  lines: readonly Buffer[],
  payload: Payload,
  mostEntries: number,
): Promise<LogEntry[][]> {
  const requests: LogEntry[][] = [];
  let room = { entries: 0, bytes: 0 };
  for (const line of lines) {
    const entries =
      line.length > LARGE_LINE ? await toLogEntriesInTurns(line, payload) : toLogEntries(line, payload);
    const bytes = entries.length === 1 ? line.length : LARGEST_ENTRY;
    for (const entry of entries) {
      if (room.entries === 0 || bytes > room.bytes) {
        requests.push([]);
        room = { entries: mostEntries, bytes: LARGEST_REQUEST };
      }
      requests.at(-1)?.push(entry);
      room = { entries: room.entries - 1, bytes: room.bytes - bytes };
    }
  }
  return requests;
}

/**
 * Stores every sealed segment in the archive, until the journal is closed and read or the signal aborts.
 *
 * @param onStored called after the cursor has moved
 */
export async function deliverSegments(
  reader: SegmentReader,
  destination: ObjectDestination,
  place: ArchivePlace,
  surroundings: Surroundings,
  signal: AbortSignal,
  onStored: (seal: StoredSeal) => void = () => undefined,
): Promise<void> {
  const attempts = attemptsOf('archive', surroundings, signal);
  for (;;) {
    const next = await reader.nextSealed(signal);
    if (next === null) return;
    const stored = await attempts.attempt(async () => {
      const object = await packSegment(next.segment, place);
      surroundings.report.objectStored(object.body.length, await destination.put(object, signal));
      return object.name;
    });
    if (stored === null || !(await finish(next, 'archive', attempts, surroundings))) return;
    onStored({ name: stored.value, seq: next.segment.lastSeq, hash: next.segment.lastHash });
  }
}

/** Gives the line of every seal to a witness, until the journal is closed and read or the signal aborts. */
export async function deliverSeals(
  reader: SegmentReader,
  destination: ObjectDestination,
  place: ArchivePlace,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<void> {
  const attempts = attemptsOf('witness', surroundings, signal);
  for (;;) {
    const next = await reader.nextSealed(signal);
    if (next === null) return;
    const stored = await attempts.attempt(async () => {
      await destination.put(await sealObject(next.segment, place), signal);
    });
    if (stored === null || !(await finish(next, 'witness', attempts, surroundings))) return;
  }
}

async function finish(
  delivery: Delivery,
  sink: SinkName,
  attempts: Attempts,
  { report }: Surroundings,
): Promise<boolean> {
  if ((await attempts.attempt(() => delivery.markDelivered())) === null) return false;
  report.delivered(sink, delivery.events);
  return true;
}

/** A sink's attempts, which it reports. */
export function attemptsOf(sink: SinkName, { clock, report }: Surroundings, signal: AbortSignal): Attempts {
  const attemptReport = {
    failed: (error: unknown, failures: number, since: number, delay: number) =>
      report.deliveryFailed(sink, error, failures, since, delay),
    recovered: (failures: number) => report.deliveryRecovered(sink, failures),
  };
  return new Attempts({ clock, report: attemptReport }, signal);
}
