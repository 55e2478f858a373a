/**
 * What is covered, what is missing, and that an archive with missing parts is never whole (I12). Times are those of §8a
 * of the design.
 */

import { rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { NewEvent } from '../../../src/event/event.js';
import { archiveOf, day, days, gapEvent, missing, verifyCovered as verify } from '../../support/covered.js';
import { write } from '../../support/reviewed.js';
import { type SealedSegment, writeSealed } from '../../support/sealed.js';
import { temporaryFolder } from '../../support/temp.js';

const PLACE = { instance: 'prod', node: 'pg-0' };
const HOUR = 60 * 60 * 1000;

const DAYS = days();

test('an archive that covers everything until now is whole', async () => {
  const { folder } = await archiveOf(DAYS.map(date => day(date)));
  const result = await verify(folder);
  expect(result).toMatchObject({
    verdict: 'whole',
    instances: [{ instance: 'prod', nodes: ['pg-0'], coveredUntil: '2025-11-05T23:59:59.000Z', missing: [] }],
  });
  expect(result.limits).toContainEqual(expect.stringContaining('the audit state of prod'));
});

describe('the end', () => {
  test('an archive whose end was removed is incomplete, since its last seal', async () => {
    const { folder, names } = await archiveOf(DAYS.map(date => day(date)));
    for (const name of names.slice(2)) await rm(join(folder, name));
    const result = await verify(folder);
    expect(result.verdict).toBe('incomplete');
    expect(missing(result)).toEqual([
      '2025-11-02T23:59:59.000Z 2025-11-06T00:00:00.000Z no later seal covers it',
    ]);
  });

  test('two hours need not be covered yet; --grace says otherwise', async () => {
    const { folder } = await archiveOf(DAYS.map(date => day(date)));
    const verdictAt = async (now: string, grace: number | null = null): Promise<string> =>
      (await verify(folder, { period: { now: Date.parse(now), grace } })).verdict;
    expect(await verdictAt('2025-11-06T01:59:00.000Z')).toBe('whole');
    expect(await verdictAt('2025-11-06T02:01:00.000Z')).toBe('incomplete');
    expect(await verdictAt('2025-11-06T02:01:00.000Z', 10 * HOUR)).toBe('whole');
    expect(await verdictAt('2025-11-06T00:01:00.000Z', 60_000)).toBe('incomplete');
  });

  test('nor the time for which the daemon keeps a segment open', async () => {
    const verdictAt = async (now: string, how: Partial<SealedSegment>): Promise<string> => {
      const time = '2025-11-05T14:00:00.000Z';
      const last = { ...day('2025-11-05'), until: [{ time }], sealedAt: time, ...how };
      const { folder } = await archiveOf([day('2025-11-04'), last]);
      return (await verify(folder, { period: { now: Date.parse(`2025-11-05T${now}:00.000Z`) } })).verdict;
    };
    const fourHours = { maxAge: 4 * HOUR };
    expect(await verdictAt('19:59', fourHours)).toBe('whole');
    expect(await verdictAt('20:01', fourHours)).toBe('incomplete');
    // It was opened at ten. A machine that was suspended makes it seem longer.
    expect(await verdictAt('16:59', { reason: 'age' })).toBe('whole');
    expect(await verdictAt('17:01', { reason: 'age' })).toBe('incomplete');
  });

  test('a seal without a time covers nothing, however new it is', async () => {
    const { folder } = await archiveOf(DAYS.map(date => ({ ...day(date), until: [] })));
    const result = await verify(folder);
    expect(result).toMatchObject({ verdict: 'incomplete', instances: [{ coveredUntil: null }] });
  });

  test("a time that is later than its seal counts as the seal's", async () => {
    const { folder } = await archiveOf([
      { ...day('2025-11-01'), until: [{ time: '2026-11-01T00:00:00.000Z' }] },
    ]);
    expect((await verify(folder)).instances[0]?.coveredUntil).toBe('2025-11-01T23:59:59.000Z');
  });

  test('nothing is expected of a daemon that was retired', async () => {
    const stopped = { action: 'stopped', version: '1.0.0', retired: true } as const;
    const end: NewEvent = {
      kind: 'lifecycle',
      time: '2025-11-02T23:59:59.000Z',
      ...PLACE,
      lifecycle: stopped,
    };
    const { folder } = await archiveOf([day('2025-11-01'), day('2025-11-02', [end])]);
    expect((await verify(folder, { days: { since: '2025-11-01', until: '2025-11-02' } })).verdict).toBe(
      'whole',
    );
    expect((await verify(folder)).instances[0]?.missing).toEqual([
      expect.objectContaining({
        node: null,
        from: '2025-11-02T23:59:59.000Z',
        why: expect.stringContaining('retired'),
      }),
    ]);
    // Another daemon has covered the server since.
    await writeSealed(
      folder,
      DAYS.slice(2).map(date => day(date)),
      { node: 'pg-1', chain: '20251103T000000Z-0003' },
    );
    expect((await verify(folder)).verdict).toBe('incomplete');
    await writeSealed(
      folder,
      DAYS.slice(1).map(date => day(date)),
      { node: 'pg-2', chain: '20251102T000000Z-0004' },
    );
    expect(missing(await verify(folder))).toEqual([]);
  });
});

describe('the beginning', () => {
  test.each([
    [
      'a period that begins before the archive',
      { since: '2025-10-30', until: null },
      '2025-10-30T00:00:00.000Z 2025-11-01T00:00:00.000Z',
    ],
    [
      'a period before the archive',
      { since: '2025-10-01', until: '2025-10-02' },
      '2025-10-01T00:00:00.000Z 2025-10-03T00:00:00.000Z',
    ],
    [
      'a period after the archive',
      { since: '2025-11-06', until: null },
      '2025-11-06T00:00:00.000Z 2025-11-09T00:00:00.000Z',
    ],
  ])('%s', async (_, days, stretch) => {
    const { folder } = await archiveOf(DAYS.map(date => day(date)));
    const result = await verify(folder, {
      days,
      period: { now: Date.parse('2025-11-09'), grace: 4 * 86_400_000 },
    });
    expect([result.verdict, missing(result).map(text => text.split(' ').slice(0, 2).join(' '))[0]]).toEqual([
      'incomplete',
      stretch,
    ]);
  });

  test('days in the middle of a chain are covered from their first moment', async () => {
    const { folder } = await archiveOf(DAYS.map(date => day(date)));
    expect((await verify(folder, { days: { since: '2025-11-02', until: '2025-11-04' } })).verdict).toBe(
      'whole',
    );
  });

  test('objects that are missing at the edges of some days are reported', async () => {
    const { folder, names } = await archiveOf(DAYS.map(date => day(date)));
    await rm(join(folder, names[2] ?? ''));
    for (const range of [
      { since: '2025-11-03', until: null },
      { since: null, until: '2025-11-03' },
      { since: '2025-11-04', until: null },
    ])
      expect(await verify(folder, { days: range })).toMatchObject({
        verdict: 'broken',
        failure: { code: 'missing' },
      });
    expect((await verify(folder, { days: { since: '2025-11-05', until: null } })).verdict).toBe('whole');
  });

  test('if older days were removed after their retention, the first that is kept is whole', async () => {
    const early = write('2025-11-03T00:30:00.000Z', { user: 'Z990001', name: 'Kari Nordmann' });
    const segments = DAYS.map(date =>
      date === '2025-11-03' ? { ...day(date), events: [early] } : day(date),
    );
    const { folder, names } = await archiveOf(segments);
    for (const name of names.slice(0, 2)) await rm(dirname(join(folder, name)), { recursive: true });
    expect((await verify(folder, { days: { since: '2025-11-03', until: null } })).verdict).toBe('whole');
    expect((await verify(folder, { days: { since: '2025-11-02', until: null } })).verdict).toBe('incomplete');
  });

  test.each(['archive-unreadable', 'archive-unreachable', 'archive-damaged', 'archive-unsigned'] as const)(
    'for a first chain that began because of %s, what was before is not known',
    async reason => {
      const lifecycle = { action: 'started', version: '1.0.0', newChain: true, reason } as const;
      const { folder } = await archiveOf(
        DAYS.map(date => day(date)),
        { lifecycle },
      );
      expect(missing(await verify(folder))).toEqual([
        'null 2025-11-01T00:00:00.000Z it is not known what was before the first chain',
      ]);
    },
  );
});

describe('gaps', () => {
  test('are missing stretches, from what came before to what came after', async () => {
    const gap = gapEvent(
      { after: '2025-11-03T08:00:00.000Z', before: '2025-11-03T09:00:00.000Z' },
      '2025-11-03T09:30:00.000Z',
    );
    const { folder } = await archiveOf(DAYS.map(date => day(date, date === '2025-11-03' ? [gap] : [])));
    expect(missing(await verify(folder))).toEqual([
      '2025-11-03T08:00:00.000Z 2025-11-03T09:00:00.000Z gap (torn)',
    ]);
    expect((await verify(folder, { days: { since: '2025-11-04', until: null } })).verdict).toBe('whole');
  });

  test('without bounds reach from the last time that was covered to when they were found', async () => {
    const gap = gapEvent({}, '2025-11-03T09:30:00.000Z');
    const { folder } = await archiveOf(DAYS.map(date => day(date, date === '2025-11-03' ? [gap] : [])));
    expect(missing(await verify(folder))).toEqual([
      '2025-11-02T23:59:59.000Z 2025-11-03T09:30:00.000Z gap (torn)',
    ]);
  });

  test('ten thousand of them are a thousand and one stretch', async () => {
    const gaps = Array.from({ length: 10_000 }, () =>
      gapEvent({ reason: 'missing-lines' }, '2025-11-03T09:30:00.000Z'),
    );
    const { folder } = await archiveOf(DAYS.map(date => day(date, date === '2025-11-03' ? gaps : [])));
    expect(missing(await verify(folder))).toHaveLength(1000);
  });
});

describe('clocks', () => {
  test('one that is ahead covers no time in the future', async () => {
    const { folder } = await archiveOf([day('2025-11-01'), day('2025-12-02')]);
    const result = await verify(folder);
    expect([result.verdict, result.doubts]).toEqual([
      'incomplete',
      [expect.stringContaining('a clock was ahead')],
    ]);
  });

  test('one that was ahead, and was corrected, covers what came until then', async () => {
    const ahead = { until: [{ time: '2025-11-04T12:00:00.000Z' }], sealedAt: '2025-11-04T12:00:00.000Z' };
    const back = { until: [{ time: '2025-11-01T12:00:00.000Z' }], sealedAt: '2025-11-01T12:00:00.000Z' };
    const write = day('2025-11-01');
    const { folder } = await archiveOf([
      { ...write, ...ahead },
      { ...day('2025-11-01', []), events: [], ...back },
      day('2025-11-05'),
    ]);
    expect((await verify(folder)).instances[0]?.coveredUntil).toBe('2025-11-05T23:59:59.000Z');
    const { folder: dead } = await archiveOf([
      { ...write, ...ahead },
      { ...day('2025-11-01'), events: [], ...back },
    ]);
    expect((await verify(dead)).instances[0]?.coveredUntil).toBe('2025-11-01T12:00:00.000Z');
  });
});

test.each([
  ['in the future', '2030-01-01', null],
  ['that ends before it begins', '2025-11-05', '2025-11-01'],
])('a period %s is bad usage', async (_, since, until) => {
  const { folder } = await archiveOf(DAYS.map(date => day(date)));
  await expect(verify(folder, { days: { since, until } })).rejects.toMatchObject({ code: 'usage' });
});

test('a configured server whose log was never read is reported', async () => {
  const lifecycle = { action: 'started', version: '1.0.0', newChain: true, reason: 'archive-empty' } as const;
  const { folder } = await archiveOf(
    DAYS.map(date => ({ ...day(date), until: [{ source: 'a', time: `${date}T23:59:59.000Z` }] })),
    { lifecycle: { ...lifecycle, servers: ['a', 'b'] } },
  );
  const { verdict, instances } = await verify(folder);
  expect(verdict).toBe('incomplete');
  expect(instances).toMatchObject([
    { instance: 'a', missing: [] },
    { instance: 'b', coveredUntil: null, missing: [{ to: '2025-11-06T00:00:00.000Z' }] },
  ]);
});

test('a loss from before the archive began counts, too', async () => {
  const gap = gapEvent(
    { after: '2025-10-03T08:00:00.000Z', before: '2025-10-03T09:00:00.000Z' },
    '2025-11-01T09:30:00.000Z',
  );
  const { folder } = await archiveOf(DAYS.map(date => day(date, date === '2025-11-01' ? [gap] : [])));
  expect(missing(await verify(folder))[0]).toBe(
    '2025-10-03T08:00:00.000Z 2025-10-03T09:00:00.000Z gap (torn)',
  );
  expect((await verify(folder, { days: { since: '2025-11-01', until: null } })).verdict).toBe('incomplete');
});

describe('the folder', () => {
  test.each([
    ['a day was renamed', (folder: string) => rename(folder, `${folder}.old`)],
    [
      'a day was moved away and linked',
      async (folder: string) => {
        const elsewhere = join(await temporaryFolder(), 'day');
        await rename(folder, elsewhere);
        await symlink(elsewhere, folder);
      },
    ],
    ['it has a foreign file', (folder: string) => writeFile(join(folder, 'notes.txt'), 'x')],
  ])('if %s it is not whole', async (_, happen) => {
    const { folder, names } = await archiveOf(DAYS.map(date => day(date)));
    await happen(join(folder, dirname(names.at(-1) ?? '')));
    expect((await verify(folder)).verdict).not.toBe('whole');
  });

  test('an emptied archive is not whole', async () => {
    const { folder, names } = await archiveOf(DAYS.map(date => day(date)));
    for (const name of names) await rm(dirname(join(folder, name)), { recursive: true });
    expect((await verify(folder)).verdict).toBe('incomplete');
    await rm(join(folder, 'instance=prod'), { recursive: true });
    expect((await verify(folder)).verdict).toBe('broken');
  });
});

test('seals of version 0.1 count by their own time, and that is said', async () => {
  const { folder } = await archiveOf(
    DAYS.map(date => ({ date, events: day(date).events, sealedAt: `${date}T23:59:59.000Z` })),
  );
  const result = await verify(folder);
  expect(result.verdict).toBe('whole');
  expect(result.limits).toContainEqual(expect.stringContaining('seals of version 0.1'));
});

test('several servers in one chain are expected each for itself', async () => {
  const until = (date: string, time = '23:59:59') => [
    { source: 'a', time: `${date}T23:59:59.000Z` },
    { source: 'b', time: `${date}T${time}.000Z` },
  ];
  const days = DAYS.map(date => ({ ...day(date), until: until(date) }));
  const { folder } = await archiveOf(
    days.map(one => (one.date > '2025-11-03' ? { ...one, until: until('2025-11-03') } : one)),
  );
  const result = await verify(folder);
  expect(result.instances.map(({ instance, coveredUntil }) => [instance, coveredUntil])).toEqual([
    ['a', '2025-11-03T23:59:59.000Z'],
    ['b', '2025-11-03T23:59:59.000Z'],
  ]);
});
