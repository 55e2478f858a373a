import { LRUCache } from 'lru-cache';

/**
 * A cache of at most so many values, which takes memory as it fills. With its option `max`, the library takes all of it at
 * once: 2.5 MB and 17 ms for 100,000.
 */
export function lruOf<V extends {}>(most: number): LRUCache<string, V> {
  return new LRUCache({ maxSize: most, sizeCalculation: () => 1 });
}
