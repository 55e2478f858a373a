/**
 * Cuts jsonlog, and what CloudNativePG prints, into records. A newline ends a line, and nothing else does: JSON has none
 * within it.
 */

import type { Gap } from '../../event/gap.js';
import type { Frame, RawRecord } from '../record.js';
import { type CriLine, readCri } from './cri.js';
import { FramedRecord } from './framed-record.js';
import { Framer, type FramerOptions } from './framer.js';
import { type LineFormat, LineScan } from './line-scan.js';
import { Oversize } from './oversize.js';
import { PartialRecords, type Parts } from './partial-records.js';
import { isWellFormed } from './record-head.js';

const NEWLINE = 0x0a;

/** What a whole record begins with: within a string of JSON, its quotes would have a backslash before them. */
const HEADS: Readonly<Record<LineFormat, Buffer>> = {
  jsonlog: Buffer.from('{"timestamp":"'),
  cnpg: Buffer.from('{"level":"'),
};

export interface LineFramerOptions extends FramerOptions {
  readonly format: LineFormat;
  /** With what the file before ended: the container's log was rotated within a record. */
  readonly carried?: Parts;
}

/** Bytes of the buffer that may be a record, of the bytes of the file from `offset` to `end`. */
interface Text {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
  readonly end: number;
  /** Of a text that is put together: offset of its last line. */
  readonly lastLine?: number;
}

export class LineFramer extends Framer {
  readonly #format: LineFormat;
  protected scan: LineScan;
  readonly #partial: PartialRecords;
  /** No newline is between `start` and this. */
  #looked = 0;
  /** A record that comes after the gap that was returned last. */
  #next: RawRecord | null = null;

  constructor({ format, carried, ...options }: LineFramerOptions) {
    super(options);
    this.#format = format;
    this.scan = this.takeScan();
    this.#partial = new PartialRecords(this.maxRecordSize, carried, options.offset);
    this.isCareful ||= this.#partial.areAny;
  }

  protected takeScan(): LineScan {
    return LineScan.take(this.#format);
  }

  protected get neededFrom(): number {
    return this.start;
  }

  override get position(): number {
    const next = this.#next?.offset ?? Number.POSITIVE_INFINITY;
    return Math.min(super.position, this.#partial.from ?? Number.POSITIVE_INFINITY, next);
  }

  get notRead(): 'format' | null {
    return this.hasFound || this.doubtFrom === null ? null : 'format';
  }

  override get parts(): Parts {
    return this.#partial.parts;
  }

  next(): Frame | null {
    if (this.#next !== null) return this.#takeNext(this.#next);
    for (;;) {
      const frame = this.isCareful ? this.#nextCarefully() : this.#nextPlainly();
      if (frame !== undefined) return frame;
    }
  }

  /** `undefined` if what comes next is not plain. */
  #nextPlainly(): RawRecord | null | undefined {
    const found = this.found ?? this.run();
    this.found = null;
    if (found === 'record' && this.#isRecord(this.scan.end - this.start)) return this.#takePlain();
    const isTooLong = this.end - this.start > this.maxRecordSize;
    if (found === 'more' && !this.hasEnded && !isTooLong) return null;
    if (found === 'more' && this.start === this.end) return null;
    this.isCareful = true;
    this.#looked = this.start;
    return undefined;
  }

  #takePlain(): RawRecord {
    const offset = this.base + this.start;
    this.start = this.scan.end;
    return this.#record(offset, this.base + this.start);
  }

  #takeNext(record: RawRecord): RawRecord {
    this.#next = null;
    this.#goOn();
    return record;
  }

  /** Whether the row that the scanner wrote is one of PostgreSQL's. */
  #isRecord(length: number): boolean {
    const { row, columns, ends, quoted } = this.scan;
    const shape = { bytes: row, start: 0, end: row.length, columns, ends, quoted };
    return length <= this.maxRecordSize && isWellFormed(shape, true);
  }

