/** The scanner's other side: a memory of its own for each file that is read, with the bytes at hand in it. */

import type { Exports } from './instance.js';
import { Skipping } from './skipping.js';

/** Bytes that can be read behind the input and the output: no look of the scanner goes further. */
export const MARGIN = 128;
const PAGE = 64 * 1024;

/**
 * `more`: all bytes were looked at; `record`: one is complete; `breach`: none can begin where the last one ended; `full`:
 * so many records were skipped that the next run must make room.
 */
export type Found = 'more' | 'record' | 'breach' | 'full';

/** Places are counted from the start of `input`. */
export abstract class Scan {
  protected readonly scanner: Exports;
  #isLarge = false;
  /** Where the bytes are that are scanned. Growing replaces it. */
  input: Buffer = Buffer.alloc(0);
  /** Where the columns of the record end, counted from its start. */
  ends = new Int32Array(0);
  /** All of the scanner's memory. */
  memory: DataView = new DataView(new ArrayBuffer(0));

  protected constructor(scanner: Exports) {
    this.scanner = scanner;
  }

  protected get inputAt(): number {
    return this.scanner.INPUT.value;
  }

  /** Bytes of the memory behind the input's start. */
  protected get room(): number {
    return this.scanner.memory.buffer.byteLength - this.inputAt;
  }

  /** Bytes that the memory needs behind the input's start, for so many bytes of input. */
  protected abstract roomFor(bytes: number): number;
  /** Bytes of input for which there is room. */
  protected abstract get capacity(): number;

  /** Nobody uses it any more: its memory is used again. */
  abstract release(): void;
  /** Begins where a record begins. */
  abstract restart(at: number): void;
  /** The bytes from `by` on were moved to the start of the input. */
  abstract moved(by: number): void;
  /** Bytes before this are not needed any more. */
  abstract get neededFrom(): number;
  /** Looks at the bytes before `to`, from where it stopped; the record that it found last is done with. */
  abstract run(to: number, isSkipping?: boolean): Found;
  /** Where the record begins that is complete, or being looked at. */
  abstract get start(): number;
  /** One past the final newline of the record that is complete. */
  abstract get end(): number;
  abstract get columns(): number;
  /** Bit `i` is set if column `i` is quoted. */
  abstract get quoted(): number;

  /** More than the usual memory was needed: it is given back rather than used again. */
  protected get isLarge(): boolean {
    return this.#isLarge;
  }

  /** Makes views of the memory as it is now; a subclass begins with it. */
  protected map(): void {
    const { buffer } = this.scanner.memory;
    this.input = Buffer.from(buffer, this.inputAt, this.capacity);
    this.ends = new Int32Array(buffer, this.scanner.ROW.value, 32);
    this.memory = new DataView(buffer);
  }

  /** Makes the input at least so large; what is in it stays. */
  grow(bytes: number): void {
    this.#isLarge = true;
    this.addRoom(bytes);
  }

  protected addRoom(bytes: number): void {
    const pages = Math.ceil((this.roomFor(bytes) - this.room) / PAGE);
    if (pages > 0) this.scanner.memory.grow(pages);
    this.map();
  }

  /** Whether these bytes are in this memory: their `byteOffset` is then their address in it. */
  holds(bytes: Buffer): boolean {
    return bytes.buffer === this.memory.buffer;
  }

  /** pgAudit's number of the statement in a message column that is certain to be genuine; `null` if it is not. */
  statementIn(column: Buffer): number | null {
    if (!this.holds(column)) return null;
    const statement = this.scanner.statementIn(column.byteOffset, column.byteOffset + column.length);
    return statement === -1 ? null : statement;
  }

  get skipping(): Skipping {
    return new Skipping(this.scanner, this.memory);
  }
}
