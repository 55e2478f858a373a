/** Pieces of a text that are to be replaced. */

/** From UTF-16 code unit `start` up to, not with, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** What stands where a secret stood. It holds no quote and no backslash: it fits into any quoting. */
export const MARK = '<redacted>';

/** The same pieces in order, those that overlap or touch as one. */
export function union(ranges: readonly Range[]): Range[] {
  const merged: { start: number; end: number }[] = [];
  for (const { start, end } of sorted(ranges)) {
    const last = merged.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  return merged;
}

/** Nearly always they are in order already. */
function sorted(ranges: readonly Range[]): readonly Range[] {
  const inOrder = ranges.every(({ start }, index) => start >= (ranges[index - 1]?.start ?? 0));
  return inOrder ? ranges : ranges.toSorted((a, b) => a.start - b.start);
}

/** Without the empty ones, and those that show the mark already. */
export function unmarked(text: string, ranges: readonly Range[]): Range[] {
  return ranges.filter(
    ({ start, end }) =>
      end > start && !(end - start === MARK.length && text.slice(start, end).toLowerCase() === MARK),
  );
}

/** The text with the mark in the place of each piece; the pieces as `union` gives them. */
export function replace(text: string, ranges: readonly Range[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { start, end } of ranges) {
    parts.push(text.slice(at, start), MARK);
    at = end;
  }
  return parts.join('') + text.slice(at);
}
