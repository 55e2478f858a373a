/** How long to wait before a failed action is retried. */

import { type Clock, hasPassed } from './clock.js';

export interface Delays {
  /** Milliseconds of the first wait and of the longest one. */
  readonly first: number;
  readonly last: number;
  readonly random?: (() => number) | undefined;
}

/**
 * Milliseconds to wait after this many failures in a row. Waits double, and each is shortened at random by up to half,
 * so that many shippers do not retry at the same instant.
 */
export function delayAfter(failures: number, { first, last, random = Math.random }: Delays): number {
  return Math.min(first * 2 ** (failures - 1), last) * (1 - random() / 2);
}

/** When to retry something that failed. */
export class Backoff {
  readonly #options: Delays & { readonly clock: Clock };
  #failures = 0;
  #since = 0;
  #delay = 0;

  constructor(options: Delays & { readonly clock: Clock }) {
    this.#options = options;
  }

  /** Whether it is too early for the next attempt. */
  get isWaiting(): boolean {
    return this.#failures > 0 && !hasPassed(this.#since, this.#options.clock.now(), this.#delay);
  }

  /**
   * Records a failure, and begins the next wait.
   *
   * @param wait milliseconds, if the failure itself says how long
   */
  failed(wait?: number): { readonly failures: number; readonly delay: number } {
    this.#failures += 1;
    this.#delay = wait ?? delayAfter(this.#failures, this.#options);
    this.#since = this.#options.clock.now();
    return { failures: this.#failures, delay: this.#delay };
  }

  /** Records a success; returns how many failures in a row it ends. */
  succeeded(): number {
    const failures = this.#failures;
    this.#failures = 0;
    return failures;
  }
}
