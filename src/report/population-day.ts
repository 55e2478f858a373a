/** What the report keeps of one population event. */

import type { ReportedEvent } from './event.js';

export type ReportedPopulation = NonNullable<ReportedEvent['population']>;
export type ReportedUnaudited = ReportedPopulation['unaudited'];

/** At most this many names are shown in a row. */
export const MOST_NAMED = 10;

/** One database on one day: the highest numbers of its populations. */
export interface PopulationDay {
  readonly database: string;
  readonly persons: number;
  readonly unaudited: number;
  /** The first persons who were not audited. */
  readonly names: readonly string[];
}
