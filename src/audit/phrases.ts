import { type Stretch, stretchOf } from './stretch.js';

const SLOT_SHIFT = 22;
const LONGEST = 400;
/** So many are kept in vain before no more are, until others come again. */
const MOST_IN_VAIN = 1000;

/**
 * Remembers payloads from class to statement: a service writes the same ones again and again. A log in which none
 * comes twice, since values stand in its statements, is not kept.
 */
export class Phrases {
  readonly #phrases: (Stretch | undefined)[] = new Array(2 ** (32 - SLOT_SHIFT)).fill(undefined);
  #hits = 0;
  #kept = 0;

  /** Where one ends that stands at `at`; -1 where none is known. */
  endAt(view: DataView, at: number): number {
    const phrase = this.#phrases[slotAt(view, at)];
    if (phrase === undefined || !phrase.standsAt(view, at)) return -1;
    this.#hits++;
    return at + phrase.length;
  }

  add(bytes: Buffer, view: DataView, start: number, end: number): void {
    if (this.#kept > this.#hits + MOST_IN_VAIN) return;
    this.#kept++;
    const phrase = stretchOf(bytes.subarray(start, end), LONGEST);
    if (phrase !== null) this.#phrases[slotAt(view, start)] = phrase;
  }
}

/** By some of its first bytes: command and table stand there. */
function slotAt(view: DataView, at: number): number {
  const a = view.getInt32(at + 4, true) ^ Math.imul(view.getInt32(at + 16, true), 0x9e3779b1);
  const b = view.getInt32(at + 28, true) ^ Math.imul(view.getInt32(at + 40, true), 0x85ebca6b);
  return Math.imul(a ^ Math.imul(b, 0xc2b2ae35), 0x27d4eb2f) >>> SLOT_SHIFT;
}
