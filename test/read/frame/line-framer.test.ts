/** Records of jsonlog become the rows that the same server wrote into its csvlog. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { framedBy } from '../../support/frames.js';

const SAMPLES = new URL('../../fixtures/jsonlog/', import.meta.url);

/** The rows of two logs of one server agree but for the session's line number, which is counted for each. */
test.each(['pg17', 'pg18'])('%s: a row is, byte by byte, what the server wrote into csvlog', name => {
  const [csv, json] = ['csv', 'json'].map(end => readFileSync(new URL(`${name}.${end}`, SAMPLES)));
  if (csv === undefined || json === undefined) throw new Error('no sample');
  const expected = framedBy('csvlog', [csv]).map(({ row }) => row);
  const rows = framedBy('jsonlog', [json]).map(({ row }) => row);
  expect(rows.length).toBeGreaterThan(20);
  expect(new Set(rows)).toEqual(new Set(expected.filter(row => rows.includes(row))));
  expect(rows.filter(row => !expected.includes(row))).toEqual([]);
});
