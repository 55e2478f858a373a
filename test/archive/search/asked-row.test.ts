import { expect, test } from 'vitest';
import { AskedRow } from '../../../src/archive/search/asked-row.js';
import type { SearchedEvent } from '../../../src/archive/search/found-event.js';

const row = (table: string, key: object | null, more: object = {}): SearchedEvent =>
  JSON.parse(JSON.stringify({ kind: 'row', time: '', row: { operation: 'UPDATE', table, key, ...more } }));

const is = (asked: string, event: SearchedEvent): boolean | undefined => AskedRow.parse(asked)?.isOf(event);

test.each([
  ['konto id=4', true],
  ['public.konto id=4', true],
  ['KONTO ID=4', true],
  ['konto', true],
  ["konto id='4'", true],
  ['konto id=5', false],
  ['konto id=4 id2=1', false],
  ['crm.konto id=4', false],
  ['kont id=4', false],
])('%s', (asked, expected) => {
  expect(is(asked, row('public.konto', { id: 4 }))).toBe(expected);
});

test('keys of several columns, with spaces, quotes, and numbers that are texts', () => {
  const event = row('crm."Min Tabell"', { Region: "Oslo's øst", 'a b': '1.10', tom: '' });
  expect(is(`crm."Min Tabell" region='Oslo''s øst' "a b"=1.10 tom=`, event)).toBe(true);
  expect(is(`"Min Tabell" region='Oslo' "a b"=1.10`, event)).toBe(false);
});

test('without a key, old and new values count; a key that changed is found under both', () => {
  expect(is('t n=2', row('public.t', null, { old: { n: 1 }, new: { n: 2 } }))).toBe(true);
  expect(is('t id=5', row('public.t', { id: 4 }, { old: { id: 4 }, new: { id: 5 } }))).toBe(true);
});

test('a table may have columns that differ in case alone', () => {
  const event = row('public.t', { id: 4 }, { old: { id: 4, ID: 9 } });
  const inserted = row('public.t', null, { new: { id: 4, ID: 9 } });
  for (const one of [event, inserted])
    expect(['t id=4', 't id=9', 't "ID"=9', 't id=5'].map(asked => is(asked, one))).toEqual([
      true,
      true,
      true,
      false,
    ]);
});

test('a TRUNCATE of its table removed the row, too', () => {
  const truncate = row('public.konto', null, { operation: 'TRUNCATE' });
  expect(is('konto id=4', truncate)).toBe(true);
  expect(is('crm.konto id=4', truncate)).toBe(false);
});

test.each(['', 'konto id', 'konto =4', 'konto id=4 x', '.konto', 'a.b.c id=1', "konto id='4"])(
  '%s is refused',
  asked => {
    expect(AskedRow.parse(asked)?.isOf(row('public.konto', { id: 4 })) ?? 'refused').toBe('refused');
  },
);
