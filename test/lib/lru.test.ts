import { expect, test } from 'vitest';
import { lruOf, textCache } from '../../src/lib/lru.js';

test('the least recently used value goes first', () => {
  const cache = lruOf<number>(3);
  for (const [index, key] of ['a', 'b', 'c'].entries()) cache.set(key, index);
  cache.get('a');
  cache.set('d', 3);
  cache.set('c', 4);
  expect(cache.dump().map(([key, { value }]) => [key, value])).toEqual([
    ['a', 0],
    ['d', 3],
    ['c', 4],
  ]);
});

test('texts are kept up to their length, and as many as have room', () => {
  const cache = textCache<true>({ most: 100, longest: 30, entry: 20 });
  for (const text of ['a'.repeat(30), 'b'.repeat(31), 'c'.repeat(30), '']) cache.set(text, true);
  expect([...cache.keys()]).toEqual(['', 'c'.repeat(30)]);
});
