/** Which objects a search reads: counted at the store. */

import { describe, expect, test } from 'vitest';
import { EVERYTHING } from '../../../src/archive/search/query.js';
import { search } from '../../../src/archive/search/search.js';
import { searchAll, statement, storeOf, type Written, writeArchive } from '../../support/search.js';

const DAYS = ['2026-11-18', '2026-11-19', '2026-11-20', '2026-11-21', '2026-11-22', '2026-11-23'];

function daily(): Promise<Written[]> {
  return writeArchive(
    null,
    DAYS.map(date => ({
      date,
      events: [statement({ time: `${date}T12:00:00.000Z`, audit: { statement: date } })],
    })),
  );
}

/** The days whose objects were read, and those whose folders were listed. */
function daysOf(asked: readonly string[]): { read: string[]; listed: string[] } {
  const dayIn = (name: string): string => /date=([\d-]+)/.exec(name)?.[1] ?? '';
  return {
    read: asked.filter(name => name.endsWith('.gz')).map(dayIn),
    listed: asked.filter(name => /date=[\d-]+\/$/.test(name)).map(dayIn),
  };
}

describe('partitions', () => {
  test.each([
    ['without times: all', {}, DAYS],
    // The day before is read for clocks that differ, and for what an object holds of the day after.
    [
      'from a moment: that day, the one before and all later ones',
      { since: '2026-11-21T00:00:00.000Z' },
      DAYS.slice(2),
    ],
    ['from the end of a day', { since: '2026-11-21T23:59:59.999Z' }, DAYS.slice(2)],
    // Whatever happened before may have been read at any time after.
    ['before a moment: all', { before: '2026-11-20T00:00:00.000Z' }, DAYS],
    ['archived until a day: no later ones', { archivedUntil: '2026-11-20' }, DAYS.slice(0, 3)],
    ['both', { since: '2026-11-20T10:00:00.000Z', archivedUntil: '2026-11-20' }, DAYS.slice(1, 3)],
    ['none', { since: '2027-01-01T00:00:00.000Z' }, []],
  ])('%s', async (_what, query, expected) => {
    const store = storeOf(await daily());
    await searchAll(store, query);
    expect(daysOf(store.asked)).toEqual({ read: expected, listed: expected });
  });

  test('are listed once, and each object is read once', async () => {
    const store = storeOf(await daily());
    await searchAll(store, { user: 'nobody' });
    expect(new Set(store.asked).size).toBe(store.asked.length);
    expect(store.asked).toHaveLength(1 + 1 + 1 + 2 * DAYS.length);
  });

  test('if failures are asked for, each object is read twice', async () => {
    const store = storeOf(await daily());
    await searchAll(store, { isFailed: true, since: '2026-11-21T00:00:00.000Z' });
    expect(daysOf(store.asked).read).toEqual([...DAYS.slice(2), ...DAYS.slice(2)]);
  });

  test('of other daemons are read, too; those in folders that are not partitions are not', async () => {
    const objects = await writeArchive(null, [
      { date: '2026-11-21', instance: 'a', node: '1', events: [statement()] },
      { date: '2026-11-21', instance: 'a', node: '2', events: [statement()] },
      { date: '2026-11-21', instance: 'b', node: '1', events: [statement()] },
    ]);
    const [{ body } = { body: Buffer.alloc(0) }] = objects;
    const store = storeOf([
      ...objects,
      { name: 'logs/today.txt', body },
      { name: 'instance=c/readme.txt', body },
    ]);
    expect((await searchAll(store, { kinds: ['statement'] })).found).toHaveLength(3);
  });
});

test("an event that was read late is found by its own time, not by its object's", async () => {
  const late = statement({ time: '2026-11-02T08:00:00.000Z', audit: { statement: 'backfilled' } });
  const store = storeOf(await writeArchive(null, [{ date: '2026-11-23', events: [late, statement()] }]));
  const ofThatDay = { since: '2026-11-02T00:00:00.000Z', before: '2026-11-03T00:00:00.000Z' };
  expect((await searchAll(store, ofThatDay)).found).toHaveLength(1);
  expect((await searchAll(store, { ...ofThatDay, archivedUntil: '2026-11-03' })).found).toEqual([]);
});

test('an event after midnight in an object of the day before is found', async () => {
  const events = [statement({ time: '2026-11-22T00:00:03.000Z' })];
  const store = storeOf(await writeArchive(null, [{ date: '2026-11-21', events }]));
  const found = await searchAll(store, { since: '2026-11-22T00:00:00.000Z', kinds: ['statement'] });
  expect(found.found).toHaveLength(1);
});

test.each([1, 4])('if the search stops early, the rest is not read (%i ahead)', async ahead => {
  const store = storeOf(await daily());
  const watch = { reached: () => undefined, damaged: () => undefined };
  for await (const _found of search({ store, prefix: '' }, EVERYTHING, { watch, ahead })) break;
  expect(daysOf(store.asked).read).toEqual(DAYS.slice(0, 1 + ahead));
});

test('a prefix is the folder above instance=…', async () => {
  const objects = await writeArchive(null, [
    { date: '2026-11-21', prefix: 'team/audit', events: [statement()] },
  ]);
  const { found } = await searchAll(storeOf(objects), { kinds: ['statement'] }, { prefix: 'team/audit' });
  expect(found).toHaveLength(1);
  await expect(searchAll(storeOf(objects), {})).rejects.toThrow('there is no archive here');
});
