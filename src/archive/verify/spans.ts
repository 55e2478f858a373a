/** Spans of time, in milliseconds since the epoch; an open beginning is -Infinity. */

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Adds a span to earlier ones, and merges it with the last if they touch or overlap. */
export function join(spans: Span[], span: Span): void {
  const last = spans.at(-1);
  if (last === undefined || span.from > last.to || span.from < last.from) spans.push(span);
  else spans[spans.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
}

/** Removes the time after this from spans that are in order. */
export function cutBack(spans: Span[], end: number): void {
  for (let last = spans.at(-1); last !== undefined && last.to > end; last = spans.at(-1)) {
    spans.pop();
    if (last.from < end) spans.push({ from: last.from, to: end });
  }
}

/** The same time as spans that are in order and do not touch. */
export function union(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.from - b.from)) join(joined, span);
  return joined;
}

/** The parts of `whole` that are in none of these. */
export function without(whole: Span, spans: readonly Span[]): Span[] {
  const left: Span[] = [];
  let from = whole.from;
  for (const span of union(spans)) {
    if (span.from > from && from < whole.to) left.push({ from, to: Math.min(span.from, whole.to) });
    from = Math.max(from, span.to);
  }
  if (from < whole.to) left.push({ from, to: whole.to });
  return left;
}

/** The overlap of both; a moment counts as a span. */
export function within(span: Span, { from, to }: Span): Span | null {
  const both = { from: Math.max(span.from, from), to: Math.min(span.to, to) };
  return both.from <= both.to ? both : null;
}
