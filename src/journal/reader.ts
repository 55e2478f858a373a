/** Reads the journal for one sink, starting at its cursor, and releases what every sink has. */

import { type Clock, Waker } from '../lib/clock.js';
import type { Disk } from '../lib/disk.js';
import { StateError } from '../lib/errors.js';
import { type Cursor, readCursor, writeCursor } from './cursor.js';
import type { Delivery, LineDelivery, SegmentDelivery } from './delivery.js';
import type { Journal } from './journal.js';
import { readLines, readTime, type SegmentFile } from './segments.js';

/** What one sink has not delivered yet. */
export interface Backlog {
  readonly events: number;
  /** Bytes of these events in the journal. */
  readonly bytes: number;
}

/** One sink's view of the journal. Its cursor is a file of its own, so that no sink waits for another (I5). */
export class Reader {
  readonly #journal: Journal;
  readonly #disk: Disk;
  readonly #cursorPath: string;
  readonly #waker: Waker;
  /** Everything before it is delivered. */
  #cursor: Cursor;
  /** Everything before it was given out: delivered or being delivered. */
  #given: Cursor;
  /** A buffer that is not in use and can take lines. */
  #spare: Buffer | null = null;

  private constructor(journal: Journal, disk: Disk, cursorPath: string, cursor: Cursor, clock: Clock) {
    this.#journal = journal;
    this.#disk = disk;
    this.#cursorPath = cursorPath;
    this.#cursor = cursor;
    this.#given = cursor;
    this.#waker = new Waker(clock);
    journal.attach(this);
  }

  /** Throws a StateError if the cursor is damaged. */
  static async open(journal: Journal, disk: Disk, cursorPath: string, clock: Clock): Promise<Reader> {
    // Without a cursor, everything in the journal is delivered again; what was deleted from it had been delivered.
    const start = { seq: journal.firstSeq - 1, firstSeq: 0, offset: 0 };
    const cursor = (await readCursor(cursorPath)) ?? start;
    return new Reader(journal, disk, cursorPath, cursor, clock);
  }

  /** Seq of the last delivered event. */
  get seq(): number {
    return this.#cursor.seq;
  }

  /** What is durable and not delivered yet. */
  get lag(): Backlog {
    return this.#after(this.#cursor);
  }

  /** What is durable and not given out yet. */
  get unread(): Backlog {
    return this.#after(this.#given);
  }

  /** When the oldest undelivered event was read, in milliseconds since the epoch; `null` if there is none. */
  async oldest(): Promise<number | null> {
    const next = this.#locate(this.#cursor);
    return next === null ? null : await readTime(next.path, next.from);
  }

  /** Waits for a commit, for `wake`, for `ms` milliseconds, or until the signal aborts. */
  async wait(ms: number, abort: AbortSignal): Promise<void> {
    await this.#waker.wait(ms, abort);
  }

  /** Waits for lines that were not given out yet; `null` if the journal is closed and read, or the signal aborts. */
  async nextLines(
    limits: { lines: number; bytes: number },
    signal: AbortSignal,
  ): Promise<LineDelivery | null> {
    return await this.#waitFor(() => this.#readLines(limits), signal);
  }

  /** Waits for the next sealed segment; `null` as above. */
  async nextSealed(signal: AbortSignal): Promise<SegmentDelivery | null> {
    return await this.#waitFor(async () => this.#findSealed(), signal);
  }

  wake(): void {
    this.#waker.wake();
  }

  async #waitFor<T>(look: () => Promise<T | null>, signal: AbortSignal): Promise<T | null> {
    while (!signal.aborted) {
      const { isClosed } = this.#journal;
      const found = await look();
      if (found !== null || isClosed) return found;
      await this.#waker.wait(60_000, signal);
    }
    return null;
  }

  async #readLines(limits: { lines: number; bytes: number }): Promise<LineDelivery | null> {
    const next = this.#locate(this.#given);
    if (next === null) return null;
    const { segment, path, from } = next;
    const room = this.#spare ?? Buffer.allocUnsafeSlow(limits.bytes);
    this.#spare = null;
    const lines = await readLines(path, { from, end: segment.bytes }, limits.lines, room);
    if (lines.length === 0)
      throw new StateError(`${path} is shorter than what was written: its disk is damaged.`);
    const length = lines.reduce((sum, line) => sum + line.length + 1, 0);
    const before = from === 0 ? segment.firstSeq - 1 : this.#given.seq;
    const end = { seq: before + lines.length, firstSeq: segment.firstSeq, offset: from + length };
    const onDelivered = (): void => {
      this.#spare = room;
    };
    return { lines, ...this.#give(end, onDelivered) };
  }

  #findSealed(): SegmentDelivery | null {
    const segment = this.#journal.sealed.find(one => one.firstSeq > this.#given.seq);
    if (segment === undefined) return null;
    const { firstSeq, lastSeq, bytes } = segment;
    const delivery = this.#give({ seq: lastSeq, firstSeq, offset: bytes });
    return { segment: { ...segment, path: this.#journal.pathOf(segment) }, ...delivery };
  }

  /** The position of the first event after a cursor. */
  #locate({ firstSeq, offset }: Cursor): { segment: SegmentFile; path: string; from: number } | null {
    const isUnread = (one: SegmentFile): boolean =>
      one.firstSeq > firstSeq || (one.firstSeq === firstSeq && one.bytes > offset);
    const segment = this.#journal.segments.find(isUnread);
    if (segment === undefined) return null;
    const from = segment.firstSeq === firstSeq ? offset : 0;
    return { segment, path: this.#journal.pathOf(segment), from };
  }

  #after({ seq, firstSeq, offset }: Cursor): Backlog {
    const rest = this.#journal.segments.filter(one => one.firstSeq >= firstSeq);
    const bytes = rest.reduce((sum, one) => sum + one.bytes - (one.firstSeq === firstSeq ? offset : 0), 0);
    return { events: this.#journal.lastSeq - seq, bytes };
  }

  /**
   * Deliveries must be marked in the order in which they were given out: the next start continues from the last mark.
   *
   * @param onDelivered called once, when the buffer behind the delivery is free
   */
  #give(end: Cursor, onDelivered: () => void = () => undefined): Delivery {
    const events = end.seq - this.#given.seq;
    this.#given = end;
    return {
      events,
      markDelivered: async () => {
        // Durable before anything is deleted: otherwise a power cut could bring back a cursor that needs a deleted
        // segment (I1).
        await writeCursor(this.#disk, this.#cursorPath, end);
        this.#cursor = end;
        await this.#journal.releaseDelivered();
        onDelivered();
      },
    };
  }
}
