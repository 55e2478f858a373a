/** Counts by key in bounded memory: the large counts are kept, and nothing is lost in silence. */

interface Counted {
  events: number;
}

/** The usual report has far fewer keys: then everything is exact. */
const USUAL_LIMIT = 20_000;

export class Heavy<T extends Counted> {
  readonly #limit: number;
  readonly #entries = new Map<string, T>();
  /** Every entry may count so many events too few, and one that is not here may have had so many. */
  error = 0;

  /** @param limit of so many keys all are kept; of up to twice as many for a while */
  constructor(limit = USUAL_LIMIT) {
    this.#limit = limit;
  }

  /** The entry of a key, made anew where there is none. */
  at(key: string, make: () => T): T {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    if (this.#entries.size >= 2 * this.#limit) this.#letGo();
    const entry = make();
    this.#entries.set(key, entry);
    return entry;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The largest first; those of the same size in the order of their keys. */
  get sorted(): T[] {
    return this.#sorted().map(([, entry]) => entry);
  }

  /** A key may be let go several times, each time with at most as many events as the largest that goes. */
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
