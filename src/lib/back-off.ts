import { type Clock, hasPassed } from './clock.js';

export interface BackoffOptions {
  readonly clock: Clock;
  /** Milliseconds of the first wait, and of the longest. */
  readonly first: number;
  readonly last: number;
  readonly random?: (() => number) | undefined;
}

/**
 * When to ask a source again that failed. Waits double, each shortened at random by up to half, so that many shippers
 * do not come back at the same instant.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;
  #since = 0;
  #delay = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Whether the source is to be left alone now. */
  get isWaiting(): boolean {
    return this.#failures > 0 && !hasPassed(this.#since, this.#options.clock.now(), this.#delay);
  }

  /** Begins the next wait. */
  failed(): { readonly failures: number; readonly delay: number } {
    const { clock, first, last, random = Math.random } = this.#options;
    this.#delay = Math.min(first * 2 ** this.#failures, last) * (1 - random() / 2);
    this.#since = clock.now();
    this.#failures += 1;
    return { failures: this.#failures, delay: this.#delay };
  }

  /** Returns how many failures in a row this ends. */
  succeeded(): number {
    const failures = this.#failures;
    this.#failures = 0;
    return failures;
  }
}
