/**
 * Sends messages to a SIEM, one connection after another. Syslog acknowledges nothing, so the cursor moves only when a
 * connection ended in order; after any other end, all of that connection is sent again (at least once).
 */

import type { LineDelivery } from '../../journal/delivery.js';
import { type Clock, hasPassed, sleep } from '../../lib/clock.js';
import type { Attempts } from '../attempts.js';
import type { LineReader } from '../deliver.js';
import type { Connection } from './connection.js';

export interface SiemOptions {
  readonly connect: (signal: AbortSignal) => Promise<Connection>;
  /** The framed message of a line; `null` if its kind does not go there. */
  readonly messageOf: (line: Buffer) => Buffer | null;
  readonly clock: Clock;
  readonly attempts: Attempts;
  readonly delivered: (events: number) => void;
}

/** Messages, their bytes, and milliseconds of one connection: they are held until it ended. */
const MOST_MESSAGES = 10_000;
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_TIME = 60_000;
const PORTION = { lines: 1000, bytes: 256 * 1024 };

/** What one connection has sent, or is to send again. */
class Held {
  readonly messages: Buffer[] = [];
  /** The newest: the cursor moves behind it, and so behind those before it. */
  last: LineDelivery;
  events = 0;
  #bytes = 0;

  constructor(first: LineDelivery, messageOf: SiemOptions['messageOf']) {
    this.last = first;
    this.add(first, messageOf);
  }

  add(delivery: LineDelivery, messageOf: SiemOptions['messageOf']): void {
    this.last = delivery;
    this.events += delivery.events;
    for (const line of delivery.lines) {
      const message = messageOf(line);
      if (message === null) continue;
      this.messages.push(message);
      this.#bytes += message.length;
    }
  }

  get isFull(): boolean {
    return this.messages.length >= MOST_MESSAGES || this.#bytes >= MOST_BYTES;
  }
}

/** Until the journal is closed and read, or the signal aborts. */
export async function deliverMessages(
  reader: LineReader,
  options: SiemOptions,
  signal: AbortSignal,
): Promise<void> {
  const { attempts, messageOf, delivered } = options;
  for (;;) {
    const next = await reader.nextLines(PORTION, signal);
    if (next === null) return;
    const held = new Held(next, messageOf);
    // Lines of other kinds need no connection.
    const sent =
      held.messages.length === 0 || (await attempts.attempt(() => sendAll(held, reader, options, signal)));
    if (sent === null) return;
    if ((await attempts.attempt(() => held.last.markDelivered())) === null) return;
    delivered(held.events);
  }
}

/** One connection: what is held, and what comes until it is full or a minute old. */
async function sendAll(
  held: Held,
  reader: LineReader,
  { connect, messageOf, clock }: SiemOptions,
  signal: AbortSignal,
): Promise<void> {
  const connection = await connect(signal);
  try {
    const begun = clock.now();
    let sent = 0;
    const sendHeld = async (): Promise<void> => {
      for (; sent < held.messages.length; sent++) {
        const message = held.messages[sent];
        if (message !== undefined) await connection.send(message, signal);
      }
    };
    await sendHeld();
    while (!held.isFull && !signal.aborted && !hasPassed(begun, clock.now(), MOST_TIME)) {
      const left = begun + MOST_TIME - clock.now();
      const next = await linesWithin(left, reader, clock, AbortSignal.any([signal, connection.lost]));
      // What was given out is sent again, whatever became of this connection.
      if (next !== null) held.add(next, messageOf);
      connection.lost.throwIfAborted();
      if (next === null) break;
      await sendHeld();
    }
    await connection.end(signal);
  } finally {
    connection.destroy();
  }
}

/** `null` if none come within so many milliseconds, or ever. */
async function linesWithin(
  ms: number,
  reader: LineReader,
  clock: Clock,
  signal: AbortSignal,
): Promise<LineDelivery | null> {
  const due = new AbortController();
  const until = AbortSignal.any([signal, due.signal]);
  void sleep(clock, ms, until).then(
    () => due.abort(),
    () => undefined,
  );
  try {
    return await reader.nextLines(PORTION, until);
  } finally {
    due.abort();
  }
}
