/** Times as text. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isoReader } from '../../src/lib/clock.js';

test('times are read as Date reads them, in any order', () => {
  const at = fc.date({
    min: new Date('0000-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(fc.array(at, { maxLength: 5 }), fc.nat(3000), (dates, near) => {
      const read = isoReader();
      for (const date of dates.flatMap(one => [one, new Date(one.getTime() - near)]))
        expect(read(date.toISOString())).toBe(date.getTime());
    }),
  );
});

test.each([
  '2026-02-30T10:00:00.000Z',
  '2026-02-28T24:00:00.000Z',
  '2026-02-28T23:60:00.000Z',
  '2026-02-28T23:59:60.000Z',
])('%s is no time', text => {
  const read = isoReader();
  expect(read(text)).toBeNaN();
  expect(read('2026-02-28T23:59:59.001Z')).toBe(Date.UTC(2026, 1, 28, 23, 59, 59, 1));
  expect(read(text)).toBeNaN();
});
