import type { Clock } from './clock.js';

/**
 * What the promise gives; where that takes longer than `ms` milliseconds, what `late` gives then. The promise goes on
 * unseen; where it rejects after that, nobody hears of it.
 */
export async function within<T>(promise: Promise<T>, ms: number, clock: Clock, late: () => T): Promise<T> {
  const { promise: timeout, resolve } = Promise.withResolvers<T>();
  const cancel = clock.after(ms, () => resolve(late()));
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    cancel();
  }
}
