/** Ranges of a text that are to be replaced. */

/** From UTF-16 code unit `start` up to `end`, which is excluded. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A range that may still grow. */
export interface MutableRange {
  readonly start: number;
  end: number;
}

/** Replaces a secret. It contains no quote and no backslash, so it fits into any quoting. */
export const MARK = '<redacted>';

/** At most this many ranges are kept separate: a text that consists of secrets must not fill the memory. */
const MOST_APART = 100_000;

/** Past that limit, ranges with at most this much between them are merged. */
const NEAR = 256;

/** Adds a range to a list. */
export function add(ranges: MutableRange[], { start, end }: Range): void {
  const last = ranges.at(-1);
  const joins = last !== undefined && start >= last.start && start - last.end <= NEAR;
  if (last === undefined || ranges.length < MOST_APART || !joins) ranges.push({ start, end });
  else last.end = Math.max(last.end, end);
}

/** All ranges in order; those that overlap or touch are merged. */
export function union(...lists: readonly (readonly Range[])[]): readonly Range[] {
  const full = lists.filter(({ length }) => length > 0);
  const [ranges = []] = full;
  if (full.length <= 1 && isUnion(ranges)) return ranges;
  return merge(full.flat().sort((a, b) => a.start - b.start));
}

/** They are nearly always in order already. */
function isUnion(ranges: readonly Range[]): boolean {
  let last = -1;
  for (const { start, end } of ranges) {
    if (start <= last) return false;
    last = end;
  }
  return true;
}

function merge(sorted: readonly Range[]): Range[] {
  const merged: Range[] = [];
  let last: Range | undefined;
  for (const range of sorted) {
    if (last === undefined || range.start > last.end) merged.push(range);
    else if (range.end <= last.end) continue;
    else merged[merged.length - 1] = { start: last.start, end: range.end };
    last = merged.at(-1);
  }
  return merged;
}

/** Without those that are already marked. */
export function unmarked(text: string, ranges: readonly Range[]): readonly Range[] {
  return text.includes(MARK) ? ranges.filter(({ start, end }) => text.slice(start, end) !== MARK) : ranges;
}

/** The text with the mark in place of each range; the ranges as from `union`. */
export function replace(text: string, ranges: readonly Range[]): string {
  const kept: string[] = [];
  let at = 0;
  for (const { start, end } of ranges) {
    kept.push(text.slice(at, start));
    at = end;
  }
  kept.push(text.slice(at));
  return kept.join(MARK);
}
