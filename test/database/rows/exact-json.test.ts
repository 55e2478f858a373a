import { expect, test } from 'vitest';
import { readValues } from '../../../src/database/rows/exact-json.js';

test.each([
  ['1', 1],
  ['-9007199254740991', -9007199254740991],
  ['9007199254740993', '9007199254740993'],
  ['12345678901234567890123', '12345678901234567890123'],
  ['100.00', '100.00'],
  ['0.1', '0.1'],
  ['1e400', '1e400'],
  ['"1"', '1'],
  ['true', true],
  ['null', null],
  ['{"a": [1.10, 2]}', { a: ['1.10', 2] }],
])('%s', (json, value) => {
  expect(readValues(`{"c": ${json}}`)).toEqual({ c: value });
});

test('a column may be called like a member that every object has', () => {
  const values = readValues('{"__proto__": 1, "constructor": "x", "toString": null}');
  expect(Object.entries(values)).toEqual([
    ['__proto__', 1],
    ['constructor', 'x'],
    ['toString', null],
  ]);
});

test('a value that is nested too deep is a text, and the others of its row are not', () => {
  const nested = (depth: number): string => `${'['.repeat(depth)}"]\\\\\\"{"${']'.repeat(depth)}`;
  const [fine, deep, deepest] = [nested(16), nested(17), nested(5000)];
  const values = readValues(`{"a": ${fine}, "b": ${deep}, "c": 1.50, "d": ${deepest}, "\\"{": {"x": [1.0]}}`);
  expect(values).toEqual({ a: JSON.parse(fine), b: deep, c: '1.50', d: deepest, '"{': { x: ['1.0'] } });
});
