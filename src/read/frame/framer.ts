/** Cuts the bytes of a log file into records and says which bytes are none. */

import type { Gap, KnownRecord } from '../../event/gap.js';
import { COLUMN } from '../../lib/csvlog.js';
import type { Frame, RawRecord, Skim } from '../record.js';
import { FramedRecord } from './framed-record.js';
import { Oversize } from './oversize.js';
import { findHead, isHead, isWellFormed, namesLine, type Shape } from './record-head.js';
import { Scanner, type ScanResult } from './scanner.js';

const FIRST_BUFFER = 64 * 1024;
const LARGE_BUFFER = 4 * 1024 * 1024;
/** What stays in memory of a record over the size limit: a torn one hides the next record's head here. */
const WINDOW = 64 * 1024;

export interface FramerOptions {
  /** Where in the file the first byte that is pushed stands. */
  readonly offset: number;
  /** How many columns the record before had. */
  readonly columns?: number;
  /** Where earlier bytes are in doubt: the offset of the first of them. */
  readonly doubtFrom?: number;
  /** Bytes; a longer record becomes a gap. */
  readonly maxRecordSize: number;
}

/**
 * Push bytes in, take frames out until `null`.
 *
 * A record is framed by its quotes. Where they break the rule, or what they frame is no csvlog
 * record, the bytes are in doubt: the next record is then the nearest one after it that begins with
 * a strict head and is whole and well-formed in PostgreSQL's own quoting; what lies between is a gap.
 */
export class Framer {
  readonly #maxRecordSize: number;
  readonly #scanner = new Scanner();
  #buffer: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(FIRST_BUFFER);
  /** Offset in the file of the buffer's first byte. */
  #base: number;
  /** The record being looked at starts here in the buffer; before it everything has been returned. */
  #start = 0;
  #end = 0;
  /** Offset in the file of the first byte in doubt. */
  #doubtFrom: number | null = null;
  /** What is known of the record that stood there. */
  #torn: KnownRecord = {};
  #oversize: Oversize | null = null;
  /** The scanner stands after the final newline of what starts at `#start`. */
  #isComplete = false;
  #ended = false;
  #columns: number;
  /** Whether a record head has been seen, be the rest as it may. */
  #hasSeenHead = false;

  constructor(options: FramerOptions) {
    this.#base = options.offset;
    this.#doubtFrom = options.doubtFrom ?? null;
    this.#columns = options.columns ?? 0;
    this.#maxRecordSize = options.maxRecordSize;
  }

  /** Offset in the file up to which everything has been returned as records or gaps. */
  get position(): number {
    return this.#oversize?.offset ?? this.#doubtFrom ?? this.#base + this.#start;
  }

  /** Why no record was found in any of the bytes so far; `null` where one was, or may still come of them. */
  get notCsvlog(): 'columns' | 'format' | null {
    if (this.#hasFound || this.#doubtFrom === null) return null;
    return this.#hasSeenHead ? 'columns' : 'format';
  }

  /** How many columns the last record had; 0 where none was found yet. */
  get columns(): number {
    return this.#columns;
  }

  get #hasFound(): boolean {
    return this.#columns > 0;
  }

  /** Offset in the file after the last byte that was pushed. */
  get pushed(): number {
    return this.#base + this.#end;
  }

  /** Offset in the file up to which nothing more can be found. */
  get scanned(): number {
    return this.#base + this.#start;
  }

  /** Bytes before a place in the file, at most `most`, as far as they are at hand. */
  bytesBefore(place: number, most: number): Buffer {
    const end = place - this.#base;
    return end <= 0 ? Buffer.alloc(0) : this.#buffer.subarray(Math.max(0, end - most), end);
  }

