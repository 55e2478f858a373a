/**
 * Calls `next` with a value: at once, or when the promise resolves. Nearly always the value is there, and a promise
 * would cost more than the work on it.
 */
export function andThen<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** A promise to be settled later; nobody has to handle its rejection. */
export function unwatched(): PromiseWithResolvers<void> {
  const made = Promise.withResolvers<void>();
  made.promise.catch(() => undefined);
  return made;
}
