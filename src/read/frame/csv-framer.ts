/** Cuts csvlog into records. */

import type { Gap, KnownRecord } from '../../event/gap.js';
import { COLUMN } from '../../lib/csvlog.js';
import type { Frame, RawRecord } from '../record.js';
import { CsvScan } from './csv-scan.js';
import { FramedRecord } from './framed-record.js';
import { Framer } from './framer.js';
import { Oversize } from './oversize.js';
import { findHead, isHead, isWellFormed, namesLine, type Shape } from './record-head.js';
import { Scanner, type ScanResult } from './scanner.js';

/** What stays in memory of a record over the size limit: a torn one hides the next record's head here. */
const WINDOW = 64 * 1024;

/**
 * A record is framed by its quotes. Where they break the rule, or what they frame is no csvlog
 * record, the bytes are in doubt: the next record is then the nearest one after it that begins with
 * a strict head and is whole and well-formed in PostgreSQL's own quoting; what is between is a gap.
 */
export class CsvFramer extends Framer {
  protected scan = this.takeScan();
  readonly #scanner = new Scanner();
  /** What is known of the record that began where bytes are in doubt. */
  #torn: KnownRecord = {};
  /** The careful scanner is after the final newline of what starts at `start`. */
  #isComplete = false;
  /** Whether a record head was seen, whatever came after it. */
  #hasSeenHead = false;

  protected takeScan(): CsvScan {
    return CsvScan.take();
  }

  protected get neededFrom(): number {
    return this.isCareful ? this.start : Math.min(this.start, this.scan.neededFrom);
  }

  get notRead(): 'columns' | 'format' | null {
    if (this.hasFound || this.doubtFrom === null) return null;
    return this.#hasSeenHead ? 'columns' : 'format';
  }

  /** The next record or gap; `null` if more bytes are needed, or none are left. */
  next(): Frame | null {
    if (!this.isCareful) {
      const found = this.found ?? this.run();
      this.found = null;
      const record = found === 'record' ? this.#plainRecord() : null;
      if (record !== null) return record;
      if (found === 'more' && !this.hasEnded && this.end - this.start <= this.maxRecordSize) return null;
      if (found === 'more' && this.start === this.end) return null;
      this.isCareful = true;
      this.#restart(this.start);
    }
    return this.#nextCarefully();
  }

