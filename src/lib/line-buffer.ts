/** Lines in UTF-8, collected in a few buffers: a buffer for each line would cost more than its content. */

const NEWLINE = Buffer.from('\n');
const FIRST_CHUNK = 4 * 1024;
/** Bytes of a chunk that may be reused for the next lines. */
const LARGEST_CHUNK = 4 * 1024 * 1024;
/** UTF-8 bytes that a UTF-16 code unit takes at most. */
const UNIT = 3;
const LARGE_TEXT = 32 * 1024;

/** Bytes that it takes at most. For a large text they are counted, since the unused rest of a chunk is wasted. */
function mostBytes(text: string): number {
  return text.length > LARGE_TEXT ? Buffer.byteLength(text) : text.length * UNIT;
}

export class Lines {
  /** How many lines there are. */
  count = 0;
  /** Bytes of the line added last. */
  lastLength = 0;
  readonly #full: Buffer[] = [];
  #chunk = Buffer.alloc(0);
  #used = 0;
  #nextSize = FIRST_CHUNK;

  /** Drops the lines; their bytes may be overwritten. */
  clear(): void {
    this.count = 0;
    this.#used = 0;
    this.#full.length = 0;
    if (this.#chunk.length > LARGEST_CHUNK) this.#chunk = Buffer.alloc(0);
  }

  /**
   * Adds a line, with its newline, in one or more parts: joining large ones would take their size again. Returns its
   * bytes, which must not be changed.
   */
  add(...parts: readonly string[]): Buffer {
    this.#reserve(parts.reduce((sum, part) => sum + mostBytes(part), 0));
    const start = this.#used;
    for (const part of parts) this.#used += this.#chunk.write(part, this.#used);
    return this.#added(start);
  }

  /** Adds a line of three parts: two texts around bytes in UTF-8. The last part ends with the newline. */
  addAround(before: string, bytes: Buffer, after: string): Buffer {
    this.#reserve(mostBytes(before) + bytes.length + mostBytes(after));
    const start = this.#used;
    this.#used += this.#chunk.write(before, start);
    this.#used += bytes.copy(this.#chunk, this.#used);
    this.#used += this.#chunk.write(after, this.#used);
    return this.#added(start);
  }

  /**
   * Adds a large line, given without its newline. The pieces are not copied, and must not be changed. Returns them as
   * bytes.
   */
  addPieces(pieces: readonly (string | Buffer)[]): Buffer[] {
    const bytes = pieces.map(piece => (typeof piece === 'string' ? Buffer.from(piece) : piece));
    const before = this.#chunk.subarray(0, this.#used);
    this.#full.push(...(before.length > 0 ? [before] : []), ...bytes, NEWLINE);
    this.#chunk = this.#chunk.subarray(this.#used);
    this.#used = 0;
    this.count += 1;
    this.lastLength = bytes.reduce((sum, piece) => sum + piece.length, NEWLINE.length);
    return bytes;
  }

  get chunks(): Buffer[] {
    return this.#used === 0 ? [...this.#full] : [...this.#full, this.#chunk.subarray(0, this.#used)];
  }

  get bytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  #added(start: number): Buffer {
    this.count += 1;
    this.lastLength = this.#used - start;
    return this.#chunk.subarray(start, this.#used);
  }

  #reserve(most: number): void {
    if (most <= this.#chunk.length - this.#used) return;
    if (this.#used > 0) this.#full.push(this.#chunk.subarray(0, this.#used));
    this.#chunk = Buffer.allocUnsafeSlow(Math.max(this.#nextSize, most));
    this.#nextSize = Math.min(this.#nextSize * 4, LARGEST_CHUNK);
    this.#used = 0;
  }
}
