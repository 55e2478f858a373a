/** Days, hours and weekends in a local time zone. */

const MINUTE = 60_000;
/** Zones change their offset only at whole quarters of an hour. */
const QUARTER = 15 * MINUTE;
const DAY = 24 * 60 * MINUTE;

export interface LocalTime {
  /** `2026-11-21` */
  readonly day: string;
  /** Minute of the day. */
  readonly minute: number;
  readonly isWeekend: boolean;
}

/** Minutes of the day; from 22:00 to 06:00 crosses midnight. */
export interface WorkingHours {
  readonly from: number;
  readonly to: number;
}

export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  /** The offset of the last quarter of an hour: events come roughly in order. */
  #quarter = Number.NaN;
  #offset = 0;

  /** Throws a RangeError if there is no such time zone. */
  constructor(name: string) {
    this.name = name;
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  }

  /** @param time milliseconds since the epoch */
  at(time: number): LocalTime {
    const local = new Date(this.wall(time));
    const weekday = local.getUTCDay();
    return {
      day: local.toISOString().slice(0, 10),
      minute: local.getUTCHours() * 60 + local.getUTCMinutes(),
      isWeekend: weekday === 0 || weekday === 6,
    };
  }

  /** `2026-11-21 21:40:01` */
  text(time: number): string {
    return new Date(this.wall(time)).toISOString().slice(0, 19).replace('T', ' ');
  }

  /** The start of a day, in milliseconds since the epoch: midnight, or where clocks skip that, what comes after it. */
  startOf(day: string): number {
    const midnight = Date.parse(`${day}T00:00Z`);
    const starts = [midnight - DAY, midnight + DAY].map(near => midnight - this.#offsetAt(near));
    return Math.min(...starts.filter(time => this.wall(time) >= midnight));
  }

  /** The instants at which clocks show this: none or two where they are changed; then the nearest, or both. */
  instantsOf(wall: number): { readonly first: number; readonly last: number } {
    const offsets = [wall - DAY, wall + DAY].map(near => this.#offsetAt(near));
    const instants = offsets.map(offset => wall - offset).filter(time => this.wall(time) === wall);
    if (instants.length === 0) instants.push(wall - this.#offsetAt(wall - this.#offsetAt(wall)));
    return { first: Math.min(...instants), last: Math.max(...instants) };
  }

  /** What clocks show, as the milliseconds since the epoch at which clocks in UTC show the same. */
  wall(time: number): number {
    return time + this.#offsetAt(time);
  }

  #offsetAt(time: number): number {
    const quarter = Math.floor(time / QUARTER);
    if (quarter === this.#quarter) return this.#offset;
    const parts = this.#format.formatToParts(quarter * QUARTER);
    this.#offset = readOffset(parts.find(({ type }) => type === 'timeZoneName')?.value ?? '');
    this.#quarter = quarter;
    return this.#offset;
  }
}

/** `GMT+05:45` to milliseconds. */
function readOffset(text: string): number {
  const [, sign, hours, minutes, seconds = 0] = /([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(text) ?? [];
  const size = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * MINUTE + Number(seconds) * 1000;
  return sign === '-' ? -size : size;
}

/** A zone of the tz database; `null` if there is none of this name. */
export function zoneNamed(name: string): Zone | null {
  try {
    return new Zone(name);
  } catch {
    return null;
  }
}

/** The name in `TZ` if that is set, else Europe/Oslo. */
export function usualZone(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.TZ?.replace(/^:/, '') || 'Europe/Oslo';
}

/** `07:00-17:00`; `null` if the text is not that. */
export function parseHours(text: string): WorkingHours | null {
  const [from = null, to = null, ...more] = text.split('-').map(parseMinute);
  return from === null || to === null || from === to || more.length > 0 ? null : { from, to };
}

/** Minute of the day; `null` if the text is not a time of day. */
function parseMinute(text: string): number | null {
  const [, hours, minutes] = /^(\d\d):(\d\d)$/.exec(text.trim()) ?? [];
  const minute = Number(hours ?? Number.NaN) * 60 + Number(minutes);
  return Number(minutes) < 60 && minute <= 24 * 60 ? minute : null;
}

export function isWithin({ from, to }: WorkingHours, minute: number): boolean {
  return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

/** The day that many days later. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY).toISOString().slice(0, 10);
}

/** The number of days from one to the other, both included. */
export function countDays(since: string, until: string): number {
  return Math.round((Date.parse(until) - Date.parse(since)) / DAY) + 1;
}
