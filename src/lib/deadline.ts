/** Limits to how long a promise is waited for. Its work continues unseen; if it fails later, nobody hears of it. */

import { type Clock, systemClock } from './clock.js';

/** What the promise gives; if that takes longer than `ms` milliseconds, what `late` gives or throws then. */
export async function within<T>(promise: Promise<T>, ms: number, clock: Clock, late: () => T): Promise<T> {
  const { promise: timeout, resolve } = Promise.withResolvers<T>();
  const cancel = clock.after(ms, () => resolve(Promise.resolve().then(late)));
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    cancel();
  }
}

/** What the promise gives; throws ETIMEDOUT if that takes longer than `ms` milliseconds. */
export function withDeadline<T>(promise: Promise<T>, ms: number): Promise<T> {
  return within(promise, ms, systemClock, () => {
    throw Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' });
  });
}

/** What the promise gives; throws the signal's reason if it aborts before. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
