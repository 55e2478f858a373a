import { parse as csvParse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { splitCsv } from '../../src/audit/csv.js';
import { auditMessage, hostileText } from '../support/csvlog.js';
import { workOf } from '../support/work.js';

const OPTIONS = { record_delimiter: '\n', relax_column_count: true };

test('reads back whatever pgAudit writes', () => {
  fc.assert(
    fc.property(fc.array(hostileText, { minLength: 1, maxLength: 10 }), fields => {
      expect(splitCsv(auditMessage(fields).slice('AUDIT: '.length))).toEqual(fields);
    }),
    { numRuns: 2000 },
  );
});

test('agrees with csv-parse for any text, and is null if csv-parse finds no single record', () => {
  const text = fc
    .array(fc.constantFrom('"', '""', ',', 'a', ' ', 'å', '""""'), { maxLength: 12 })
    .map(parts => parts.join(''));
  fc.assert(
    fc.property(
      text.filter(one => one !== ''),
      one => {
        let parsed: string[][] | null;
        try {
          parsed = csvParse(one, OPTIONS);
        } catch {
          parsed = null;
        }
        expect(splitCsv(one)).toEqual(parsed?.length === 1 ? parsed[0] : null);
      },
    ),
    { numRuns: 5000 },
  );
});

test.each([
  ['', ['']],
  [',', ['', '']],
  ['a,b', ['a', 'b']],
  ['"a,b","c ""d"""', ['a,b', 'c "d"']],
  ['"a\nb"', ['a\nb']],
  ['a\nb', null],
  ['a"b', null],
  ['"a"b', null],
  ['"a', null],
  ['"a""', null],
])('%j → %j', (text, fields) => {
  expect(splitCsv(text)).toEqual(fields);
});

const count = workOf(new URL('./work-cases.ts', import.meta.url));
afterAll(() => count.close());

test.each(['"', ',"'])('endless %j is read a few times', async piece => {
  expect(splitCsv(piece.repeat(100_001))).toBeNull();
  expect(await count('split', piece, 100_001)).toBeLessThan(100_001 * piece.length * 10);
});
