/** A map that forgets what was set longest ago, so that memory has a limit (I9). */
export class Remembered<V> {
  readonly #most: number;
  readonly #values: Map<string, V>;

  /** @param most so many are remembered; @param saved what `entries` gave before */
  constructor(most: number, saved: Iterable<readonly [string, V]> = []) {
    this.#most = most;
    this.#values = new Map(saved);
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size <= this.#most) return;
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      return;
    }
  }

  delete(key: string): void {
    this.#values.delete(key);
  }

  /** Set last comes last. */
  get entries(): [string, V][] {
    return [...this.#values];
  }
}
