/** The times in an archive. Clocks may be set back: most of what looks wrong then is only a warning. */

import { Broken, type Place, type Warnings } from './result.js';
import type { Segment } from './segment.js';

/** Milliseconds by which clocks may differ, and that an event may wait for the disk. */
const TOLERANCE = 5 * 60 * 1000;

const SET_BACK = 'the clock was set back, or times were edited and hashes recomputed';

export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** The times of one chain. */
export class ChainClock {
  readonly #warnings: Warnings;
  /** Of the object before. */
  #date: string | null;
  #sealedAt = Number.NEGATIVE_INFINITY;

  constructor(warnings: Warnings) {
    this.#warnings = warnings;
    this.#date = null;
  }

  /** A record cannot be read before it was written. */
  addEvent(at: number, receivedAt: number, place: Place): void {
    if (at > receivedAt + TOLERANCE)
      this.#warnings.add('clock', `events were read before they were written: ${SET_BACK}`, place);
  }

  /**
   * Takes a segment with the time of its seal. Throws Broken if it is stored under a day that cannot be right: the day
   * is that on which the segment was opened, and it never goes back.
   */
  seal(segment: Segment, sealedAt: number, where: Where): void {
    if (segment.latest > sealedAt + TOLERANCE)
      this.#warn('events were received after the seal that follows them', where);
    if (segment.earliest < this.#sealedAt - TOLERANCE || sealedAt < this.#sealedAt - TOLERANCE)
      this.#warn('events were received before the seal that precedes them', where);
    this.#checkDate(segment.firstReceived ?? sealedAt, sealedAt, where);
    this.#sealedAt = sealedAt;
    this.#date = where.date;
  }

  #checkDate(firstReceived: number, sealedAt: number, where: Where): void {
    const { date, isCut } = where;
    const [first, last] = [dayOf(firstReceived), dayOf(sealedAt)];
    if (date === first || date === dayOf(firstReceived + TOLERANCE)) return;
    const [lowest, highest] = first < last ? [first, last] : [last, first];
    const isHeld = date === this.#date || (this.#date === null && isCut);
    if (date < lowest || (date > highest && !isHeld))
      throw new Broken('misplaced', `the object is stored under ${date}, but its events are of ${first}`);
    this.#warn('an object is stored under a day other than that of its first event', where);
  }

  #warn(what: string, { object }: Where): void {
    this.#warnings.add('clock', `${what}: ${SET_BACK}`, { object });
  }
}

/** An object, and the day under which it is stored. */
interface Where {
  readonly object: string;
  readonly date: string;
  /** It may belong to a chain whose earlier days are not read. */
  readonly isCut: boolean;
}
