/**
 * Goes on with a value: at once where it is there, else when the promise has it. Nearly always it is there, and each
 * promise would cost more than what is done with the value.
 */
export function andThen<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
