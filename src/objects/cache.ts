/** Recent answers, limited in entries and in the size of the keys. */

export interface CacheLimits {
  readonly entries: number;
  /** Characters of all keys together. */
  readonly characters: number;
  /** Longer keys are not kept: they rarely come twice, and would displace many that do. */
  readonly longestKey: number;
}

export class Cache<V> {
  readonly #limits: CacheLimits;
  /** The least recently used first. */
  readonly #entries = new Map<string, V>();
  #characters = 0;

  constructor(limits: CacheLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Also marks it as the most recently used. */
  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.delete(key);
    if (key.length > this.#limits.longestKey) return;
    this.#entries.set(key, value);
    this.#characters += key.length;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limits.entries && this.#characters <= this.#limits.characters) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    if (this.#entries.delete(key)) this.#characters -= key.length;
  }
}
