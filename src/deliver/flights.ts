/** Deliveries in flight to a sink: several at once, but each is recorded in the order of their start. */
export class Flights {
  #count = 0;
  #last: Promise<boolean> = Promise.resolve(true);
  #failure: { readonly error: unknown } | null = null;
  /** Rejects the promise of the caller that waits in `unlessFailed`. */
  #onFailure: (error: unknown) => void = () => undefined;
  readonly #onLanding: () => void;

  /** @param onLanding called whenever a flight has ended */
  constructor(onLanding: () => void) {
    this.#onLanding = onLanding;
  }

  get count(): number {
    return this.#count;
  }

  /** `land` is called once `flight` and all before it have succeeded; not if one of them resolved to false. */
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

  /** Resolves as the promise does; rejects if a flight fails. For one caller at a time. */
  async unlessFailed<T>(promise: Promise<T>): Promise<T> {
    // Not one promise for all flights: it would keep every value that it was raced with in memory.
    const failure = Promise.withResolvers<never>();
    this.#onFailure = failure.reject;
    if (this.#failure !== null) failure.reject(this.#failure.error);
    return await Promise.race([promise, failure.promise]);
  }

  /** Waits until all flights have ended; rejects if one failed. */
  async landed(): Promise<void> {
    await this.#last;
  }
}
