/** Counts by key in bounded memory: large counts are kept, and the possible error is known. */

interface Counted {
  events: number;
}

/** An ordinary report has far fewer keys: then every count is exact. */
const USUAL_LIMIT = 20_000;

export class Heavy<T extends Counted> {
  readonly #limit: number;
  readonly #entries = new Map<string, T>();
  /** Every count may be up to this much too low, and a key that was removed may have had up to this many events. */
  error = 0;

  /** @param limit that many keys are always kept, and up to twice as many for a while */
  constructor(limit = USUAL_LIMIT) {
    this.#limit = limit;
  }

  /** The entry of a key; makes one if there is none. */
  at(key: string, make: () => T): T {
    const existing = this.#entries.get(key);
    if (existing !== undefined) return existing;
    if (this.#entries.size >= 2 * this.#limit) this.#letGo();
    const entry = make();
    this.#entries.set(key, entry);
    return entry;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The largest first; entries of the same size by key. */
  get sorted(): T[] {
    return this.#sorted().map(([, entry]) => entry);
  }

  /** A key may be removed several times, each time with at most as many events as the largest that is removed. */
  #letGo(): void {
    const small = this.#sorted().slice(this.#limit);
    this.error += small[0]?.[1].events ?? 0;
    for (const [key] of small) this.#entries.delete(key);
  }

  #sorted(): [string, T][] {
    return [...this.#entries].sort(
      ([a, one], [b, other]) => other.events - one.events || (a < b ? -1 : a > b ? 1 : 0),
    );
  }
}
