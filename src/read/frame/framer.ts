/** Cuts the bytes of a log file into records, and says which bytes belong to no record. */

import type { Gap, KnownRecord } from '../../event/gap.js';
import { COLUMN } from '../../lib/csvlog.js';
import type { Frame, RawRecord, Skip } from '../record.js';
import { FramedRecord } from './framed-record.js';
import { Oversize } from './oversize.js';
import { findHead, isHead, isWellFormed, namesLine, type Shape } from './record-head.js';
import { type Found, Scan } from './scan.js';
import { Scanner, type ScanResult } from './scanner.js';

const LARGE_BUFFER = 4 * 1024 * 1024;
/** What stays in memory of a record over the size limit: a torn one hides the next record's head here. */
const WINDOW = 64 * 1024;

export interface FramerOptions {
  /** Offset in the file of the first byte that is pushed. */
  readonly offset: number;
  /** How many columns the record before had. */
  readonly columns?: number;
  /** If earlier bytes are in doubt: the offset of the first of them. */
  readonly doubtFrom?: number;
  /** Bytes; a longer record becomes a gap. */
  readonly maxRecordSize: number;
}

/**
 * Push bytes in, take frames out until `null`.
 *
 * A record is framed by its quotes. Where they break the rule, or what they frame is no csvlog
 * record, the bytes are in doubt: the next record is then the nearest one after it that begins with
 * a strict head and is whole and well-formed in PostgreSQL's own quoting; what is between is a gap.
 */
export class Framer {
  readonly #maxRecordSize: number;
  /** Finds records as long as every byte is as PostgreSQL writes it. */
  #scan = Scan.take();
  /** What it found and nobody took yet. */
  #found: Found | null = null;
  /** Bytes are in doubt, or are too many: the scanner below looks at them one by one. */
  #isCareful = false;
  readonly #scanner = new Scanner();
  /** Offset in the file of the buffer's first byte. */
  #base: number;
  /** The record being looked at starts here in the buffer; before it everything has been returned. */
  #start = 0;
  #end = 0;
  /** Offset in the file of the first byte in doubt. */
  #doubtFrom: number | null = null;
  /** What is known of the record that began there. */
  #torn: KnownRecord = {};
  #oversize: Oversize | null = null;
  /** The careful scanner is after the final newline of what starts at `#start`. */
  #isComplete = false;
  #ended = false;
  #columns: number;
  /** Whether a record head was seen, whatever came after it. */
  #hasSeenHead = false;

  constructor(options: FramerOptions) {
    this.#base = options.offset;
    this.#doubtFrom = options.doubtFrom ?? null;
    this.#isCareful = this.#doubtFrom !== null;
    this.#columns = options.columns ?? 0;
    this.#maxRecordSize = options.maxRecordSize;
  }

