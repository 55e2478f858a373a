/** The two sinks: each reads the journal on its own, delivers in order, and only then moves its cursor. */

import type { Clock } from '../clock.js';
import type { Delivery, LineDelivery, SegmentDelivery } from '../delivery.js';
import { StateError } from '../errors.js';
import type { AuditEvent } from '../event.js';
import { parseJson } from '../json.js';
import type { ArchivePlace } from '../object-name.js';
import type { EntryDestination, LogEntry, ObjectDestination } from './destination.js';
import { toLogEntries } from './entry.js';
import { packSegment } from './object.js';
import { retryForever } from './retry.js';
import { LARGEST_EVENT } from './split.js';

export type SinkName = 'logging' | 'archive';

export interface LineReader {
  /** Waits for the next lines; `null` when the journal is closed and read, or the signal aborts. */
  nextLines(limits: { lines: number; bytes: number }, signal: AbortSignal): Promise<LineDelivery | null>;
}

export interface SegmentReader {
  /** Waits for the next sealed segment; `null` as above. */
  nextSealed(signal: AbortSignal): Promise<SegmentDelivery | null>;
}

export interface DeliveryReport {
  delivered(sink: SinkName, events: number): void;
  /** Will be tried again; the sink's cursor stays. */
  deliveryFailed(sink: SinkName, error: unknown, attempt: number, delay: number): void;
  deliveryRecovered(sink: SinkName, failures: number): void;
  /** The destination will never take this event; the archive has it. */
  entryRejected(insertId: string, code: string): void;
}

interface Surroundings {
  readonly clock: Clock;
  readonly report: DeliveryReport;
}

/** Lines that are read at once; one that is larger than this comes alone. */
const READ = { lines: 1000, bytes: 4 * 1024 * 1024 };
/** Cloud Logging takes 1,000 entries and 10 MB a request; its own form is a little larger than JSON. */
const REQUEST = { entries: 1000, bytes: 8 * 1024 * 1024 };

/** Sends every event to where auditors search, until the journal is closed and read or the signal aborts. */
export async function deliverEntries(
  reader: LineReader,
  destination: EntryDestination,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<void> {
  const sink = new Attempts('logging', surroundings, signal);
  for (
    let next = await reader.nextLines(READ, signal);
    next !== null;
    next = await reader.nextLines(READ, signal)
  ) {
    for (const request of inRequests(next.lines)) {
      const rejected = await sink.attempt(() => destination.write(request, signal));
      if (rejected === null) return;
      for (const { index, code } of rejected)
        surroundings.report.entryRejected(request[index]?.insertId ?? '', code);
    }
    if (!(await sink.finish(next))) return;
  }
}

/** The entries of these lines, in lists that one request takes. */
function inRequests(lines: readonly Buffer[]): LogEntry[][] {
  const requests: LogEntry[][] = [];
  let room = { entries: 0, bytes: 0 };
  for (const line of lines) {
    const entries = toLogEntries(parseEvent(line), line.length);
    const bytes = Math.min(line.length, LARGEST_EVENT);
    for (const entry of entries) {
      if (room.entries === 0 || bytes > room.bytes) {
        requests.push([]);
        room = { ...REQUEST };
      }
      requests.at(-1)?.push(entry);
      room = { entries: room.entries - 1, bytes: room.bytes - bytes };
    }
  }
  return requests;
}

/** Stores every sealed segment where compliance keeps it, until the journal is closed and read or the signal aborts. */
export async function deliverSegments(
  reader: SegmentReader,
  destination: ObjectDestination,
  place: ArchivePlace,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<void> {
  const sink = new Attempts('archive', surroundings, signal);
  for (;;) {
    const next = await reader.nextSealed(signal);
    if (next === null) return;
    const { segment } = next;
    const stored = await sink.attempt(async () => destination.put(await packSegment(segment, place), signal));
    if (stored === null || !(await sink.finish(next))) return;
  }
}

/** What one sink does, again and again until it succeeds. `null` and `false` mean that the signal aborted. */
class Attempts {
  readonly #sink: SinkName;
  readonly #surroundings: Surroundings;
  readonly #signal: AbortSignal;

  constructor(sink: SinkName, surroundings: Surroundings, signal: AbortSignal) {
    this.#sink = sink;
    this.#surroundings = surroundings;
    this.#signal = signal;
  }

  async attempt<T>(action: () => Promise<T>): Promise<T | null> {
    const { clock, report } = this.#surroundings;
    let failures = 0;
    const retrying = (error: unknown, count: number, delay: number): void => {
      failures = count;
      report.deliveryFailed(this.#sink, error, count, delay);
    };
    const done = await retryForever(action, { clock, report: { retrying } }, this.#signal);
    if (done !== null && failures > 0) report.deliveryRecovered(this.#sink, failures);
    return done === null ? null : done.value;
  }

  async finish(delivery: Delivery): Promise<boolean> {
    const isMarked = await this.attempt(async () => {
      await delivery.markDelivered();
      return true;
    });
    if (isMarked) this.#surroundings.report.delivered(this.#sink, delivery.events);
    return isMarked === true;
  }
}

function parseEvent(line: Buffer): AuditEvent {
  const event = parseJson(line);
  if (isEvent(event)) return event;
  throw new StateError('The journal holds a line that is no event: its disk is damaged.');
}

/** The journal writes nothing else; this is against damage, not against malice. */
function isEvent(value: unknown): value is AuditEvent {
  return Reflect.get(Object(value), 'v') === 1 && typeof Reflect.get(Object(value), 'kind') === 'string';
}