  /** The record that the scanner found; `null` if it has not the form that those before had. */
  #plainRecord(): RawRecord | null {
    const { end, columns, ends, quoted, hasReturn } = this.scan;
    const start = this.start;
    const shape = { bytes: this.buffer, start, end: end - 1, columns, ends, quoted };
    if (columns < this.columns || end - start > this.maxRecordSize || !isWellFormed(shape, false))
      return null;
    const bytes = this.buffer.subarray(start, end - 1);
    this.start = end;
    this.hasColumns(columns);
    return new FramedRecord(this.base + start, bytes, columns, ends, quoted, hasReturn, this.scan);
  }

  #nextCarefully(): Frame | null {
    for (;;) {
      if (this.doubtFrom !== null && !this.#isComplete) this.#seekHead();
      const result = this.#scanCarefully();
      if (this.oversize !== null) {
        const gap = this.#followOversize(this.oversize, result);
        if (gap !== undefined) return gap;
      } else if (result === 'complete') {
        const isRecord = this.#isRecord();
        if (isRecord === null) return null;
        const gap = isRecord ? this.gapBefore() : null;
        if (gap !== null) return gap;
        if (!isRecord) this.#doubt();
        else if (this.#scanner.length <= this.maxRecordSize) return this.#takeRecord();
        else this.#giveUp();
      } else if (result === 'breach') {
        this.#doubt();
      } else if (this.hasEnded) {
        if (this.start === this.end) return this.gapBefore();
        this.#doubt();
      } else {
        if (this.end - this.start <= this.maxRecordSize) return this.gapIfTooLong();
        this.#giveUp();
      }
    }
  }

  #scanCarefully(): ScanResult {
    const result = this.#isComplete ? 'complete' : this.#scanner.scan(this.buffer, this.start, this.end);
    this.#isComplete = result === 'complete';
    return result;
  }

  #restart(at: number): void {
    this.start = at;
    this.#scanner.reset();
    this.#isComplete = false;
  }

  /** The bytes that start here are no record: look for one behind them. */
  #doubt(): void {
    if (this.doubtFrom === null) {
      this.doubtFrom = this.base + this.start;
      this.#torn = this.#knownColumns();
    }
    this.#hasSeenHead ||= isHead(this.buffer, this.start, this.end) === true;
    this.#restart(this.start + 1);
  }

  #seekHead(): void {
    const head = findHead(this.buffer, this.start, this.end);
    if (head !== this.start) this.#restart(head);
  }

  /** Whether the complete lines from `start` are a record; `null` if only the next record shows it. */
  #isRecord(): boolean | null {
    if (!isWellFormed(this.#shape(this.start, this.#scanner), this.doubtFrom !== null)) return false;
    return this.#scanner.columns >= this.columns || this.#isConfirmed();
  }

  /**
   * With fewer columns than the records before, it was torn after a column, unless the next record is
   * from the same older server.
   */
  #isConfirmed(): boolean | null {
    const scanner = new Scanner();
    const start = this.start + this.#scanner.length;
    const result = scanner.scan(this.buffer, start, this.end);
    if (result === 'incomplete' && !this.hasEnded && this.end - this.start <= this.maxRecordSize) return null;
    const isSame = result === 'complete' && scanner.columns === this.#scanner.columns;
    return isSame && isWellFormed(this.#shape(start, scanner), true);
  }

  #shape(start: number, { columns, ends, quoted, length }: Scanner): Shape {
    return { bytes: this.buffer, start, end: start + length - 1, columns, ends, quoted };
  }

  #takeRecord(): RawRecord {
    const start = this.start;
    const { length, columns, ends, quoted, hasReturn } = this.#scanner;
    const bytes = this.buffer.subarray(start, start + length - 1);
    const record = new FramedRecord(this.base + start, bytes, columns, ends, quoted, hasReturn, this.scan);
    this.#restart(start + length);
    this.scan.restart(this.start);
    this.isCareful = false;
    this.hasColumns(columns);
    return record;
  }

  protected override tornGap(): Gap {
    const record = this.#torn;
    this.#torn = {};
    return { ...super.tornGap(), record };
  }

  /** A record that is larger than allowed: go on to its end without keeping it; in doubt, look for another. */
  #giveUp(): void {
    if (this.doubtFrom !== null) this.#doubt();
    else this.oversize = new Oversize(this.base + this.start, this.#knownColumns());
  }

  /** What the columns say that were scanned. */
  #knownColumns(): KnownRecord {
    const { columns, ends, quoted } = this.#scanner;
    if (!namesLine(this.#shape(this.start, this.#scanner))) return {};
    const bytes = this.buffer.subarray(this.start, this.start + (ends[columns - 1] ?? 0));
    const known = new FramedRecord(0, bytes, columns, ends, quoted);
    return {
      user: known.text(COLUMN.user),
      session: known.text(COLUMN.sessionId),
      line: known.text(COLUMN.sessionLine),
    };
  }

  /** Returns the gap at the record's end, `null` if more bytes are needed, `undefined` if it was torn. */
  #followOversize(oversize: Oversize, result: ScanResult): Gap | null | undefined {
    const scanned = this.start + this.#scanner.length;
    if (result === 'incomplete' && !this.hasEnded) {
      const drop = this.#scanner.length - WINDOW;
      if (drop > 0) {
        oversize.add(this.buffer.subarray(this.start, this.start + drop));
        this.#scanner.forget(drop);
        this.start += drop;
      }
      return null;
    }
    this.oversize = null;
    if (result === 'complete') {
      oversize.add(this.buffer.subarray(this.start, scanned));
      this.#restart(scanned);
      return oversize.gap();
    }
    this.#restart(this.start);
    this.doubtFrom = oversize.offset;
    this.#torn = oversize.known;
    return undefined;
  }
}

/** The record that these bytes are, with their final newline; `null` if they are none. */
export function recordIn(bytes: Buffer): RawRecord | null {
  const scanner = new Scanner();
  if (scanner.scan(bytes, 0, bytes.length) !== 'complete' || scanner.length !== bytes.length) return null;
  const { columns, ends, quoted, hasReturn } = scanner;
  return new FramedRecord(0, bytes.subarray(0, -1), columns, ends, quoted, hasReturn);
}
