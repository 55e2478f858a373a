/**
 * Begins with the next `most` items while earlier ones are worked on, and gives what comes of them in their order: many
 * small requests to a distant store take no longer than a few.
 */
export async function* ahead<T, R>(
  items: AsyncIterable<T>,
  most: number,
  begin: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const begun: Promise<R>[] = [];
  for await (const item of items) {
    const promise = begin(item);
    // Whoever takes it hears of its failure; until then, or where nobody does any more, it is no unhandled rejection.
    promise.catch(() => undefined);
    begun.push(promise);
    const [first] = begun;
    if (begun.length <= most || first === undefined) continue;
    begun.shift();
    yield await first;
  }
  for (const promise of begun) yield await promise;
}
