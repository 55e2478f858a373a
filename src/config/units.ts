/** Sizes and durations as people write them. */

const SIZES = new Map([
  ['B', 1],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
  ['TiB', 1024 ** 4],
]);

const DURATIONS = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

export const SIZE_UNITS = [...SIZES.keys()].join(', ');
export const DURATION_UNITS = [...DURATIONS.keys()].join(', ');

/** `64MiB` in bytes; `null` if the text is not a size. */
export function parseSize(text: string): number | null {
  return parse(text, SIZES);
}

/** `15m` in milliseconds; `null` if the text is not a duration. */
export function parseDuration(text: string): number | null {
  return parse(text, DURATIONS);
}

function parse(text: string, units: ReadonlyMap<string, number>): number | null {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?([A-Za-z]+)$/.exec(text.trim()) ?? [];
  const factor = units.get(unit ?? '');
  return number === undefined || factor === undefined ? null : Math.round(Number(number) * factor);
}
