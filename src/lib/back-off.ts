/** How long to wait before something that failed is tried again. */

import { type Clock, hasPassed } from './clock.js';

export interface Delays {
  /** Milliseconds of the first wait, and of the longest. */
  readonly first: number;
  readonly last: number;
  readonly random?: (() => number) | undefined;
}

/**
 * Milliseconds to wait after so many failures in a row. Waits double, and each is shortened at random by up to half, so
 * that many shippers do not come back at the same instant.
 */
export function delayAfter(failures: number, { first, last, random = Math.random }: Delays): number {
  return Math.min(first * 2 ** (failures - 1), last) * (1 - random() / 2);
}

/** When to ask something again that failed. */
export class Backoff {
  readonly #options: Delays & { readonly clock: Clock };
  #failures = 0;
  #since = 0;
  #delay = 0;

  constructor(options: Delays & { readonly clock: Clock }) {
    this.#options = options;
  }

  /** Whether the source is to be left alone now. */
  get isWaiting(): boolean {
    return this.#failures > 0 && !hasPassed(this.#since, this.#options.clock.now(), this.#delay);
  }

  /** Begins the next wait. */
  failed(): { readonly failures: number; readonly delay: number } {
    this.#failures += 1;
    this.#delay = delayAfter(this.#failures, this.#options);
    this.#since = this.#options.clock.now();
    return { failures: this.#failures, delay: this.#delay };
  }

  /** Returns how many failures in a row this ends. */
  succeeded(): number {
    const failures = this.#failures;
    this.#failures = 0;
    return failures;
  }
}
