import type { RawRecord } from '../record.js';

/** A record in the framer's buffer: it reads what stands there, until the framer goes on. */
export class FramedRecord implements RawRecord {
  readonly kind = 'record';
  readonly offset: number;
  readonly bytes: Buffer;
  readonly columns: number;
  readonly #ends: Int32Array;
  readonly #quoted: number;

  constructor(offset: number, bytes: Buffer, columns: number, ends: Int32Array, quoted: number) {
    this.offset = offset;
    this.bytes = bytes;
    this.columns = columns;
    this.#ends = ends;
    this.#quoted = quoted;
  }

  get length(): number {
    return this.bytes.length + 1;
  }

  text(column: number, decode: ((bytes: Buffer) => string) | null = null): string {
    const [start, end] = this.#content(column);
    const text =
      decode === null ? this.bytes.toString('utf8', start, end) : decode(this.bytes.subarray(start, end));
    return this.#isQuoted(column) ? text.replaceAll('""', '"') : text;
  }

  isEmpty(column: number): boolean {
    const [start, end] = this.#content(column);
    return start === end;
  }

  startsWith(column: number, ascii: Buffer): boolean {
    const [start, end] = this.#content(column);
    if (end - start < ascii.length) return false;
    return this.bytes.compare(ascii, 0, ascii.length, start, start + ascii.length) === 0;
  }

  endOf(column: number): number {
    return this.#ends[column] ?? 0;
  }

  #isQuoted(column: number): boolean {
    return (this.#quoted & (1 << column)) !== 0;
  }

  /** The column's bytes within its quotes. */
  #content(column: number): [start: number, end: number] {
    const start = column === 0 ? 0 : (this.#ends[column - 1] ?? 0) + 1;
    const end = this.#ends[column] ?? 0;
    return this.#isQuoted(column) ? [start + 1, end - 1] : [start, end];
  }
}
