/** Whether the server still writes csvlog: the newest file shows it, old ones do not matter. */

import { describe, expect, test } from 'vitest';
import { isAnyReadable, newestInOtherFormat } from '../../../src/read/files/formats.js';
import type { Identity } from '../../../src/read/files/identify.js';
import type { Surveyed } from '../../../src/read/files/survey.js';

const CSV: Identity = { kind: 'content', contentId: 'x', firstTime: 0, format: 'csvlog' };
const unsupported = (reason: 'format' | 'columns' | 'compressed' | 'zone'): Identity => ({
  kind: 'unsupported',
  reason,
});

function file(path: string, modified: number, identity: Identity = CSV): Surveyed {
  return { path, modified, identity, isFile: true, dev: 1, ino: 1, size: 100 };
}

const nothing = (): undefined => undefined;

describe('another format', () => {
  test.each<[string, readonly Surveyed[], string | null]>([
    ['none', [file('/a.csv', 1)], null],
    ['older', [file('/a.csv', 2), file('/a.json', 1, unsupported('format'))], null],
    ['newer', [file('/a.csv', 1), file('/b.json', 2, unsupported('format'))], '/b.json'],
    ['newer, with other columns', [file('/a.csv', 1), file('/b.csv', 2, unsupported('columns'))], '/b.csv'],
    ['of the same moment', [file('/a.csv', 2), file('/b.json', 2, unsupported('format'))], null],
    ["the collector's own", [file('/a.csv', 1), file('/a.log', 2, unsupported('format'))], null],
    [
      "the collector's own, without an ending",
      [file('/a.csv', 1), file('/a', 2, unsupported('format'))],
      null,
    ],
    ["another day's", [file('/a.csv', 1), file('/b.log', 2, unsupported('format'))], '/b.log'],
    [
      'beside a csv file that is not csvlog',
      [file('/a.csv', 1, unsupported('format')), file('/a.log', 2, unsupported('format'))],
      '/a.log',
    ],
    ['packed', [file('/a.csv', 1), file('/b.gz', 2, unsupported('compressed'))], null],
    ['alone', [file('/b.json', 2, unsupported('format'))], '/b.json'],
    [
      'older than an empty file',
      [file('/a.csv', 3, { kind: 'empty' }), file('/b.json', 2, unsupported('format'))],
      null,
    ],
  ])('%s', (_, files, expected) => {
    expect(newestInOtherFormat(files, nothing)).toBe(expected);
  });

  test('what reading shows counts', () => {
    const files = [file('/a.csv', 1), file('/b.csv', 2)];
    expect(newestInOtherFormat(files, path => (path === '/b.csv' ? 'columns' : undefined))).toBe('/b.csv');
  });
});

test.each<[readonly Surveyed[], boolean]>([
  [[], false],
  [[file('/a.csv', 1)], true],
  [[file('/a.csv', 1, { kind: 'empty' })], true],
  [[file('/a.json', 1, unsupported('format')), file('/b.csv', 1, unsupported('zone'))], false],
])('%j can be read: %s', (files, expected) => {
  expect(isAnyReadable(files, nothing)).toBe(expected);
});
