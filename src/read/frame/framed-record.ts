import { isAscii } from 'node:buffer';
import { COLUMN } from '../../lib/csvlog.js';
import type { RawRecord } from '../record.js';
import type { Scan } from './scan.js';

/** Bytes: a piece of a text keeps all of it in memory, so only of small records one is made of the whole. */
const SMALL = 4096;

/** A record in the framer's buffer: it reads those bytes, until the framer continues. */
export class FramedRecord implements RawRecord {
  readonly kind = 'record';
  readonly offset: number;
  readonly length: number;
  readonly bytes: Buffer;
  readonly columns: number;
  readonly hasReturn: boolean;
  readonly #ends: Int32Array;
  readonly #quoted: number;
  readonly #scan: Scan | null;
  /** The whole record, if it is small and ASCII: its columns are pieces of that. */
  #ascii: string | null | undefined;

  constructor(
    offset: number,
    bytes: Buffer,
    columns: number,
    ends: Int32Array,
    quoted: number,
    hasReturn = false,
    scan: Scan | null = null,
    length = bytes.length + 1,
  ) {
    this.offset = offset;
    this.length = length;
    this.bytes = bytes;
    this.columns = columns;
    this.#ends = ends;
    this.#quoted = quoted;
    this.hasReturn = hasReturn;
    this.#scan = scan;
  }

  text(column: number, decode: ((bytes: Buffer) => string) | null = null): string {
    const start = this.#startOf(column);
    const end = this.#endOf(column);
    const raw = decode === null ? this.#slice(start, end) : decode(this.bytes.subarray(start, end));
    const text = this.hasReturn ? raw.replaceAll('\r\n', '\n') : raw;
    return this.#isQuoted(column) && text.includes('"') ? text.replaceAll('""', '"') : text;
  }

  isEmpty(column: number): boolean {
    return this.#startOf(column) === this.#endOf(column);
  }

  startsWith(column: number, ascii: Buffer): boolean {
    const start = this.#startOf(column);
    if (this.#endOf(column) - start < ascii.length) return false;
    return this.bytes.compare(ascii, 0, ascii.length, start, start + ascii.length) === 0;
  }

  endOf(column: number): number {
    return this.#ends[column] ?? 0;
  }

  column(column: number): Buffer {
    const start = column === 0 ? 0 : this.endOf(column - 1) + 1;
    return this.bytes.subarray(start, this.endOf(column));
  }

  get auditStatement(): number | null {
    return this.#scan?.statementIn(this.column(COLUMN.message)) ?? null;
  }

  #isQuoted(column: number): boolean {
    return (this.#quoted & (1 << column)) !== 0;
  }

  #slice(start: number, end: number): string {
    const { bytes } = this;
    if (this.#ascii === undefined)
      this.#ascii = bytes.length <= SMALL && isAscii(bytes) ? bytes.toString('latin1') : null;
    return this.#ascii === null ? bytes.toString('utf8', start, end) : this.#ascii.slice(start, end);
  }

  /** Where the column's text begins, behind its quote. */
  #startOf(column: number): number {
    const start = column === 0 ? 0 : (this.#ends[column - 1] ?? 0) + 1;
    return this.#isQuoted(column) ? start + 1 : start;
  }

  #endOf(column: number): number {
    const end = this.#ends[column] ?? 0;
    return this.#isQuoted(column) ? end - 1 : end;
  }
}
