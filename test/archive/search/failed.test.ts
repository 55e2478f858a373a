/** Statements whose transaction failed later, however much later. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failures } from '../../../src/archive/search/failures.js';
import { failureOf, searchAll, statement, storeOf, textsOf, writeArchive } from '../../support/search.js';

const DATE = '2026-11-21';

function said(
  text: string,
  session = '6b.1',
  transaction = '3/1',
  more: { user?: string; instance?: string } = {},
) {
  return statement({
    ...more,
    audit: { statement: text },
    session: { id: session, virtualTransactionId: transaction },
  });
}

async function failed(segments: Parameters<typeof writeArchive>[1], query = {}) {
  const store = storeOf(await writeArchive(null, segments));
  return textsOf(await searchAll(store, { kinds: ['statement'], isFailed: true, ...query }));
}

describe('a statement has failed', () => {
  test('if its failure follows, in the same object or days later', async () => {
    const [soon, late, never] = [said('soon'), said('late', '6b.2'), said('never', '6b.3')];
    const others = Array.from({ length: 50 }, (_, n) => said(`other ${n}`, `6c.${n}`));
    const segments = [
      { date: DATE, events: [late, soon, failureOf(soon), never] },
      ...others.map((other, day) => ({
        date: `2026-12-${String((day % 28) + 1).padStart(2, '0')}`,
        events: [other],
      })),
      { date: '2027-01-05', events: [failureOf(late)] },
    ];
    expect(await failed(segments)).toEqual(['late', 'soon']);
  });

  test('with all statements of its transaction before, not with those of the next', async () => {
    const [one, two, after] = [said('one'), said('two'), said('after', '6b.1', '3/2')];
    expect(await failed([{ date: DATE, events: [one, two, failureOf(two), after] }])).toEqual(['one', 'two']);
  });

  test('not if it came after the error, which a savepoint caught', async () => {
    const [before, after] = [said('before'), said('after')];
    expect(await failed([{ date: DATE, events: [before, failureOf(before), after] }])).toEqual(['before']);
    const last = said('last');
    expect(
      await failed([{ date: DATE, events: [before, failureOf(before), last, failureOf(last)] }]),
    ).toEqual(['before', 'last']);
  });

  test('if its session ended inside its transaction: the record of that end is of no transaction', async () => {
    const [first, last] = [said('first'), said('last')];
    const [before, other] = [said('before', '6b.1', '3/0'), said('other', '6b.2')];
    const undone = failureOf(last, null);
    const end = { ...undone, session: { ...undone.session, virtualTransactionId: null } };
    const days = [
      { date: DATE, events: [before, first, other] },
      { date: '2026-11-22', events: [last, end] },
    ];
    expect(await failed(days)).toEqual(['first', 'last']);
    expect(await failed([{ date: DATE, events: [end, said('later')] }])).toEqual([]);
  });

  test('if it was prepared, and rolled back by somebody else, in another session', async () => {
    const [one, two, kept] = [said('one'), said('two'), said('kept', '6b.1', '3/2')];
    const undone = failureOf(two, null);
    const end = {
      ...undone,
      actor: { ...undone.actor, user: 'postgres' },
      session: { ...undone.session, id: '6b.9', virtualTransactionId: '9/9' },
    };
    const own = said('own', '6b.9', '9/9');
    const segments = [{ date: DATE, events: [one, two, kept, own, end] }];
    expect(await failed(segments)).toEqual(['one', 'two']);
    expect(await failed(segments, { user: 'Z990001' })).toEqual(['one', 'two']);
  });

  test('not for the failure of another instance with the same session and transaction', async () => {
    const [ours, theirs] = [said('ours'), said('theirs', '6b.1', '3/1', { instance: 'other' })];
    const segments = [
      { date: DATE, events: [ours] },
      { date: DATE, instance: 'other', events: [theirs, failureOf(theirs)] },
    ];
    expect(await failed(segments)).toEqual(['theirs']);
  });

  test('and the other conditions count, too', async () => {
    const [kari, ola] = [said('kari'), said('ola', '6b.2', '3/1', { user: 'Z990002' })];
    const events = [kari, ola, failureOf(kari, null), failureOf(ola)];
    expect(await failed([{ date: DATE, events }], { user: 'Z990002' })).toEqual(['ola']);
    expect(await failed([{ date: DATE, events }], { text: 'KARI' })).toEqual(['kari']);
  });

  test('whatever its text says', async () => {
    const forged = said('"session":{"id":"6b.9"},"virtualTransactionId":"3/9","kind":"failure"');
    const other = said('other', '6b.9', '3/9');
    expect(await failed([{ date: DATE, events: [forged, other, failureOf(forged)] }])).toEqual([
      '"session":{"id":"6b.9"},"virtualTransactionId":"3/9","kind":"failure"',
    ]);
  });
});

describe('the counts of transactions', () => {
  const line = (session: number): Buffer =>
    Buffer.from(`{"instance":"prod","session":{"id":"6b02.${session}","virtualTransactionId":"3/1"}}`);

  test('are those of a plain map, whatever is added and removed', () => {
    const step = fc.record({ isAdded: fc.boolean(), session: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), steps => {
        const [counts, failures] = [new Map<number, number>(), new Failures()];
        for (const { isAdded, session } of steps) {
          const count = counts.get(session) ?? 0;
          counts.set(session, count + (isAdded ? 1 : -1));
          if (isAdded) failures.add(line(session));
          else failures.remove(line(session));
        }
        for (const [session, count] of counts) expect(failures.has(line(session))).toBe(count > 0);
      }),
    );
  });

  test('of a hundred thousand are kept apart', () => {
    const failures = new Failures();
    for (let session = 0; session < 100_000; session++) failures.add(line(session));
    const isThere = Array.from({ length: 200_000 }, (_, session) => failures.has(line(session)));
    expect(isThere.indexOf(false)).toBe(100_000);
    expect(isThere.lastIndexOf(true)).toBe(99_999);
  });

  test('are not touched by a line without a transaction', () => {
    const failures = new Failures();
    const none = Buffer.from('{"instance":"prod","session":{"id":"6b02.1","virtualTransactionId":null}}');
    failures.add(none);
    expect(failures.has(none)).toBe(false);
  });
});
