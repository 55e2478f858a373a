import { type Clock, sleep } from '../clock.js';
import { StateError } from '../errors.js';

const FIRST_DELAY = 200;
const LAST_DELAY = 60_000;

export interface RetryReport {
  /** Attempt `attempt` failed; the next comes in `delay` milliseconds. */
  retrying(error: unknown, attempt: number, delay: number): void;
}

/**
 * Tries until it succeeds: operators mend permissions, networks come back. Returns `null` only where the
 * signal aborts. Delays double up to a minute, each shortened at random by up to half, so that many
 * shippers do not come back at the same instant. Throws a StateError as it comes.
 */
export async function retryForever<T>(
  attempt: () => Promise<T>,
  options: { clock: Clock; report: RetryReport; random?: () => number },
  signal: AbortSignal,
): Promise<{ value: T } | null> {
  const { clock, report, random = Math.random } = options;
  for (let count = 1; !signal.aborted; count++) {
    try {
      return { value: await attempt() };
    } catch (error) {
      if (signal.aborted) return null;
      // A damaged journal does not mend itself.
      if (error instanceof StateError) throw error;
      const delay = Math.min(FIRST_DELAY * 2 ** (count - 1), LAST_DELAY) * (1 - random() / 2);
      report.retrying(error, count, delay);
      await sleep(clock, delay, signal);
    }
  }
  return null;
}
