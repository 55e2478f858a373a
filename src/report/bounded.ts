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

/** A sample that nobody can influence: the items with the smallest hashes, the same ones for everybody. */
export class Sample<T> {
  readonly #most: number;
  #items: { readonly hash: string; readonly item: T }[] = [];
  total = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @param hash in hexadecimal, of the event that the item is made of */
  add(hash: string, make: () => T): void {
    this.total += 1;
    const last = this.#items.at(-1);
    if (this.#items.length >= this.#most && last !== undefined && hash >= last.hash) return;
    const before = this.#items.filter(one => one.hash < hash);
    const after = this.#items.slice(before.length);
    this.#items = [...before, { hash, item: make() }, ...after].slice(0, this.#most);
  }

  get items(): T[] {
    return this.#items.map(({ item }) => item);
  }

  get more(): number {
    return this.total - this.#items.length;
  }
}
