/** The first of the days that are asked for, after older ones were removed: what of it is missing is found (I12). */

import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { Anchors, CLOUD_LOGGING } from '../../../src/archive/verify/anchors.js';
import { archiveOf, day, missing, verifyCovered as verify } from '../../support/covered.js';
import { write } from '../../support/reviewed.js';
import type { SealedSegment } from '../../support/sealed.js';

const HOUR = 60 * 60 * 1000;

/** The seals of these objects, as Cloud Logging has them. */
async function sealsOf(folder: string, names: readonly string[]): Promise<Anchors> {
  const anchors = new Anchors(CLOUD_LOGGING);
  for (const name of names) {
    const lines = gunzipSync(await readFile(join(folder, name)))
      .toString('utf8')
      .split('\n');
    anchors.add(JSON.parse(lines.at(-2) ?? ''));
  }
  return anchors;
}

/** A run every half hour, each with an object. */
const run = (time: string, more: Partial<SealedSegment> = {}): SealedSegment => ({
  date: time.slice(0, 10),
  events: [write(`${time}:00.000Z`, { user: 'Z990001', name: 'Kari Nordmann' })],
  until: [{ time: `${time}:30.000Z` }],
  sealedAt: `${time}:30.000Z`,
  reason: 'shutdown',
  ...more,
});
const RUNS = ['01T23:30', '02T00:01', '02T00:30', '02T01:00', '02T01:30', '02T02:00'].map(
  time => `2025-11-${time}`,
);

/** The archive without its first objects, and with the seals of all of them. */
async function without(removed: number) {
  const { folder, names } = await archiveOf([...RUNS.map(time => run(time)), day('2025-11-03')]);
  const anchors = await sealsOf(folder, names);
  for (const name of names.slice(0, removed)) await rm(join(folder, name));
  const period = { now: Date.parse('2025-11-04'), grace: 26 * HOUR };
  const days = { since: '2025-11-02', until: null };
  const verdict = await verify(folder, { days, period });
  const compared = await verify(folder, { days, period, seals: anchors });
  return { verdict, compared };
}

test('it is incomplete whatever --grace says of the end, and broken with the seals', async () => {
  const { verdict, compared } = await without(4);
  expect(verdict.verdict).toBe('incomplete');
  expect(missing(verdict)).toEqual(['2025-11-02T00:00:00.000Z 2025-11-02T01:30:00.000Z no seal covers it']);
  expect(compared.failure).toMatchObject({ code: 'missing', seq: 7 });
});

test('the seals show even what silence would explain', async () => {
  const { verdict, compared } = await without(3);
  expect([verdict.verdict, compared.verdict]).toEqual(['whole', 'broken']);
  expect(verdict.limits[0]).toContain('2025-11-02T01:00:00.000Z');
});

test('objects of the day before are not missed, even if one of them was sealed after midnight', async () => {
  const { folder, names } = await archiveOf([
    run('2025-11-01T23:30'),
    run('2025-11-01T23:55', { sealedAt: '2025-11-02T00:00:00.000Z', reason: 'date' }),
    run('2025-11-02T00:30'),
    day('2025-11-02'),
  ]);
  const seals = await sealsOf(folder, names);
  for (const name of names.slice(0, 2)) await rm(join(folder, name));
  const days = { since: '2025-11-02', until: '2025-11-02' };
  expect((await verify(folder, { days, seals })).verdict).toBe('whole');
});

test('the first seal of a day says that it is the first, however late the daemon ran', async () => {
  const daily = ['2025-11-01', '2025-11-02', '2025-11-03'].map(date =>
    run(`${date}T06:00`, { positions: 'all' }),
  );
  const { folder, names } = await archiveOf(daily);
  const since = async (day: string) =>
    await verify(folder, {
      days: { since: day, until: null },
      period: { now: Date.parse('2025-11-03T20:00Z'), grace: 26 * HOUR },
    });
  await rm(dirname(join(folder, names[0] ?? '')), { recursive: true });
  expect((await since('2025-11-02')).verdict).toBe('whole');
  await rm(dirname(join(folder, names[1] ?? '')), { recursive: true });
  expect((await since('2025-11-02')).verdict).toBe('incomplete');
});
