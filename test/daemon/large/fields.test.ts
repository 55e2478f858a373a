/** Large records are split like others. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitCsv } from '../../../src/audit/csv.js';
import { splitFields, unquote, withoutReturns } from '../../../src/daemon/large/fields.js';
import { listPieces, textPieces } from '../../../src/daemon/large/json.js';
import { hostileText } from '../../support/csvlog.js';

const MOST = 1000;

function split(text: string): string[] | null {
  const fields = splitFields(Buffer.from(text), MOST);
  return fields?.map(field => unquote(field).toString('utf8')) ?? null;
}

test('any text has the same fields in bytes as in characters', () => {
  const csv = fc
    .array(
      fc.oneof(
        hostileText,
        hostileText.map(text => JSON.stringify(text)),
      ),
    )
    .map(String);
  fc.assert(
    fc.property(csv, text => {
      expect(split(text)).toEqual(splitCsv(text));
    }),
  );
});

test('of more fields than wanted one more is kept, and a breach after them is seen', () => {
  expect(splitFields(Buffer.from('a,b,c,d,e'), 2)?.map(String)).toEqual(['a', 'b', 'c']);
  expect(splitFields(Buffer.from('a,b,c,d,"e'), 2)).toBeNull();
});

test('a carriage return is removed only before a newline', () => {
  const without = (text: string): string => withoutReturns(Buffer.from(text)).toString();
  fc.assert(
    fc.property(hostileText, text => {
      expect(without(text)).toBe(text.replaceAll('\r\n', '\n'));
    }),
  );
});

test.each([0, 1, 2, 3])('pieces of JSON are cut between characters (%i before them)', before => {
  const text = 'x'.repeat(before) + '\u{1F600}"å\n'.repeat(60_000);
  const json = Buffer.concat([...textPieces(text)]).toString('utf8');
  expect(`"${json}"` === JSON.stringify(text)).toBe(true);
});

test.each([
  [[]],
  [['']],
  [['a', '', '"']],
  [['å'.repeat(200_000), 'b', 'c'.repeat(65_536)]],
  [Array.from({ length: 100_000 }, (_, n) => String(n))],
])('a list of texts in pieces is the list (%#)', texts => {
  const json = Buffer.concat([...listPieces(texts)]).toString('utf8');
  expect(`[${json}]` === JSON.stringify(texts)).toBe(true);
});
