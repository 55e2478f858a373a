/** Reads the journal for one sink, from its cursor on, and lets go of what every sink has. */

import { type Clock, Waker } from '../clock.js';
import type { Delivery, LineDelivery, SegmentDelivery } from '../delivery.js';
import type { Disk } from '../disk.js';
import { StateError } from '../errors.js';
import { type Cursor, readCursor, writeCursor } from './cursor.js';
import type { Journal } from './journal.js';
import { readLines, type SegmentFile } from './segments.js';

/** One sink's view of the journal. Its cursor is a file of its own, so that no sink waits for another (I5). */
export class Reader {
  readonly #journal: Journal;
  readonly #disk: Disk;
  readonly #cursorPath: string;
  readonly #waker: Waker;
  #cursor: Cursor;

  private constructor(journal: Journal, disk: Disk, cursorPath: string, cursor: Cursor, clock: Clock) {
    this.#journal = journal;
    this.#disk = disk;
    this.#cursorPath = cursorPath;
    this.#cursor = cursor;
    this.#waker = new Waker(clock);
    journal.attach(this);
  }

  /** Throws a StateError where the cursor is damaged. */
  static async open(journal: Journal, disk: Disk, cursorPath: string, clock: Clock): Promise<Reader> {
    // Without a cursor everything that is here goes out again; what is not here any more was delivered.
    const start = { seq: journal.firstSeq - 1, firstSeq: 0, offset: 0 };
    const cursor = (await readCursor(cursorPath)) ?? start;
    return new Reader(journal, disk, cursorPath, cursor, clock);
  }

  /** The last event that is delivered. */
  get seq(): number {
    return this.#cursor.seq;
  }

  /** Events that are durable and not delivered. */
  get lag(): number {
    return this.#journal.lastSeq - this.#cursor.seq;
  }

  /** Waits for lines after the cursor; `null` when the journal is closed and read, or the signal aborts. */
  async nextLines(
    limits: { lines: number; bytes: number },
    signal: AbortSignal,
  ): Promise<LineDelivery | null> {
    return await this.#waitFor(() => this.#readLines(limits), signal);
  }

  /** Waits for the sealed segment after the cursor; `null` as above. */
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
    const { firstSeq, offset } = this.#cursor;
    const isUnread = (one: SegmentFile): boolean =>
      one.firstSeq > firstSeq || (one.firstSeq === firstSeq && one.bytes > offset);
    const segment = this.#journal.segments.find(isUnread);
    if (segment === undefined) return null;
    const from = segment.firstSeq === firstSeq ? offset : 0;
    const path = this.#journal.pathOf(segment);
    const lines = await readLines(path, { from, end: segment.bytes }, limits);
    if (lines.length === 0)
      throw new StateError(`${path} is shorter than what was written: its disk is damaged.`);
    const length = lines.reduce((sum, line) => sum + line.length + 1, 0);
    const before = from === 0 ? segment.firstSeq - 1 : this.#cursor.seq;
    const next = { seq: before + lines.length, firstSeq: segment.firstSeq, offset: from + length };
    return { lines, ...this.#delivery(next) };
  }

  #findSealed(): SegmentDelivery | null {
    const segment = this.#journal.sealed.find(one => one.firstSeq > this.#cursor.seq);
    if (segment === undefined) return null;
    const { firstSeq, lastSeq, bytes } = segment;
    const delivery = this.#delivery({ seq: lastSeq, firstSeq, offset: bytes });
    return { segment: { ...segment, path: this.#journal.pathOf(segment) }, ...delivery };
  }

  #delivery(next: Cursor): Delivery {
    return {
      events: next.seq - this.#cursor.seq,
      markDelivered: async () => {
        await writeCursor(this.#disk, this.#cursorPath, next);
        this.#cursor = next;
        await this.#journal.releaseDelivered();
      },
    };
  }
}
