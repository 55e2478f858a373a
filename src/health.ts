/** What stands in the way of being ready: one line for each part that has a problem. */
export class Health {
  readonly #problems = new Map<string, string>([['start', 'is starting']]);

  /** `problem` says what to do about it; it holds no content (I8). `null` when all is well. */
  set(part: string, problem: string | null): void {
    if (problem === null) this.#problems.delete(part);
    else this.#problems.set(part, problem);
  }

  /** Also where it is of one of several: `source orders` is of `source`. */
  has(part: string): boolean {
    return [...this.#problems.keys()].some(one => one === part || one.startsWith(`${part} `));
  }

  /** `part: problem`, a line each; none when ready. */
  get problems(): string[] {
    return [...this.#problems].map(([part, problem]) => `${part}: ${problem}`);
  }
}
