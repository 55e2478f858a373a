/** `redact.patterns`: regular expressions for secrets that only the operator knows about. */

import { add, type MutableRange, type Range } from './ranges.js';

/** A regular expression with RE2's syntax and linear time; RE2JS is one. */
export interface Pattern {
  /** The number of each named group. */
  namedGroups(): Record<string, number>;
  groupCount(): number;
  matcher(text: string): Matches;
}

interface Matches {
  /** Finds the next match. */
  find(): boolean;
  /** Where a group of the match begins and ends; -1 if the group took no part in it. */
  start(group?: number): number;
  end(group?: number): number;
}

/** For each match, the group `secret`, else group 1, else all of it: the first that took part in the match. */
export function secretsOf(pattern: Pattern, text: string): Range[] {
  const { secret } = pattern.namedGroups();
  const groups = [...(secret === undefined ? [] : [secret]), ...(pattern.groupCount() > 0 ? [1] : []), 0];
  const matches = pattern.matcher(text);
  const ranges: MutableRange[] = [];
  while (matches.find()) {
    const group = groups.find(one => matches.start(one) >= 0) ?? 0;
    const range = { start: matches.start(group), end: matches.end(group) };
    if (range.end > range.start) add(ranges, range);
  }
  return ranges;
}
