/** Consecutive days, grouped until they fit into a plot. */

import { addDays, countDays } from '../lib/zone.js';
import type { Words } from './words/words.js';

/** Bars that can still be distinguished on a phone. */
const MOST_BARS = 62;

export interface Stretch {
  /** Of a year or month its ISO form, of a week its Monday. */
  readonly start: string;
  readonly days: readonly string[];
}

export type Step = 'day' | 'week' | 'month' | 'year';

/** All days from the first to the last, including those without events. */
export function stretches(since: string, until: string): { step: Step; stretches: Stretch[] } {
  const days = Array.from({ length: countDays(since, until) }, (_, index) => addDays(since, index));
  for (const step of ['day', 'week', 'month', 'year'] as const) {
    const byStart = Map.groupBy(days, day => STARTS[step](day));
    if (byStart.size <= MOST_BARS || step === 'year')
      return { step, stretches: [...byStart].map(([start, inner]) => ({ start, days: inner })) };
  }
  return { step: 'year', stretches: [] };
}

const STARTS: Readonly<Record<Step, (day: string) => string>> = {
  day: day => day,
  week: mondayOf,
  month: day => day.slice(0, 7),
  year: day => day.slice(0, 4),
};

function mondayOf(day: string): string {
  return addDays(day, -((new Date(day).getUTCDay() + 6) % 7));
}

export function labelOf(words: Words, step: Step, { start }: Stretch): string {
  return step === 'year' ? start : words[step](start);
}
