/** What a report's reading of the archive gives. */

import type { ReportedEvent } from './event.js';

export interface ReadLine {
  readonly event: ReportedEvent;
  /** SHA-256 (hex) of its line. */
  readonly hash: string;
}

/** What reading came to, besides the events. */
export interface Reading {
  /** What cannot be read, or is not what was verified; objects and what is wrong with each. */
  readonly damages: { readonly object: string; readonly what: string }[];
  /** The newest object of each chain, by the chain's name. */
  readonly newest: Map<string, string>;
  lines: number;
}

export function noReading(): Reading {
  return { damages: [], newest: new Map(), lines: 0 };
}
