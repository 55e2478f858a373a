/** What is under way to a sink: several at once, but what comes of each is taken note of in the order of their start. */
export class Flights {
  #count = 0;
  #last: Promise<boolean> = Promise.resolve(true);
  #failure: { readonly error: unknown } | null = null;
  /** Of who waits in `unlessFailed`. */
  #onFailure: (error: unknown) => void = () => undefined;
  readonly #onLanding: () => void;

  /** @param onLanding called whenever one is done with */
  constructor(onLanding: () => void) {
    this.#onLanding = onLanding;
  }

  get count(): number {
    return this.#count;
  }

  /** `land` is called once `flight` and all before it are done; not where one of them came to nothing, and gave false. */
  start(flight: Promise<boolean>, land: () => Promise<boolean>): void {
    const before = this.#last;
    this.#count += 1;
    this.#last = this.#follow(flight, before, land);
    this.#last.catch(error => this.#fail(error));
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#onFailure(error);
  }

  async #follow(
    flight: Promise<boolean>,
    before: Promise<boolean>,
    land: () => Promise<boolean>,
  ): Promise<boolean> {
    try {
      const [isDone, areBefore] = await Promise.all([flight, before]);
      return isDone && areBefore && (await land());
    } finally {
      this.#count -= 1;
      this.#onLanding();
    }
  }

  /** What the promise gives; rejects where a flight has. For one caller at a time. */
  async unlessFailed<T>(promise: Promise<T>): Promise<T> {
    // A promise that lives as long as the flights would keep every value that it was raced with.
    const failure = Promise.withResolvers<never>();
    this.#onFailure = failure.reject;
    if (this.#failure !== null) failure.reject(this.#failure.error);
    return await Promise.race([promise, failure.promise]);
  }

  /** Waits until all are done with; rejects where one has. */
  async landed(): Promise<void> {
    await this.#last;
  }
}
