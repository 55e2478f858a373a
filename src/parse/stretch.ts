/** Bytes that are known, to be found again in many records, four at a time. */

/** The shortest stretch: one word. */
const WORD = 4;

export class Stretch {
  readonly length: number;
  readonly #words: Int32Array;
  /** The last word, which may overlap the one before. */
  readonly #last: number;

  /** @param bytes at least four; they are copied */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.length = bytes.length;
    this.#words = new Int32Array(Math.floor(bytes.length / WORD));
    for (let i = 0; i < this.#words.length; i++) this.#words[i] = view.getInt32(i * WORD, true);
    this.#last = view.getInt32(bytes.length - WORD, true);
  }

  /** Whether the same bytes stand at `at`; throws a RangeError where they would end behind the view. */
  standsAt(view: DataView, at: number): boolean {
    const words = this.#words;
    for (let i = 0; i < words.length; i++) {
      if (view.getInt32(at + i * WORD, true) !== words[i]) return false;
    }
    return view.getInt32(at + this.length - WORD, true) === this.#last;
  }
}
