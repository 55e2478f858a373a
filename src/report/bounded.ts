/** Lists with as many items as fit on a page, and the number of the others. */

/** The first items, up to the limit. */
export class Bounded<T> {
  readonly #most: number;
  readonly #items: T[] = [];
  more = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Makes the item only if there is room for it. */
  add(make: () => T): void {
    if (this.#items.length < this.#most) this.#items.push(make());
    else this.more += 1;
  }

  get items(): readonly T[] {
    return this.#items;
  }

  get total(): number {
    return this.#items.length + this.more;
  }
}

interface Weighed<T> {
  readonly weight: number;
  readonly hash: string;
  readonly item: T;
}

/**
 * The weightiest items; among those of one weight a sample that nobody can influence: those with the smallest hashes, the
 * same ones for everybody.
 */
export class Weightiest<T> {
  readonly #most: number;
  #items: Weighed<T>[] = [];
  total = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Makes the item only if there is room for it.
   *
   * @param hash in hexadecimal, of the event that the item is made of
   */
  add(weight: number, hash: string, make: () => T): void {
    this.total += 1;
    const last = this.#items.at(-1);
    const isBefore = (one: Weighed<T>): boolean =>
      one.weight > weight || (one.weight === weight && one.hash < hash);
    if (this.#items.length >= this.#most && last !== undefined && isBefore(last)) return;
    const before = this.#items.filter(isBefore);
    const after = this.#items.slice(before.length);
    this.#items = [...before, { weight, hash, item: make() }, ...after].slice(0, this.#most);
  }

  /** The weightiest first. */
  get items(): T[] {
    return this.#items.map(({ item }) => item);
  }

  get more(): number {
    return this.total - this.#items.length;
  }
}
