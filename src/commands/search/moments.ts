/** Times and periods as somebody types them. */

import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../../config/units.js';
import { isDay } from '../../lib/day.js';
import { addDays, type Zone } from '../../lib/zone.js';

/** Milliseconds since the epoch, from `start` and before `end`. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** A time or a period, whose milliseconds depend on the time zone; a time is one millisecond long. */
export type Moment = (zone: Zone) => Stretch;

/** A day, a time, or how long before `now` (`24h`). Throws an InvalidArgumentError for any other text. */
export function parseMoment(text: string, _previous?: unknown, now = Date.now()): Moment {
  const ago = parseDuration(text);
  if (ago !== null) return () => bounded({ start: now - ago, end: now - ago + 1 });
  const [, day = '', time, offset] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  const wall = isDay(day) ? Date.parse(`${day}T${time ?? '00:00'}${offset ?? 'Z'}`) : Number.NaN;
  if (Number.isNaN(wall))
    throw new InvalidArgumentError(
      'Give a day (2026-11-21), a time (2026-11-21T20:40, or with its offset 2026-11-21T20:40:00Z) or how long ago (24h, 7d).',
    );
  if (time === undefined) return zone => daysIn(zone, day, addDays(day, 1));
  if (offset !== undefined) return () => bounded({ start: wall, end: wall + 1 });
  return zone => {
    const { first, last } = zone.instantsOf(wall);
    return bounded({ start: first, end: last + 1 });
  };
}

/** A day (`2026-10-05`), an ISO week (`2026-W42`) or a month (`2026-10`). Throws an InvalidArgumentError otherwise. */
export function parsePeriod(text: string): Moment {
  const [since, next] = isDay(text) ? [text, addDays(text, 1)] : (weekOf(text) ?? monthOf(text) ?? []);
  if (since === undefined || next === undefined)
    throw new InvalidArgumentError('Give a week (2026-W42), a month (2026-10) or a day (2026-10-05).');
  return zone => daysIn(zone, since, next);
}

export function parseDay(text: string): string {
  if (isDay(text)) return text;
  throw new InvalidArgumentError('Give a day: 2026-11-21.');
}

function daysIn(zone: Zone, since: string, next: string): Stretch {
  return bounded({ start: zone.startOf(since), end: zone.startOf(next) });
}

/** No event is older, or as young; beyond, ISO 8601 has a sign before the year, which does not compare as a text. */
const OLDEST = Date.parse('0001-01-01T00:00:00.000Z');
const YOUNGEST = Date.parse('9999-12-31T23:59:59.999Z');

function bounded({ start, end }: Stretch): Stretch {
  const within = (time: number): number => Math.max(OLDEST, Math.min(YOUNGEST, time));
  return { start: within(start), end: within(end) };
}

/** ISO 8601: a week begins on Monday, and the first of a year has 4 January. */
function weekOf(text: string): [since: string, next: string] | null {
  const [, year = '', week = ''] = /^(\d{4})-W(\d\d)$/.exec(text) ?? [];
  const mondayOf = (first: string): string => addDays(first, -((new Date(first).getUTCDay() + 6) % 7));
  if (year === '' || week === '00') return null;
  const since = addDays(mondayOf(`${year}-01-04`), (Number(week) - 1) * 7);
  const ofNextYear = mondayOf(`${String(Number(year) + 1).padStart(4, '0')}-01-04`);
  return since < ofNextYear ? [since, addDays(since, 7)] : null;
}

function monthOf(text: string): [since: string, next: string] | null {
  const since = `${text}-01`;
  if (!/^\d{4}-\d\d$/.test(text) || !isDay(since)) return null;
  return [since, `${addDays(since, 31).slice(0, 7)}-01`];
}
