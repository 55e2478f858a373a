import { parse as csvParse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitCsv } from '../../src/parse/csv.js';
import { auditMessage, hostileText } from '../support/csvlog.js';

const OPTIONS = { record_delimiter: '\n', relax_column_count: true };

test('reads back whatever pgAudit writes', () => {
  fc.assert(
    fc.property(fc.array(hostileText, { minLength: 1, maxLength: 10 }), fields => {
      expect(splitCsv(auditMessage(fields).slice('AUDIT: '.length))).toEqual(fields);
    }),
    { numRuns: 2000 },
  );
});

test('is what csv-parse makes of any text, or null where that finds no single record', () => {
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

test('takes linear time on quotes without end', () => {
  const started = performance.now();
  expect(splitCsv('"'.repeat(4_000_001))).toBeNull();
  expect(splitCsv(`${',"'.repeat(1_000_001)}`)).toBeNull();
  expect(performance.now() - started).toBeLessThan(5000);
});
