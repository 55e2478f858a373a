/** What it costs to pass over a record, against what it costs to look at its bytes at all. */

import { afterAll, expect, test, vi } from 'vitest';
import { inPieces, RECORDS, SESSIONS, serviceLog, skim } from '../../support/skimming.js';
import { workOf } from '../../support/work.js';

const count = workOf(new URL('./work-cases.ts', import.meta.url));
afterAll(() => count.close());

const log = serviceLog();
const pieces = inPieces(log);

test('hardly more than a look at each byte', async () => {
  expect(await count('skimmed')).toBeLessThan(log.length * 1.5);
});

test('no text of its own: there is one for each session, piece and second', () => {
  const texts = vi.spyOn(Buffer.prototype, 'toString');
  const decided = skim(pieces);
  const made = texts.mock.calls.length;
  texts.mockRestore();
  expect(decided).toBeLessThanOrEqual(SESSIONS + 1 + 3 * pieces.length);
  expect(made).toBeLessThan(RECORDS / 50);
});
