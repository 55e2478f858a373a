/** Converts log_time and session_start_time to UTC. */

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/**
 * Minutes east of UTC of the abbreviations that have meant the same offset everywhere in the tz database since 2010.
 * The others (CST, CDT, IST, KST, MSK, PST) need `source.timezone`.
 */
const ZONE_OFFSETS: ReadonlyMap<string, number> = new Map([
  ...offsets(0, 'UTC', 'GMT', 'WET'),
  ...offsets(60, 'CET', 'WEST', 'BST', 'MET', 'WAT'),
  ...offsets(120, 'EET', 'CEST', 'MEST', 'CAT', 'SAST'),
  ...offsets(180, 'EEST', 'EAT', 'IDT'),
  ...offsets(240, 'MSD'),
  ...offsets(300, 'PKT'),
  ...offsets(420, 'WIB'),
  ...offsets(480, 'AWST', 'HKT', 'WITA'),
  ...offsets(540, 'JST', 'WIT'),
  ...offsets(570, 'ACST'),
  ...offsets(600, 'AEST', 'ChST'),
  ...offsets(630, 'ACDT'),
  ...offsets(660, 'AEDT'),
  ...offsets(720, 'NZST'),
  ...offsets(780, 'NZDT'),
  ...offsets(-150, 'NDT'),
  ...offsets(-180, 'ADT'),
  ...offsets(-210, 'NST'),
  ...offsets(-240, 'AST', 'EDT'),
  ...offsets(-300, 'EST'),
  ...offsets(-360, 'MDT'),
  ...offsets(-420, 'MST', 'PDT'),
  ...offsets(-480, 'AKDT'),
  ...offsets(-540, 'AKST', 'HDT'),
  ...offsets(-600, 'HST'),
  ...offsets(-660, 'SST'),
]);

function offsets(minutes: number, ...names: string[]): [string, number][] {
  return names.map(name => [name, minutes]);
}

/** PostgreSQL writes a zone without an abbreviation as its offset: `+03`, `-0330`, `+05:45`. */
const NUMERIC_ZONE = /^([+-])(\d\d):?(\d\d)?(?::?\d\d)?$/;
const TIMESTAMP = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) (\S+)$/;
const SECOND = 'YYYY-MM-DD HH:MM:SS'.length;
const MOST_SECONDS = 1000;

export interface TimeReader {
  /** Whether a time's zone is known; for `2026-11-21 20:40:01.123 IST` only if the configured zone used IST then. */
  knowsZone(text: string): boolean;
  /** `2026-11-21 20:40:01.123 CET` as milliseconds since the epoch; `null` if it cannot be read. */
  read(text: string): number | null;
}

/** @param timezone IANA name of the server's log_timezone, for abbreviations that mean several offsets. */
export function timeReader(timezone: string | undefined): TimeReader {
  const fixed = (zone: string): number | null => ZONE_OFFSETS.get(zone) ?? numericOffset(zone);
  const readSecond = (text: string): number | null => {
    const [, date, time, zone] = TIMESTAMP.exec(text) ?? [];
    if (date === undefined || time === undefined || zone === undefined) return null;
    const wall = Date.parse(`${date}T${time}Z`);
    if (Number.isNaN(wall) || !new Date(wall).toISOString().startsWith(`${date}T${time}`)) return null;
    const offset = fixed(zone) ?? (timezone === undefined ? null : offsetIn(timezone, wall, zone));
    return offset === null ? null : wall - offset * MINUTE;
  };
  // A cache: most records have the same second as the one before, or as their session's start.
  const seconds = new Map<string, number | null>();
  const readKnown = (text: string): number | null => {
    const known = seconds.get(text);
    if (known !== undefined) return known;
    const value = readSecond(text);
    if (seconds.size === MOST_SECONDS) seconds.clear();
    seconds.set(text, value);
    return value;
  };
  const read = (text: string): number | null => {
    if (text[SECOND] !== '.') return readKnown(text);
    const milliseconds = text.slice(SECOND + 1, SECOND + 4);
    const second = /^\d{3}$/.test(milliseconds)
      ? readKnown(text.slice(0, SECOND) + text.slice(SECOND + 4))
      : null;
    return second === null ? null : second + Number(milliseconds);
  };
  return {
    read,
    knowsZone(text) {
      if (fixed(text.slice(text.lastIndexOf(' ') + 1)) !== null) return true;
      return timezone !== undefined && read(text) !== null;
    },
  };
}

function numericOffset(zone: string): number | null {
  const [, sign, hours, minutes] = NUMERIC_ZONE.exec(zone) ?? [];
  if (hours === undefined) return null;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes ?? 0));
}

/**
 * The zone's offset at a wall-clock time if it used the abbreviation then; else `null`. In the hour that occurs twice
 * when summer time ends, the abbreviation decides.
 */
function offsetIn(timezone: string, wall: number, abbreviation: string): number | null {
  const near = [wall - DAY, wall + DAY].map(utc => offsetAt(timezone, utc));
  const possible = near.filter(offset => offsetAt(timezone, wall - offset * MINUTE) === offset);
  return possible.find(offset => abbreviationAt(timezone, wall - offset * MINUTE) === abbreviation) ?? null;
}

/**
 * Abbreviations with several offsets, by the English name of the time in Unicode's data (CLDR), which has few
 * abbreviations of its own.
 */
const ABBREVIATIONS: ReadonlyMap<string, string> = new Map([
  ['Central Standard Time', 'CST'],
  ['Central Daylight Time', 'CDT'],
  ['China Standard Time', 'CST'],
  ['Taipei Standard Time', 'CST'],
  ['Taiwan Standard Time', 'CST'],
  ['Cuba Standard Time', 'CST'],
  ['Cuba Daylight Time', 'CDT'],
  ['India Standard Time', 'IST'],
  ['Israel Standard Time', 'IST'],
  ['Irish Standard Time', 'IST'],
  ['Korean Standard Time', 'KST'],
  ['North Korea Time', 'KST'],
  ['Moscow Standard Time', 'MSK'],
  ['Volgograd Standard Time', 'MSK'],
  ['Pacific Standard Time', 'PST'],
  ['Philippine Standard Time', 'PST'],
]);

function abbreviationAt(timezone: string, utc: number): string | undefined {
  return ABBREVIATIONS.get(nameAt(timezone, utc, 'long'));
}

function offsetAt(timezone: string, utc: number): number {
  const name = nameAt(timezone, utc, 'longOffset').slice('GMT'.length);
  return name === '' ? 0 : (numericOffset(name) ?? 0);
}

type NameStyle = 'long' | 'longOffset';

function nameAt(timezone: string, utc: number, style: NameStyle): string {
  const parts = formatter(timezone, style).formatToParts(utc);
  return parts.find(part => part.type === 'timeZoneName')?.value ?? '';
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(timeZone: string, timeZoneName: NameStyle): Intl.DateTimeFormat {
  const key = `${timeZone} ${timeZoneName}`;
  const known = formatters.get(key) ?? new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName });
  formatters.set(key, known);
  return known;
}