  /** Room to read at least `size` bytes into; `filled` tells how many came. Ends the life of earlier frames. */
  space(size: number): Buffer {
    if (this.#buffer.length - this.#end < size) this.#makeRoom(size);
    return this.#buffer.subarray(this.#end);
  }

  /** Gives back the room that one large record has left behind. Ends the life of earlier frames. */
  shrink(): void {
    if (this.#buffer.length > LARGE_BUFFER) this.#makeRoom(FIRST_BUFFER);
  }

  filled(bytes: number): void {
    this.#end += bytes;
  }

  push(bytes: Buffer): void {
    bytes.copy(this.space(bytes.length));
    this.filled(bytes.length);
  }

  /** No bytes will come any more: what is left is torn, and `next` says so. */
  finish(): void {
    this.#ended = true;
  }

  /** The next record or gap; `null` where more bytes are needed, or none are left. */
  next(): Frame | null {
    for (;;) {
      if (this.#doubtFrom !== null && !this.#isComplete) this.#seekHead();
      const result = this.#scan();
      if (this.#oversize !== null) {
        const gap = this.#followOversize(this.#oversize, result);
        if (gap !== undefined) return gap;
      } else if (result === 'complete') {
        const isRecord = this.#isRecord();
        if (isRecord === null) return null;
        if (!isRecord) this.#doubt();
        else if (this.#doubtFrom !== null) return this.#gapBefore();
        else if (this.#scanner.length <= this.#maxRecordSize) return this.#takeRecord();
        else this.#giveUp();
      } else if (result === 'breach') {
        this.#doubt();
      } else if (this.#ended) {
        if (this.#start === this.#end) return this.#gapBefore();
        this.#doubt();
      } else {
        if (this.#end - this.#start <= this.#maxRecordSize) return this.#gapIfTooLong();
        this.#giveUp();
      }
    }
  }

  /**
   * Lets `skim` pass over records, where the next one is not in doubt and not begun: what was scanned of it in an
   * earlier chunk is not looked at again. Returns the latest log_time.
   */
  skim(skim: Skim, lastTime: string): string {
    const isAtStart = this.#scanner.length === 0 && this.#doubtFrom === null && this.#oversize === null;
    if (!isAtStart || !this.#hasFound) return lastTime;
    const before = { columns: this.#columns, lastTime, maxRecordSize: this.#maxRecordSize };
    const passed = skim.pass(this.#buffer, this.#start, this.#end, before);
    this.#start = passed.end;
    return passed.lastTime;
  }

  #scan(): ScanResult {
    const result = this.#isComplete ? 'complete' : this.#scanner.scan(this.#buffer, this.#start, this.#end);
    this.#isComplete = result === 'complete';
    return result;
  }

  #restart(at: number): void {
    this.#start = at;
    this.#scanner.reset();
    this.#isComplete = false;
  }

  /** The bytes that start here are no record: look for one behind them. */
  #doubt(): void {
    if (this.#doubtFrom === null) {
      this.#doubtFrom = this.#base + this.#start;
      this.#torn = this.#knownColumns();
    }
    this.#hasSeenHead ||= isHead(this.#buffer, this.#start, this.#end) === true;
    this.#restart(this.#start + 1);
  }

  #seekHead(): void {
    const head = findHead(this.#buffer, this.#start, this.#end);
    if (head !== this.#start) this.#restart(head);
  }

  /** Whether the complete lines from `#start` are a record; `null` where only the next one will tell. */
  #isRecord(): boolean | null {
    if (!isWellFormed(this.#shape(this.#start, this.#scanner), this.#doubtFrom !== null)) return false;
    return this.#scanner.columns >= this.#columns || this.#isConfirmed();
  }

  /**
   * With fewer columns than the records before, it was torn after a column, unless the next record is
   * from the same older server.
   */
  #isConfirmed(): boolean | null {
    const scanner = new Scanner();
    const start = this.#start + this.#scanner.length;
    const result = scanner.scan(this.#buffer, start, this.#end);
    if (result === 'incomplete' && !this.#ended && this.#end - this.#start <= this.#maxRecordSize)
      return null;
    const isSame = result === 'complete' && scanner.columns === this.#scanner.columns;
    return isSame && isWellFormed(this.#shape(start, scanner), true);
  }

  #shape(start: number, { columns, ends, quoted, length }: Scanner): Shape {
    return { bytes: this.#buffer, start, end: start + length - 1, columns, ends, quoted };
  }

  #takeRecord(): RawRecord {
    const start = this.#start;
    const { length, columns, ends, quoted, hasReturn } = this.#scanner;
    const bytes = this.#buffer.subarray(start, start + length - 1);
    const record = new FramedRecord(this.#base + start, bytes, columns, ends, quoted, hasReturn);
    this.#restart(start + length);
    this.#columns = columns;
    return record;
  }

  /** The bytes in doubt, if any, now that they end at `#start`. */
  #gapBefore(): Gap | null {
    if (this.#doubtFrom === null) return null;
    const gap = this.#tornGap(this.#doubtFrom);
    this.#doubtFrom = null;
    return gap;
  }

  /** Doubt must not grow without end in a file that did have records; one that never had is not csvlog. */
  #gapIfTooLong(): Gap | null {
    if (this.#doubtFrom === null || !this.#hasFound) return null;
    if (this.#base + this.#start - this.#doubtFrom <= this.#maxRecordSize) return null;
    const gap = this.#tornGap(this.#doubtFrom);
    this.#doubtFrom = this.#base + this.#start;
    return gap;
  }

  /** From there to `#start`. */
  #tornGap(from: number): Gap {
    const record = this.#torn;
    this.#torn = {};
    return { kind: 'gap', reason: 'torn', offset: from, length: this.#base + this.#start - from, record };
  }

  /** A record that is larger than allowed: go on to its end without keeping it; in doubt, look for another. */
  #giveUp(): void {
    if (this.#doubtFrom !== null) this.#doubt();
    else this.#oversize = new Oversize(this.#base + this.#start, this.#knownColumns());
  }

  /** What the columns say that were scanned. */
  #knownColumns(): KnownRecord {
    const { columns, ends, quoted } = this.#scanner;
    if (!namesLine(this.#shape(this.#start, this.#scanner))) return {};
    const bytes = this.#buffer.subarray(this.#start, this.#start + (ends[columns - 1] ?? 0));
    const known = new FramedRecord(0, bytes, columns, ends, quoted);
    return {
      user: known.text(COLUMN.user),
      session: known.text(COLUMN.sessionId),
      line: known.text(COLUMN.sessionLine),
    };
  }

  /** Returns the gap at the record's end, `null` where more bytes are needed, `undefined` where it was torn. */
  #followOversize(oversize: Oversize, result: ScanResult): Gap | null | undefined {
    const scanned = this.#start + this.#scanner.length;
    if (result === 'incomplete' && !this.#ended) {
      const drop = this.#scanner.length - WINDOW;
      if (drop > 0) {
        oversize.add(this.#buffer.subarray(this.#start, this.#start + drop));
        this.#scanner.forget(drop);
        this.#start += drop;
      }
      return null;
    }
    this.#oversize = null;
    if (result === 'complete') {
      oversize.add(this.#buffer.subarray(this.#start, scanned));
      this.#restart(scanned);
      return oversize.gap();
    }
    this.#restart(this.#start);
    this.#doubtFrom = oversize.offset;
    this.#torn = oversize.known;
    return undefined;
  }

  /** Moves what is still needed to the front, into a larger or smaller buffer where that fits better. */
  #makeRoom(size: number): void {
    const kept = this.#end - this.#start;
    const capacity = capacityFor(kept + size, this.#buffer.length);
    const before = this.#buffer;
    if (capacity !== before.length) this.#buffer = Buffer.allocUnsafeSlow(capacity);
    before.copy(this.#buffer, 0, this.#start, this.#end);
    // Given back at once: the garbage collector may wait until there are several of a large record's size.
    if (this.#buffer !== before) before.buffer.transfer(0);
    this.#base += this.#start;
    this.#start = 0;
    this.#end = kept;
  }
}

/** Doubles what is too small, gives back what one large record has left behind. */
function capacityFor(needed: number, current: number): number {
  if (needed > current) return Math.max(needed, current * 2);
  return current > 8 * FIRST_BUFFER && needed < current / 8 ? Math.max(needed * 2, FIRST_BUFFER) : current;
}
