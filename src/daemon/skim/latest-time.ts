/** Follows the latest log_time over records whose time is not made a text of. */

import { Stretch } from '../../audit/stretch.js';

/** `2026-11-24 07:50:05.` is the same in many records on end; the three digits behind it are not, and then the zone comes. */
export const SECOND_LENGTH = '2026-11-24 07:50:05.'.length;
export const MILLISECONDS_END = SECOND_LENGTH + 3;

const SECOND = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.$/;
const NO_SECOND = new Stretch(Buffer.alloc(SECOND_LENGTH, '-'));
const ZERO = 0x30;

export class LatestTime {
  /** As it stands in the log. */
  text = '';
  #second = '';
  #milliseconds = -1;
  /** Where it stands, as long as no text was made of it; -1 where it was there before. */
  #place = -1;
  /** The second that was read last, and how it compares with the latest: below, equal or above zero. */
  #read = NO_SECOND;
  #readText = '';
  #order = -1;

  /** Goes on after a record that was judged; times compare as texts, since they have one zone. */
  begin(text: string): void {
    if (text === this.text) return;
    this.text = text;
    this.#second = text.slice(0, SECOND_LENGTH);
    this.#milliseconds = Number(text.slice(SECOND_LENGTH, MILLISECONDS_END));
    this.#order = compare(this.#readText, this.#second);
  }

  /** The milliseconds of the log_time that stands at `at`; -1 where none does. */
  millisecondsAt(bytes: Buffer, view: DataView, at: number): number {
    if (!this.#read.standsAt(view, at) && !this.#turnTo(bytes, at)) return -1;
    const a = view.getUint8(at + SECOND_LENGTH) - ZERO;
    const b = view.getUint8(at + SECOND_LENGTH + 1) - ZERO;
    const c = view.getUint8(at + SECOND_LENGTH + 2) - ZERO;
    return isDigit(a) && isDigit(b) && isDigit(c) ? 100 * a + 10 * b + c : -1;
  }

  /** The record at `at`, whose milliseconds were read last, is passed over. */
  passed(at: number, milliseconds: number): void {
    if (this.#order < 0 || (this.#order === 0 && milliseconds <= this.#milliseconds)) return;
    this.#second = this.#readText;
    this.#order = 0;
    this.#milliseconds = milliseconds;
    this.#place = at;
  }

  /** Makes a text of it, before the bytes go. */
  end(bytes: Buffer): void {
    if (this.#place !== -1) this.text = bytes.toString('latin1', this.#place, this.#place + this.text.length);
    this.#place = -1;
  }

  /** Another second; times run back now and then. */
  #turnTo(bytes: Buffer, at: number): boolean {
    const second = bytes.toString('latin1', at, at + SECOND_LENGTH);
    if (!SECOND.test(second)) return false;
    this.#read = new Stretch(bytes.subarray(at, at + SECOND_LENGTH));
    this.#readText = second;
    this.#order = compare(second, this.#second);
    return true;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isDigit(value: number): boolean {
  return value >= 0 && value <= 9;
}
