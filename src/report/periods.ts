/** Consecutive days, grouped until they fit into a plot. */

import { addDays, countDays } from './zone.js';

/** Bars that can still be distinguished on a phone. */
const MOST_BARS = 62;

export interface Stretch {
  readonly label: string;
  readonly days: readonly string[];
}

export type Step = 'day' | 'week' | 'month' | 'year';

/** All days from the first to the last, including those without events. */
export function stretches(since: string, until: string): { step: Step; stretches: Stretch[] } {
  const days = Array.from({ length: countDays(since, until) }, (_, index) => addDays(since, index));
  for (const step of ['day', 'week', 'month', 'year'] as const) {
    const byLabel = Map.groupBy(days, day => LABELS[step](day));
    if (byLabel.size <= MOST_BARS || step === 'year')
      return { step, stretches: [...byLabel].map(([label, inner]) => ({ label, days: inner })) };
  }
  return { step: 'year', stretches: [] };
}

const LABELS: Readonly<Record<Step, (day: string) => string>> = {
  day: day => day,
  week: day => `week of ${mondayOf(day)}`,
  month: day => day.slice(0, 7),
  year: day => day.slice(0, 4),
};

function mondayOf(day: string): string {
  return addDays(day, -((new Date(day).getUTCDay() + 6) % 7));
}