  get #buffer(): Buffer {
    return this.#scan.input;
  }

  /** Offset in the file up to which everything has been returned as records or gaps. */
  get position(): number {
    return this.#oversize?.offset ?? this.#doubtFrom ?? this.#base + this.#start;
  }

  /** Why no record was found in any of the bytes so far; `null` if one was, or may still be found. */
  get notCsvlog(): 'columns' | 'format' | null {
    if (this.#hasFound || this.#doubtFrom === null) return null;
    return this.#hasSeenHead ? 'columns' : 'format';
  }

  /** How many columns the last record had; 0 if none was found yet. */
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

  /** Bytes before an offset in the file, at most `most`, as far as they are in memory. */
  bytesBefore(place: number, most: number): Buffer {
    const end = place - this.#base;
    return end <= 0 ? Buffer.alloc(0) : this.#buffer.subarray(Math.max(0, end - most), end);
  }

  /** Room to read at least `size` bytes into; `filled` says how many came. Earlier frames are invalid after it. */
  space(size: number): Buffer {
    if (this.#buffer.length - this.#end < size) this.#makeRoom(size);
    return this.#buffer.subarray(this.#end);
  }

  /** Gives back the memory that one large record took. Earlier frames are invalid after it. */
  shrink(): void {
    if (this.#buffer.length <= LARGE_BUFFER || this.#end - this.#start > LARGE_BUFFER / 8) return;
    const scan = Scan.take();
    this.#end = this.#buffer.copy(scan.input, 0, this.#start, this.#end);
    this.#base += this.#start;
    this.#start = 0;
    this.#scan = scan;
    this.#found = null;
  }

  /** Lets go of its memory: nothing may be asked of it after that. */
  close(): void {
    this.#scan.release();
  }

  filled(bytes: number): void {
    if (this.#found === 'more') this.#found = null;
    this.#end += bytes;
  }

  push(bytes: Buffer): void {
    bytes.copy(this.space(bytes.length));
    this.filled(bytes.length);
  }

  /** No more bytes will come: what is left is torn, and `next` says so. */
  finish(): void {
    this.#ended = true;
  }

  /** The next record or gap; `null` if more bytes are needed, or none are left. */
  next(): Frame | null {
    if (!this.#isCareful) {
      const found = this.#found ?? this.#run();
      this.#found = null;
      const record = found === 'record' ? this.#plainRecord() : null;
      if (record !== null) return record;
      if (found === 'more' && !this.#ended && this.#end - this.#start <= this.#maxRecordSize) return null;
      if (found === 'more' && this.#start === this.#end) return null;
      this.#isCareful = true;
      this.#restart(this.#start);
    }
    return this.#nextCarefully();
  }

  #run(): Found {
    const found = this.#scan.run(this.#end);
    this.#start = this.#scan.start;
    return found;
  }

  /** The record that the scanner found; `null` if it has not the form that those before had. */
  #plainRecord(): RawRecord | null {
    const { end, columns, ends, quoted, hasReturn } = this.#scan;
    const start = this.#start;
    const shape = { bytes: this.#buffer, start, end: end - 1, columns, ends, quoted };
    if (columns < this.#columns || end - start > this.#maxRecordSize || !isWellFormed(shape, false))
      return null;
    const bytes = this.#buffer.subarray(start, end - 1);
    this.#start = end;
    this.#columns = columns;
    return new FramedRecord(this.#base + start, bytes, columns, ends, quoted, hasReturn, this.#scan);
  }

  #nextCarefully(): Frame | null {
    for (;;) {
      if (this.#doubtFrom !== null && !this.#isComplete) this.#seekHead();
      const result = this.#scanCarefully();
      if (this.#oversize !== null) {
        const gap = this.#followOversize(this.#oversize, result);
        if (gap !== undefined) return gap;
      } else if (result === 'complete') {
        const isRecord = this.#isRecord();
        if (isRecord === null) return null;
        const gap = isRecord ? this.#gapBefore() : null;
        if (gap !== null) return gap;
        if (!isRecord) this.#doubt();
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

  /** Lets `skip` skip records. Returns the latest log_time. */
  skip(skip: Skip, lastTime: string): string {
    // A record that was found and not taken yet comes first.
    if (this.#isCareful || !this.#hasFound || this.#found !== null) return lastTime;
    const before = { columns: this.#columns, lastTime, maxRecordSize: this.#maxRecordSize };
    const skipped = skip.run(this.#scan, this.#end, before);
    this.#found = skipped.found;
    this.#start = this.#scan.start;
    return skipped.lastTime;
  }

  #scanCarefully(): ScanResult {
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

  /** Whether the complete lines from `#start` are a record; `null` if only the next record shows it. */
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
    const record = new FramedRecord(this.#base + start, bytes, columns, ends, quoted, hasReturn, this.#scan);
    this.#restart(start + length);
    this.#scan.restart(this.#start);
    this.#isCareful = false;
    this.#columns = columns;
    return record;
  }

  /** Bytes before `#start` that are in doubt, and were not returned as a gap yet. */
  get #inDoubt(): number {
    return this.#doubtFrom === null ? 0 : this.#base + this.#start - this.#doubtFrom;
  }

  /** The bytes in doubt, if any, now that they end at `#start`. */
  #gapBefore(): Gap | null {
    const gap = this.#inDoubt > 0 ? this.#tornGap() : null;
    this.#doubtFrom = null;
    return gap;
  }

  /** Bytes in doubt have a limit in a file that had records; a file that never had any is not csvlog. */
  #gapIfTooLong(): Gap | null {
    if (!this.#hasFound || this.#inDoubt <= this.#maxRecordSize) return null;
    const gap = this.#tornGap();
    this.#doubtFrom = this.#base + this.#start;
    return gap;
  }

  #tornGap(): Gap {
    const [length, record] = [this.#inDoubt, this.#torn];
    this.#torn = {};
    return { kind: 'gap', reason: 'torn', offset: this.#base + this.#start - length, length, record };
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

  /** Returns the gap at the record's end, `null` if more bytes are needed, `undefined` if it was torn. */
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

  /** Moves what is still needed to the front, into a larger memory if it must. */
  #makeRoom(size: number): void {
    const from = this.#isCareful ? this.#start : Math.min(this.#start, this.#scan.neededFrom);
    const kept = this.#end - from;
    if (kept + size > this.#buffer.length) this.#scan.grow(Math.max(kept + size, this.#buffer.length * 2));
    this.#buffer.copyWithin(0, from, this.#end);
    this.#scan.moved(from);
    this.#base += from;
    this.#start -= from;
    this.#end = kept;
  }
}

/** The record that these bytes are, with their final newline; `null` if they are none. */
export function recordIn(bytes: Buffer): RawRecord | null {
  const scanner = new Scanner();
  if (scanner.scan(bytes, 0, bytes.length) !== 'complete' || scanner.length !== bytes.length) return null;
  const { columns, ends, quoted, hasReturn } = scanner;
  return new FramedRecord(0, bytes.subarray(0, -1), columns, ends, quoted, hasReturn);
}
