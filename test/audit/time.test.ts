import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { timeReader } from '../../src/audit/time.js';

/** Abbreviations and their offsets in minutes, 2010 to 2036, from Python's zoneinfo over the whole tz database. */
const ZONES: Record<string, number[]> = JSON.parse(
  readFileSync(new URL('../fixtures/zones.json', import.meta.url), 'utf8'),
);

/** For zones that use the other abbreviations: wall-clock times and their offsets in minutes, by Python's zoneinfo. */
const AMBIGUOUS: Record<string, Record<string, number>> = JSON.parse(
  readFileSync(new URL('../fixtures/ambiguous-zones.json', import.meta.url), 'utf8'),
);

function utc(text: string, timezone?: string): string | null {
  const time = timeReader(timezone).read(text);
  return time === null ? null : new Date(time).toISOString();
}

describe('abbreviations', () => {
  test.each(Object.entries(ZONES))('%s', (zone, offsets) => {
    const [offset = 0] = offsets;
    const expected = new Date(Date.UTC(2026, 10, 21, 20, 40, 1, 123) - offset * 60_000).toISOString();
    expect(utc(`2026-11-21 20:40:01.123 ${zone}`)).toBe(offsets.length === 1 ? expected : null);
    expect(timeReader(undefined).knowsZone(`2026-11-21 20:40:01.123 ${zone}`)).toBe(offsets.length === 1);
  });
});

describe('numeric zones', () => {
  test.each([
    ['+00', '2026-11-21T20:40:01.123Z'],
    ['+03', '2026-11-21T17:40:01.123Z'],
    ['-0330', '2026-11-22T00:10:01.123Z'],
    ['+0545', '2026-11-21T14:55:01.123Z'],
    ['+05:45', '2026-11-21T14:55:01.123Z'],
    ['-12', '2026-11-22T08:40:01.123Z'],
  ])('%s', (zone, expected) => {
    expect(utc(`2026-11-21 20:40:01.123 ${zone}`)).toBe(expected);
  });
});

describe('ambiguous abbreviations', () => {
  test('are settled by the configured zone', () => {
    expect(utc('2026-11-21 20:40:01.123 IST')).toBeNull();
    expect(utc('2026-11-21 20:40:01.123 IST', 'Asia/Kolkata')).toBe('2026-11-21T15:10:01.123Z');
    expect(utc('2026-11-21 20:40:01.123 IST', 'Asia/Jerusalem')).toBe('2026-11-21T18:40:01.123Z');
    expect(utc('2026-07-21 20:40:01.123 CDT', 'America/Chicago')).toBe('2026-07-22T01:40:01.123Z');
    expect(utc('2026-07-21 20:40:01.123 CDT', 'America/Havana')).toBe('2026-07-22T00:40:01.123Z');
  });

  test('distinguish the two halves of the hour that comes twice', () => {
    expect(utc('2026-11-01 01:30:00.000 CDT', 'America/Chicago')).toBe('2026-11-01T06:30:00.000Z');
    expect(utc('2026-11-01 01:30:00.000 CST', 'America/Chicago')).toBe('2026-11-01T07:30:00.000Z');
    expect(utc('2026-10-25 01:30:00.000 IST', 'Europe/Dublin')).toBe('2026-10-25T00:30:00.000Z');
  });

  test.each(Object.entries(AMBIGUOUS))('%s', (timezone, times) => {
    const reader = timeReader(timezone);
    for (const [text, offset] of Object.entries(times)) {
      const wall = Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`);
      expect([text, reader.read(text)]).toEqual([text, wall - offset * 60_000]);
      expect(reader.knowsZone(text)).toBe(true);
    }
  });

  test.each(['UTC', 'Europe/Oslo', 'America/New_York', 'Asia/Tokyo'])(
    'mean nothing if %s does not use them',
    zone => {
      const reader = timeReader(zone);
      for (const abbreviation of ['CST', 'CDT', 'IST', 'KST', 'MSK', 'PST']) {
        const text = `2026-11-21 20:40:01.123 ${abbreviation}`;
        expect([reader.read(text), reader.knowsZone(text)]).toEqual([null, false]);
      }
      // Ireland uses it, but not in winter.
      expect(timeReader('Europe/Dublin').knowsZone('2026-11-21 20:40:01.123 IST')).toBe(false);
    },
  );

  test('the configured zone does not affect the others', () => {
    expect(utc('2026-10-25 02:30:00.000 CEST', 'Asia/Tokyo')).toBe('2026-10-25T00:30:00.000Z');
    expect(utc('2026-10-25 02:30:00.000 CET', 'Asia/Tokyo')).toBe('2026-10-25T01:30:00.000Z');
  });
});

test('session_start_time has no milliseconds', () => {
  expect(utc('2026-11-21 20:40:01 CET')).toBe('2026-11-21T19:40:01.000Z');
});

test.each([
  '',
  '2026-11-21',
  '2026-13-21 20:40:01.123 CET',
  '2026-02-30 20:40:01.123 CET',
  '2026-11-21 20:40:01.123',
  '2026-11-21 20:40:61.123 CET',
  '2026-11-21 20:40:01.123 XYZ',
])('%j is not a time', text => {
  expect(utc(text)).toBeNull();
});