  /** The record that the scanner wrote, of these bytes of the file. */
  #record(offset: number, end: number): RawRecord {
    const { row, columns, ends, quoted } = this.scan;
    this.hasColumns(columns);
    return new FramedRecord(offset, row, columns, ends, quoted, false, this.scan, end - offset);
  }

  /** `undefined` if what comes next is plain again. */
  #nextCarefully(): Frame | null | undefined {
    while (this.isCareful) {
      const newline = this.buffer.subarray(0, this.end).indexOf(NEWLINE, this.#looked);
      if (newline === -1) return this.#readRest();
      const frame = this.#readLine(newline);
      if (frame !== null) return frame;
      this.#goOn();
    }
    return undefined;
  }

  /** The scanner is fast again once nothing is in doubt, and no record is partial. */
  #goOn(): void {
    if (this.doubtFrom !== null || this.oversize !== null || this.#partial.areAny) return;
    if (this.#next !== null) return;
    this.isCareful = false;
    this.scan.restart(this.start);
  }

  #lineTo(place: number): void {
    this.start = place;
    this.#looked = place;
  }

  /** What is behind the last newline. */
  #readRest(): Gap | null {
    this.#looked = this.end;
    if (this.hasEnded) {
      if (this.start === this.end && !this.#partial.areAny) return this.gapBefore();
      this.#doubtTo(this.end);
      return this.gapBefore();
    }
    if (this.end - this.start <= this.maxRecordSize) return null;
    if (this.doubtFrom === null) this.oversize ??= new Oversize(this.base + this.start, {});
    this.oversize?.add(this.buffer.subarray(this.start, this.end));
    this.#lineTo(this.end);
    return this.gapIfTooLong();
  }

  /** The bytes up to a place are no record. */
  #doubtTo(place: number): void {
    this.doubtFrom ??= this.#partial.from ?? this.base + this.start;
    this.#partial.clear();
    this.#lineTo(place);
  }

  #readLine(newline: number): Frame | null {
    const [start, next] = [this.start, newline + 1];
    if (this.oversize !== null || (next - start > this.maxRecordSize && this.doubtFrom === null))
      return this.#endOversize(next);
    if (this.#format === 'jsonlog')
      return this.#readText({ from: start, to: newline, offset: this.base + start, end: this.base + next });
    const line = readCri(this.buffer.subarray(start, newline));
    if (line === null) {
      this.#doubtTo(next);
      return this.gapIfTooLong();
    }
    return this.#readCriText(line, start + line.textAt, newline);
  }

  #endOversize(next: number): Gap {
    const oversize = this.oversize ?? new Oversize(this.base + this.start, {});
    oversize.add(this.buffer.subarray(this.start, next));
    this.oversize = null;
    this.#lineTo(next);
    return oversize.gap();
  }

  #readCriText({ stream, isPart }: CriLine, from: number, newline: number): Frame | null {
    const [offset, end] = [this.base + this.start, this.base + newline + 1];
    const piece = this.buffer.subarray(from, newline);
    if (isPart) {
      this.#partial.add(stream, piece, offset);
      this.#lineTo(newline + 1);
      return null;
    }
    const before = this.#partial.take(stream);
    if (before === null) return this.#readText({ from, to: newline, offset, end });
    if (before.oversize !== null) {
      before.oversize.add(piece);
      this.#lineTo(newline + 1);
      this.#partial.settle();
      // It is in the gap of what is in doubt already.
      if (this.doubtFrom !== null) return this.gapIfTooLong();
      return { ...before.oversize.gap(), length: end - before.offset };
    }
    const text = Buffer.concat([...before.pieces, piece]);
    // Behind the bytes at hand is room for it.
    const place = this.#copyBehind(text);
    const whole = { from: place, to: place + text.length, offset: before.offset, end, lastLine: offset };
    const found = this.#readText(whole);
    this.#partial.settle();
    return found;
  }

  #copyBehind(text: Buffer): number {
    text.copy(this.space(text.length));
    return this.end;
  }

  /** The record that a text is, or ends with; what is before it is in doubt. */
  #readText({ from, to, offset, end, lastLine }: Text): Frame | null {
    const next = end - this.base;
    const what = this.scan.readText(from, to);
    if (what === 'other') {
      this.#lineTo(next);
      return null;
    }
    const head = what === 'record' && this.#isRecord(to - from) ? from : this.#headIn(from + 1, to);
    if (head === null) return this.#notRecord(offset, next);
    const begins = head === from ? offset : (lastLine ?? end - (to - head) - 1);
    if (head !== from) this.doubtFrom ??= offset;
    const gap = this.#gapTo(begins);
    const record = this.#record(begins, end);
    this.#lineTo(next);
    if (gap === null) return record;
    this.#next = record;
    return gap;
  }

  /** While records of the other stream are partial, the gap is this line alone. */
  #notRecord(offset: number, next: number): Gap | null {
    const before = this.doubtFrom;
    this.doubtFrom ??= offset;
    this.#lineTo(next);
    return before === null && this.#partial.areAny ? this.gapBefore() : this.gapIfTooLong();
  }

  /** The bytes in doubt, which end where a record begins. */
  #gapTo(offset: number): Gap | null {
    const from = this.doubtFrom;
    this.doubtFrom = null;
    if (from === null || from >= offset) return null;
    return { kind: 'gap', reason: 'torn', offset: from, length: offset - from, record: {} };
  }

  /** The first place at which a whole record begins that ends with the text. */
  #headIn(from: number, to: number): number | null {
    const text = this.buffer.subarray(0, to);
    const head = HEADS[this.#format];
    for (let at = text.indexOf(head, from); at !== -1; at = text.indexOf(head, at + 1))
      if (this.scan.readText(at, to) === 'record' && this.#isRecord(to - at)) return at;
    return null;
  }
}
