/**
 * Starts work on up to `most` next items before the earlier ones are finished, and yields the results in order: many
 * small requests to a distant store take no longer than a few.
 */
export async function* ahead<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  most: number,
  begin: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const begun: Promise<R>[] = [];
  for await (const item of items) {
    const promise = begin(item);
    // Whoever takes the result sees its failure; before that, or if nobody takes it, it must not be an unhandled
    // rejection.
    promise.catch(() => undefined);
    begun.push(promise);
    const [first] = begun;
    if (begun.length <= most || first === undefined) continue;
    begun.shift();
    yield await first;
  }
  for (const promise of begun) yield await promise;
}
