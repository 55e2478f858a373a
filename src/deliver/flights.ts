/** What is under way to a sink: several at once, but what comes of each is taken note of in the order of their start. */
export class Flights {
  #count = 0;
  #last: Promise<boolean> = Promise.resolve(true);
  readonly #failure = Promise.withResolvers<never>();
  readonly #onLanding: () => void;

  /** @param onLanding called whenever one is done with */
  constructor(onLanding: () => void) {
    this.#onLanding = onLanding;
    // Whoever waits hears of it; until then it is no unhandled rejection.
    this.#failure.promise.catch(() => undefined);
  }

  get count(): number {
    return this.#count;
  }

  /** `land` is called once `flight` and all before it are done; not where one of them came to nothing, and gave false. */
  start(flight: Promise<boolean>, land: () => Promise<boolean>): void {
    const before = this.#last;
    this.#count += 1;
    this.#last = this.#follow(flight, before, land);
    this.#last.catch(error => this.#failure.reject(error));
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

  /** What the promise gives; rejects where a flight has. */
  async unlessFailed<T>(promise: Promise<T>): Promise<T> {
    return await Promise.race([promise, this.#failure.promise]);
  }

  /** Waits until all are done with; rejects where one has. */
  async landed(): Promise<void> {
    await this.#last;
  }
}
