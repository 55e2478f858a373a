/** Pending statements are bounded, and a checkpoint's copy of them never changes (I9). */

import { expect, test } from 'vitest';
import { hashOf, type Pending, PendingStatements } from '../../src/session/pending.js';
import { UNKNOWN } from '../../src/session/sessions.js';

function waiting(id: string, statement = 'UPDATE t', more: Partial<Pending> = {}): Pending {
  const who = { client: null, port: null, application: null, startedAt: null, pid: null };
  const session = { id, line: 1, ...who, transactionId: '0', virtualTransactionId: null };
  return {
    foundAt: 0,
    line: { time: 0, user: 'kari', database: null, session, raw: null },
    source: { file: 'a.csv', fileId: 'a', offset: 0, length: 1 },
    sha256: hashOf(statement),
    class: 'WRITE',
    statement,
    expected: 2,
    audited: 0,
    latest: 7,
    ...more,
  };
}

test.each<[string, number, number[], number | undefined]>([
  ['numbers that come next', 7, [8], 1],
  ['as many as are expected', 7, [8, 9], undefined],
  ['one record more of the same number', 7, [8, 8], 1],
  ['a number that was there before', 7, [7], 0],
  ['a hole, whose statements were counted too', 7, [9], undefined],
  ['the first that is known', UNKNOWN, [40], 1],
])('%s', (_what, latest, numbers, audited) => {
  const pending = new PendingStatements([waiting('a', 'x', { latest })]);
  for (const number of numbers) pending.audited('a', number);
  expect(pending.get('a')?.audited).toBe(audited);
});

test('a copy for the checkpoint never changes', () => {
  const pending = new PendingStatements();
  pending.add(waiting('a'));
  const { saved } = pending;
  const copy = structuredClone(saved);
  pending.audited('a', 8);
  pending.add(waiting('b'));
  expect(saved).toEqual(copy);
  expect(new PendingStatements(pending.saved).saved).toEqual(pending.saved);
});

test('the oldest is given up, from a million characters on', () => {
  const pending = new PendingStatements();
  for (let n = 0; n < 200; n++) pending.add(waiting(String(n), 'x'.repeat(8192)));
  expect(pending.saved).toHaveLength(128);
  expect([pending.get('71'), pending.get('72')?.statement.length]).toEqual([undefined, 8192]);
});
