/** Cuts the bytes of a log file into records, and says which bytes belong to no record. */

import type { Gap } from '../../event/gap.js';
import type { Frame, Skip } from '../record.js';
import type { Oversize } from './oversize.js';
import type { Parts } from './partial-records.js';
import type { Found, Scan } from './scan.js';

const NO_PARTS: Parts = new Map();
const LARGE_BUFFER = 4 * 1024 * 1024;

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
 * Push bytes in, take frames out until `null`. A subclass for each kind of format finds the records; here is what they
 * share: the bytes at hand, in the scanner's memory, and those that are in doubt.
 */
export abstract class Framer {
  protected readonly maxRecordSize: number;
  /** Finds records as long as every byte is as PostgreSQL writes it. */
  protected abstract scan: Scan;
  /** What it found and nobody took yet. */
  protected found: Found | null = null;
  /** Bytes are in doubt, or are too many: they are looked at one by one. */
  protected isCareful = false;
  /** Offset in the file of the buffer's first byte. */
  protected base: number;
  /** The record being looked at starts here in the buffer; before it everything has been returned. */
  protected start = 0;
  protected end = 0;
  /** Offset in the file of the first byte in doubt. */
  protected doubtFrom: number | null = null;
  protected oversize: Oversize | null = null;
  protected hasEnded = false;
  #columns: number;

  constructor(options: FramerOptions) {
    this.base = options.offset;
    this.doubtFrom = options.doubtFrom ?? null;
    this.isCareful = this.doubtFrom !== null;
    this.#columns = options.columns ?? 0;
    this.maxRecordSize = options.maxRecordSize;
  }

  /** The next record or gap; `null` if more bytes are needed, or none are left. */
  abstract next(): Frame | null;

  /** A scanner of its own. */
  protected abstract takeScan(): Scan;

  /** The first byte of the buffer that is still needed. */
  protected abstract get neededFrom(): number;

  protected get buffer(): Buffer {
    return this.scan.input;
  }

  /** Offset in the file up to which everything has been returned as records or gaps. */
  get position(): number {
    return this.oversize?.offset ?? this.doubtFrom ?? this.base + this.start;
  }

  /** Why no record was found in any of the bytes so far; `null` if one was, or may still be found. */
  abstract get notRead(): 'columns' | 'format' | null;

  /** Records of which only the beginning was read: their rest may be at the start of the next file. */
  get parts(): Parts {
    return NO_PARTS;
  }

  /** How many columns the last record had; 0 if none was found yet. */
  get columns(): number {
    return this.#columns;
  }

  protected hasColumns(columns: number): void {
    this.#columns = columns;
  }

  protected get hasFound(): boolean {
    return this.#columns > 0;
  }

  /** Offset in the file after the last byte that was pushed. */
  get pushed(): number {
    return this.base + this.end;
  }

  /** Offset in the file up to which nothing more can be found. */
  get scanned(): number {
    return this.base + this.start;
  }

  /** Bytes before an offset in the file, at most `most`, as far as they are in memory. */
  bytesBefore(place: number, most: number): Buffer {
    const end = place - this.base;
    return end <= 0 ? Buffer.alloc(0) : this.buffer.subarray(Math.max(0, end - most), end);
  }

  /** Room to read at least `size` bytes into; `filled` says how many came. Earlier frames are invalid after it. */
  space(size: number): Buffer {
    if (this.buffer.length - this.end < size) this.#makeRoom(size);
    return this.buffer.subarray(this.end);
  }

  /** Gives back the memory that one large record took. Earlier frames are invalid after it. */
  shrink(): void {
    if (this.buffer.length <= LARGE_BUFFER || this.end - this.start > LARGE_BUFFER / 8) return;
    const scan = this.takeScan();
    this.end = this.buffer.copy(scan.input, 0, this.start, this.end);
    this.base += this.start;
    this.start = 0;
    this.scan = scan;
    this.found = null;
  }

  /** Lets go of its memory: nothing may be asked of it after that. */
  close(): void {
    this.scan.release();
  }

  filled(bytes: number): void {
    if (this.found === 'more') this.found = null;
    this.end += bytes;
  }

  push(bytes: Buffer): void {
    bytes.copy(this.space(bytes.length));
    this.filled(bytes.length);
  }

  /** No more bytes will come: what is left is torn, and `next` says so. */
  finish(): void {
    this.hasEnded = true;
  }

  /** Lets `skip` skip records. Returns the latest log_time. */
  skip(skip: Skip, lastTime: string): string {
    // A record that was found and not taken yet comes first.
    if (this.isCareful || !this.hasFound || this.found !== null) return lastTime;
    let time = lastTime;
    do {
      const before = { columns: this.#columns, lastTime: time, maxRecordSize: this.maxRecordSize };
      const skipped = skip.run(this.scan, this.end, before);
      this.found = skipped.found;
      time = skipped.lastTime;
    } while (this.found === 'full');
    this.start = this.scan.start;
    return time;
  }

  protected run(): Found {
    const found = this.scan.run(this.end);
    this.start = this.scan.start;
    return found;
  }

  /** Bytes before `start` that are in doubt, and were not returned as a gap yet. */
  protected get inDoubt(): number {
    return this.doubtFrom === null ? 0 : this.base + this.start - this.doubtFrom;
  }

  /** The bytes in doubt, if any, now that they end at `start`. */
  protected gapBefore(): Gap | null {
    const gap = this.inDoubt > 0 ? this.tornGap() : null;
    this.doubtFrom = null;
    return gap;
  }

  /** Bytes in doubt have a limit in a file that had records; one that never had any is not a log of this format. */
  protected gapIfTooLong(): Gap | null {
    if (!this.hasFound || this.inDoubt <= this.maxRecordSize) return null;
    const gap = this.tornGap();
    this.doubtFrom = this.base + this.start;
    return gap;
  }

  protected tornGap(): Gap {
    const length = this.inDoubt;
    return { kind: 'gap', reason: 'torn', offset: this.base + this.start - length, length, record: {} };
  }

  /** Moves what is still needed to the front, into a larger memory if it must. */
  #makeRoom(size: number): void {
    const from = this.neededFrom;
    const kept = this.end - from;
    if (kept + size > this.buffer.length) this.scan.grow(Math.max(kept + size, this.buffer.length * 2));
    this.buffer.copyWithin(0, from, this.end);
    this.scan.moved(from);
    this.base += from;
    this.start -= from;
    this.end = kept;
  }
}
