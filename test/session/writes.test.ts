import { expect, test } from 'vitest';
import type { Change, Write } from '../../src/session/change.js';
import { Writes } from '../../src/session/writes.js';

test('of more than are remembered, none is taken for one of the same millisecond that was forgotten', () => {
  const text = { command: 'UPDATE', digest: 'same', tables: ['konto'] };
  const place = { session: 's', transaction: '3/1' };
  const all = Array.from({ length: 20_003 }, (_, n): Write => {
    return { id: `w${n}`, ...place, ...text, time: 1000 + Math.floor(n / 5), line: n, number: n };
  });
  const writes = new Writes(true, new Writes(true, all).saved);
  const row = (n: number): Change => {
    const began = 1000 + n / 5 + 0.01;
    return {
      ...place,
      began,
      changed: began + 0.01,
      operation: 'UPDATE',
      table: 'public.konto',
      digest: 'same',
    };
  };
  const [forgotten, first, second] = writes.of([row(2), row(5), row(6)]);
  expect(forgotten).toEqual([]);
  expect(first).toContain('w5');
  expect(second).toContain('w6');
});
