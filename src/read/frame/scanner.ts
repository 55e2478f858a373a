/** Finds the end of one record byte by byte, by CSV quoting alone, and where its columns end. The plain one for what is torn. */

const QUOTE = 0x22;
const COMMA = 0x2c;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

const MOST_COLUMNS = 26;

/** Where the scanner is within a record. */
const AT_FIELD_START = 0;
const UNQUOTED = 1;
const QUOTED = 2;
/** After a quote inside a quoted field: it either closed the field or is the first of two. */
const AFTER_QUOTE = 3;
/** After a carriage return outside of quotes, as Windows writes it before each newline. */
const AFTER_RETURN = 4;

/**
 * `complete`: the final newline was found. `incomplete`: it is not there yet. `breach`: the bytes
 * break the quote rule or have too many columns, so a record cannot begin where the scan began.
 */
export type ScanResult = 'complete' | 'incomplete' | 'breach';

/**
 * A quote may open only at a field's start, and after a closing quote only a comma or a line end may
 * follow: a newline, or a carriage return and a newline. The scan can stop at any byte, and continue when more have come.
 */
export class Scanner {
  /** Where each column ends, counted from the record's first byte. */
  readonly ends = new Int32Array(MOST_COLUMNS);
  /** Columns that are complete. */
  columns = 0;
  /** Bit `i` is set if column `i` is quoted. */
  quoted = 0;
  /** The line end was a carriage return and a newline. */
  hasReturn = false;
  /** Bytes of the record looked at so far, the final newline included. */
  length = 0;
  #state = AT_FIELD_START;

  reset(): void {
    this.columns = 0;
    this.quoted = 0;
    this.length = 0;
    this.#state = AT_FIELD_START;
  }

  /** The record's first `bytes` bytes are gone; only its end is still looked for. */
  forget(bytes: number): void {
    this.length -= bytes;
  }

  /** Continues with the record that starts at `start`, with the bytes before `end`. */
  scan(bytes: Buffer, start: number, end: number): ScanResult {
    let state = this.#state;
    let i = start + this.length;
    let result: ScanResult = 'incomplete';
    for (; i < end; i++) {
      const byte = bytes[i];
      if (state === QUOTED) {
        if (byte === QUOTE) state = AFTER_QUOTE;
      } else if (state === AFTER_RETURN && byte !== NEWLINE) {
        result = 'breach';
        break;
      } else if (byte === QUOTE) {
        if (state === UNQUOTED) {
          result = 'breach';
          break;
        }
        if (state === AT_FIELD_START) this.quoted |= 1 << this.columns;
        state = QUOTED;
      } else if (byte === COMMA || byte === NEWLINE) {
        this.hasReturn = state === AFTER_RETURN;
        this.ends[this.columns++] = this.hasReturn ? i - start - 1 : i - start;
        state = AT_FIELD_START;
        if (byte === NEWLINE) {
          i++;
          result = 'complete';
          break;
        }
        if (this.columns === MOST_COLUMNS) {
          result = 'breach';
          break;
        }
      } else if (byte === RETURN) {
        state = AFTER_RETURN;
      } else if (state === AFTER_QUOTE) {
        result = 'breach';
        break;
      } else {
        state = UNQUOTED;
      }
    }
    this.length = i - start;
    this.#state = state;
    return result;
  }
}
