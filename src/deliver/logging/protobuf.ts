/**
 * Writes protobuf's wire format (protobuf.dev/programming-guides/encoding) from the end to the start: a message's
 * content is written before its length, which is then known.
 */

const FIRST_SIZE = 64 * 1024;
/** A larger buffer is not kept for the next message. */
const LARGEST_KEPT = 4 * 1024 * 1024;
/** Wire types. */
const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
/** Texts of at least this many characters are left to the native encoder. */
const LONG = 24;

export class BackwardWriter {
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_SIZE);
  #view = viewOf(this.#bytes);
  /** Offset of the first byte that is written. */
  #start = FIRST_SIZE;

  /** Bytes written so far. */
  get length(): number {
    return this.#bytes.length - this.#start;
  }

  /** All that was written, in a buffer of its own; the writer is then empty. */
  finish(): Buffer {
    const written = Buffer.from(this.#bytes.subarray(this.#start));
    if (this.#bytes.length > LARGEST_KEPT) this.#take(Buffer.allocUnsafeSlow(FIRST_SIZE));
    this.#start = this.#bytes.length;
    return written;
  }

  /** A string field. */
  text(field: number, text: string): void {
    const end = this.length;
    this.#utf8(text);
    this.delimit(field, end);
  }

  /** A string field from UTF-8 bytes. */
  utf8(field: number, bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    this.#reserve(size);
    this.#start -= size;
    if (size >= LONG) bytes.copy(this.#bytes, this.#start, start, end);
    else
      for (let index = 0; index < size; index++) this.#bytes[this.#start + index] = bytes[start + index] ?? 0;
    this.delimit(field, this.length - size);
  }

  /** Makes what was written since `length` was `end` the content of a field. */
  delimit(field: number, end: number): void {
    this.#varint(this.length - end);
    this.#tag(field, DELIMITED);
  }

  double(field: number, value: number): void {
    this.#reserve(8);
    this.#start -= 8;
    this.#view.setFloat64(this.#start, value, true);
    this.#tag(field, FIXED64);
  }

  /** A non-negative whole number, or a boolean. */
  number(field: number, value: number): void {
    this.#varint(value);
    this.#tag(field, VARINT);
  }

  #tag(field: number, type: number): void {
    this.#varint(field * 8 + type);
  }

  #varint(value: number): void {
    this.#reserve(10);
    if (value < 0x80) {
      this.#bytes[--this.#start] = value;
      return;
    }
    let size = 1;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
    this.#start -= size;
    let at = this.#start;
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#bytes[at++] = (rest % 0x80) + 0x80;
    this.#bytes[at] = rest;
  }

  #utf8(text: string): void {
    if (text.length < LONG && this.#ascii(text)) return;
    const size = Buffer.byteLength(text);
    this.#reserve(size);
    this.#start -= size;
    this.#bytes.write(text, this.#start, size);
  }

  /** Writes a short text; returns false, and writes nothing, if it is not ASCII. */
  #ascii(text: string): boolean {
    this.#reserve(text.length);
    const start = this.#start - text.length;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code >= 0x80) return false;
      this.#bytes[start + index] = code;
    }
    this.#start = start;
    return true;
  }

  #reserve(size: number): void {
    if (size <= this.#start) return;
    const grown = Buffer.allocUnsafeSlow(this.#bytes.length * 2 + size);
    const start = grown.length - this.length;
    this.#bytes.copy(grown, start, this.#start);
    this.#take(grown);
    this.#start = start;
  }

  #take(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
