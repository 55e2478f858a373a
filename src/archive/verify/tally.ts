/** Counts by name; any text can be a name. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(name: string, count = 1): void {
    this.#counts.set(name, this.of(name) + count);
  }

  addAll(counts: Tally | Readonly<Record<string, number>>): void {
    for (const [name, count] of entriesOf(counts)) this.add(name, count);
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** Missing names count as 0. */
  equals(counts: Readonly<Record<string, number>>): boolean {
    const others = new Map(Object.entries(counts));
    return [...this.#counts.keys(), ...others.keys()].every(
      name => this.of(name) === (others.get(name) ?? 0),
    );
  }

  sum(matches: (name: string) => boolean = () => true): number {
    return this.entries.reduce((total, [name, count]) => total + (matches(name) ? count : 0), 0);
  }

  get entries(): [string, number][] {
    return [...this.#counts];
  }
}

function entriesOf(counts: Tally | Readonly<Record<string, number>>): [string, number][] {
  return counts instanceof Tally ? counts.entries : Object.entries(counts);
}
