import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lines } from '../../src/lib/line-buffer.js';

const short = fc.string({ unit: 'binary', maxLength: 20 });
const texts = fc.oneof(
  { weight: 9, arbitrary: short },
  { weight: 1, arbitrary: short.map(text => text.repeat(500)) },
);

test('the bytes are those of the lines in order, also when it is reused', () => {
  const lines = new Lines();
  fc.assert(
    fc.property(fc.array(fc.tuple(texts, texts)), given => {
      lines.clear();
      const expected: Buffer[] = [];
      for (const [before, middle] of given) {
        expect(lines.add(`${before}\n`).toString()).toBe(`${before}\n`);
        expect(lines.addAround(before, Buffer.from(middle), '}\n').toString()).toBe(`${before}${middle}}\n`);
        expected.push(Buffer.from(`${before}\n${before}${middle}}\n`));
        expect(lines.lastLength).toBe(Buffer.byteLength(`${before}${middle}}\n`));
      }
      expect(Buffer.concat(lines.chunks).equals(Buffer.concat(expected))).toBe(true);
      expect([lines.count, lines.bytes]).toEqual([given.length * 2, Buffer.concat(expected).length]);
    }),
    { numRuns: 200 },
  );
});
