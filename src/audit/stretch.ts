/** Bytes that are known, to be found again in many records, eight at a time. */

const WORD = 8;

/**
 * Eight bytes are compared as one number. That goes wrong only where they are all zero (there are two zeros), so a
 * stretch must not hold zeros; where they are no number, as in no UTF-8, they are not found.
 */
export class Stretch {
  readonly length: number;
  /** The last one overlaps the one before, as far as it must. */
  readonly #words: Float64Array;

  /** @param bytes at least eight, none of them zero; they are copied */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.length = bytes.length;
    this.#words = new Float64Array(Math.ceil(bytes.length / WORD));
    for (let i = 0; i < this.#words.length; i++)
      this.#words[i] = view.getFloat64(Math.min(i * WORD, bytes.length - WORD), true);
  }

  /** Whether the same bytes stand at `at`; throws a RangeError where they would end behind the view. */
  standsAt(view: DataView, at: number): boolean {
    const words = this.#words;
    const last = words.length - 1;
    if (view.getFloat64(at + this.length - WORD, true) !== words[last]) return false;
    for (let i = 0; i < last; i++) {
      if (view.getFloat64(at + i * WORD, true) !== words[i]) return false;
    }
    return true;
  }
}

/** Can be looked for: `null` where the bytes are too few or too many, or hold a line break or a zero. */
export function stretchOf(bytes: Uint8Array, longest: number): Stretch | null {
  if (bytes.length < WORD || bytes.length > longest) return null;
  return bytes.includes(0x0a) || bytes.includes(0) ? null : new Stretch(bytes);
}
