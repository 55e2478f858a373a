/** Counting what was found. */

import { describe, expect, test } from 'vitest';
import { type GroupKey, Groups } from '../../../src/archive/search/groups.js';
import { EVERYTHING } from '../../../src/archive/search/query.js';
import { search } from '../../../src/archive/search/search.js';
import { Zone } from '../../../src/lib/zone.js';
import { gap, searchAll, statement, storeOf, writeArchive } from '../../support/search.js';

const konto = { objects: ['public.konto'], objectsFrom: 'pgaudit' } as const;
const OLA = { user: 'Z990002', name: 'Ola Nordmann', email: 'ola@nav.no' };

const EVENTS = [
  statement({ audit: konto }),
  statement({ audit: { ...konto, command: 'DELETE' } }),
  statement({ audit: konto, name: 'Kari N.', time: '2026-11-22T00:00:00.000Z' }),
  statement({ audit: { objects: ['crm.kunde', 'public.konto'], objectsFrom: 'parsed' } }),
  statement({
    ...OLA,
    audit: { class: 'DDL', command: 'DROP TABLE', objectName: 'public.gammel' },
    database: null,
  }),
  statement(OLA),
  gap('Z990002', '6b.1'),
];

async function groups(keys: readonly GroupKey[], having = 1) {
  const store = storeOf(await writeArchive(null, [{ date: '2026-11-21', events: EVENTS }]));
  const watch = { reached: () => undefined, damaged: () => undefined };
  const counted = new Groups(keys, new Zone('UTC'));
  const query = { ...EVERYTHING, kinds: ['statement', 'gap'] };
  for await (const found of search({ store, prefix: '' }, query, { watch, ahead: 1 })) counted.add(found);
  return counted.atLeast(having);
}

describe('groups', () => {
  test.each<[GroupKey[], [number, ...(string | null)[]][]]>([
    [
      ['user'],
      [
        [4, 'Z990001'],
        [3, 'Z990002'],
      ],
    ],
    [
      ['command'],
      [
        [4, 'UPDATE'],
        [1, 'DELETE'],
        [1, 'DROP TABLE'],
        [1, null],
      ],
    ],
    [
      ['class'],
      [
        [5, 'WRITE'],
        [1, 'DDL'],
        [1, null],
      ],
    ],
    [
      ['database'],
      [
        [5, 'hold'],
        [2, null],
      ],
    ],
    [
      ['day'],
      [
        [6, '2026-11-21'],
        [1, '2026-11-22'],
      ],
    ],
    // An event of two objects counts for each.
    [
      ['object'],
      [
        [4, 'public.konto'],
        [2, null],
        [1, 'crm.kunde'],
        [1, 'public.gammel'],
      ],
    ],
    [
      ['actor', 'object'],
      [
        [4, 'Z990001', 'public.konto'],
        [1, 'Z990001', 'crm.kunde'],
        [1, 'Z990002', 'public.gammel'],
        [2, 'Z990002', null],
      ],
    ],
  ])('by %j', async (keys, expected) => {
    const found = (await groups(keys)).map(({ counts, values }) => [...counts, ...values]);
    expect(found.sort()).toEqual([...expected].sort());
  });

  test('days are those of the zone', async () => {
    const events = ['2026-11-21T22:59:59.999Z', '2026-11-21T23:00:00.000Z'].map(time => statement({ time }));
    const store = storeOf(await writeArchive(null, [{ date: '2026-11-21', events }]));
    const counted = new Groups(['day'], new Zone('Europe/Oslo'));
    for (const found of (await searchAll(store, { kinds: ['statement'] })).found) counted.add(found);
    expect(counted.atLeast(1).flatMap(({ values }) => values)).toEqual(['2026-11-21', '2026-11-22']);
  });

  test('the largest come first', async () => {
    expect((await groups(['object'])).map(({ counts }) => counts)).toEqual([[4], [2], [1], [1]]);
  });

  test('of fewer events than asked for are left out', async () => {
    expect((await groups(['object'], 2)).map(({ values }) => values)).toEqual([['public.konto'], [null]]);
  });

  test('by person have a name, and stay together if it changes', async () => {
    const found = await groups(['actor']);
    expect(found).toEqual([
      { counts: [4], values: ['Z990001'], name: 'Kari Nordmann' },
      { counts: [3], values: ['Z990002'], name: 'Ola Nordmann' },
    ]);
  });

  test('a client that says it is somebody does not count for that person', async () => {
    const own = statement(OLA);
    const { actor } = statement(OLA);
    const claimed = { ...statement({}), actor: { ...actor, user: 'shared', status: 'claimed' } } as const;
    const store = storeOf(
      await writeArchive(null, [{ date: '2026-11-21', events: [claimed, claimed, own] }]),
    );
    const counted = new Groups(['actor'], new Zone('UTC'));
    for (const found of (await searchAll(store, { kinds: ['statement'] })).found) counted.add(found);
    expect(counted.atLeast(1)).toEqual([
      { counts: [2], values: ['Z990002?'], name: 'Ola Nordmann?' },
      { counts: [1], values: ['Z990002'], name: 'Ola Nordmann' },
    ]);
  });
});
