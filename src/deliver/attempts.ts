/** One sink's attempts: each is retried until it succeeds. Operators fix permissions, networks come back. */

import { delayAfter } from '../lib/back-off.js';
import { type Clock, sleep, Waker } from '../lib/clock.js';
import { StateError } from '../lib/errors.js';

const FIRST_DELAY = 200;
const LAST_DELAY = 60_000;

export interface AttemptReport {
  /** An action failed `failures` times in a row over `since` milliseconds; it is retried after `delay`. */
  failed(error: unknown, failures: number, since: number, delay: number): void;
  /** An action succeeded after this many failures. */
  recovered(failures: number): void;
}

export interface AttemptOptions {
  readonly clock: Clock;
  readonly report: AttemptReport;
  readonly random?: () => number;
}

/**
 * Delays double up to a minute, each shortened at random by up to half, so that many shippers do not retry at the same
 * instant. While the sink fails, only the oldest attempt is made and the others wait for its result: a server in
 * trouble is not asked several times, and what waits is sent in order.
 */
export class Attempts {
  readonly #options: AttemptOptions;
  readonly #signal: AbortSignal;
  /** Attempts in progress, the oldest first. */
  readonly #underWay = new Set<Waker>();
  #outage: { since: number; failures: number } | null = null;

  constructor(options: AttemptOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** Returns `null` only if the signal aborts. Throws a StateError at once: a retry does not repair a damaged journal. */
  async attempt<T>(action: () => Promise<T>): Promise<{ readonly value: T } | null> {
    const turn = new Waker(this.#options.clock);
    this.#underWay.add(turn);
    try {
      for (let failures = 0; ; ) {
        await this.#untilTurn(turn);
        if (this.#signal.aborted) return null;
        try {
          const value = await action();
          this.#succeeded();
          return { value };
        } catch (error) {
          if (this.#signal.aborted) return null;
          if (error instanceof StateError) throw error;
          failures += 1;
          await this.#failed(error, failures, turn);
        }
      }
    } finally {
      this.#underWay.delete(turn);
      this.#wakeAll();
    }
  }

  #isOldest(turn: Waker): boolean {
    const [oldest] = this.#underWay;
    return oldest === turn;
  }

  async #untilTurn(turn: Waker): Promise<void> {
    while (this.#outage !== null && !this.#isOldest(turn) && !this.#signal.aborted)
      await turn.wait(LAST_DELAY, this.#signal);
  }

  async #failed(error: unknown, failures: number, turn: Waker): Promise<void> {
    const { clock, report, random } = this.#options;
    const isNew = this.#outage === null;
    this.#outage ??= { since: clock.now(), failures: 0 };
    // Attempts that were in progress beside the oldest when the outage began say nothing new.
    if (!isNew && !this.#isOldest(turn)) return;
    this.#outage.failures += 1;
    // If the clock was set back, the outage would not count for as long as that takes to pass.
    this.#outage.since = Math.min(this.#outage.since, clock.now());
    const delay = delayAfter(failures, { first: FIRST_DELAY, last: LAST_DELAY, random });
    report.failed(error, this.#outage.failures, clock.now() - this.#outage.since, delay);
    await sleep(clock, delay, this.#signal);
  }

  #succeeded(): void {
    if (this.#outage !== null) this.#options.report.recovered(this.#outage.failures);
    this.#outage = null;
  }

  #wakeAll(): void {
    for (const turn of this.#underWay) turn.wake();
  }
}
