/** A report takes the same memory and paper for any archive, and says what it leaves out. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Zone } from '../../src/lib/zone.js';
import { Bounded, Weightiest } from '../../src/report/bounded.js';
import { readEvent } from '../../src/report/event.js';
import { Findings } from '../../src/report/findings.js';
import { Heavy } from '../../src/report/heavy.js';
import { renderPage } from '../../src/report/page.js';
import { stretches } from '../../src/report/periods.js';
import { noReading } from '../../src/report/reading.js';
import { LANGUAGES } from '../../src/report/words/words.js';
import { sha256 } from '../support/archive.js';
import { NOVEMBER } from '../support/report.js';
import { ddl, write } from '../support/reviewed.js';

const OSLO = new Zone('Europe/Oslo');
const HOURS = { from: 7 * 60, to: 17 * 60 };

/** Bytes in use, after garbage collection. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

test('counts are exact below the limit, and above it no count is off by more than it says', () => {
  const events = fc.array(fc.nat({ max: 30 }), { maxLength: 400 });
  fc.assert(
    fc.property(events, fc.integer({ min: 1, max: 20 }), (keys, limit) => {
      const heavy = new Heavy<{ readonly key: number; events: number }>(limit);
      for (const key of keys) heavy.at(String(key), () => ({ key, events: 0 })).events += 1;
      const kept = new Map(heavy.sorted.map(({ key, events: count }) => [key, count]));
      for (const key of new Set(keys)) {
        const count = kept.get(key) ?? 0;
        const real = keys.filter(one => one === key).length;
        expect(count).toBeLessThanOrEqual(real);
        expect(count + heavy.error).toBeGreaterThanOrEqual(real);
      }
      expect(heavy.size).toBeLessThanOrEqual(2 * limit);
      if (new Set(keys).size <= limit) expect(heavy.error).toBe(0);
    }),
  );
});

test('a sample of equals depends only on the hashes, not on the order', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string(), { maxLength: 60 }),
      fc.integer({ min: 1, max: 10 }),
      (texts, most) => {
        const hashes = texts.map(text => sha256(Buffer.from(text)));
        const sample = new Weightiest<string>(most);
        for (const hash of hashes) sample.add(0, hash, () => hash);
        expect(sample.items).toEqual(hashes.toSorted().slice(0, most));
        expect(sample.more).toBe(Math.max(0, texts.length - most));
      },
    ),
  );
});

test('a list keeps what weighs most, whenever it comes', () => {
  const weighed = fc.array(fc.tuple(fc.nat({ max: 5 }), fc.string({ minLength: 8 })), { maxLength: 60 });
  fc.assert(
    fc.property(weighed, fc.integer({ min: 1, max: 10 }), (items, most) => {
      const list = new Weightiest<number>(most);
      for (const [weight, hash] of items) list.add(weight, hash, () => weight);
      const expected = items.map(([weight]) => weight).toSorted((a, b) => b - a);
      expect(list.items).toEqual(expected.slice(0, most));
      expect(list.total).toBe(items.length);
    }),
  );
});

test('a list keeps the first items, and only counts the others', () => {
  const list = new Bounded<number>(2);
  for (const n of [1, 2]) list.add(() => n);
  list.add(() => {
    throw new Error('made in vain');
  });
  expect([list.items, list.more, list.total]).toEqual([[1, 2], 1, 3]);
});

test('a flood of names, objects and definitions makes a page like any other', () => {
  const findings = new Findings({ period: NOVEMBER, zone: OSLO, hours: HOURS });
  const before = heapUsed();
  for (let n = 0; n < 50_000; n++) {
    const who = { user: `user-${n}`, name: `Name ${n}`, email: `${n}@nav.no` };
    const time = '2025-11-05T10:00:00.000Z';
    const event =
      n % 10 === 0 && n < 20_000
        ? ddl(time, who, 'CREATE TABLE', `CREATE TABLE t${n} ${'x'.repeat(30_000)}`)
        : write(time, who, { objects: [`t${n}`] });
    const line = Buffer.from(JSON.stringify(event));
    const read = readEvent(line);
    if (read !== null) findings.add(read, sha256(line));
  }
  expect(heapUsed() - before).toBeLessThan(80e6);
  const nothing = { parts: [], instances: [], doubts: [], warnings: [], limits: [] };
  const asked = { period: { from: null, to: '2025-12-01T00:00:00.000Z', grace: 0 }, taken: null };
  const verified = { verdict: 'whole', isIntact: true, failure: null, ...nothing, ...asked } as const;
  const page = renderPage({
    archive: "gs://a/it's",
    only: [],
    words: LANGUAGES.en,
    roleCount: 0,
    period: NOVEMBER,
    zone: OSLO,
    hours: '07:00-17:00',
    bulk: 100,
    verified,
    lacks: [],
    verifyCommand: '',
    reading: noReading(),
    findings,
    madeAt: Date.UTC(2025, 11, 1),
    version: '1.0.0',
  });
  expect(page.before.length + page.after.length).toBeLessThan(2e6);
  expect(page.before).toMatch(/The 60 weightiest of \d\d\u202f\d{3} are shown\./);
  expect(page.after).toContain('more in the archive.');
  expect(page.before).toContain('every number above may be up to');
  expect(page.after).toContain(
    'pgaudit-shipper search &#39;gs://a/it&#39;\\&#39;&#39;s&#39; --since 2025-10-31T23:00:00.000Z --until 2025-11-30T22:59:59.999Z --class DDL',
  );
});

test.each([
  ['2025-11-01', '2025-11-30', 'day', 30],
  ['2025-10-01', '2025-12-31', 'week', 14],
  ['2024-01-01', '2025-12-31', 'month', 24],
  ['2015-01-01', '2025-12-31', 'year', 11],
])('%s to %s is shown by %3$s', (since, until, step, bars) => {
  const found = stretches(since, until);
  expect([found.step, found.stretches.length]).toEqual([step, bars]);
  expect(found.stretches[0]?.days[0]).toBe(since);
  expect(found.stretches.at(-1)?.days.at(-1)).toBe(until);
});

test.each([
  ['Europe/Oslo', '2025-03-30T00:59:59Z', '2025-03-30 01:59:59'],
  ['Europe/Oslo', '2025-03-30T01:00:00Z', '2025-03-30 03:00:00'],
  ['Asia/Kathmandu', '2025-11-05T18:15:00Z', '2025-11-06 00:00:00'],
  ['America/St_Johns', '2025-11-05T03:29:59Z', '2025-11-04 23:59:59'],
  ['UTC', '2025-11-05T00:00:00Z', '2025-11-05 00:00:00'],
])('in %s, %s is %s', (name, utc, local) => {
  const zone = new Zone(name);
  expect(zone.text(Date.parse(utc))).toBe(local);
  expect(zone.at(Date.parse(utc)).day).toBe(local.slice(0, 10));
});

test('a day begins where its zone says, also on the days of the change', () => {
  expect(new Date(OSLO.startOf('2025-03-30')).toISOString()).toBe('2025-03-29T23:00:00.000Z');
  expect(new Date(OSLO.startOf('2025-03-31')).toISOString()).toBe('2025-03-30T22:00:00.000Z');
  expect(new Date(OSLO.startOf('2025-10-27')).toISOString()).toBe('2025-10-26T23:00:00.000Z');
});
