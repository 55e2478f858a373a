/** Follows a change through its legs. */

import { setTimeout as sleep } from 'node:timers/promises';
import { statusOf } from '../logging-client.js';
import type { Leg, LegName } from './legs.js';

/** `unseen`: the leg cannot be read. */
export type Outcome =
  | { readonly leg: LegName; readonly state: 'arrived'; readonly seconds: number }
  | { readonly leg: LegName; readonly state: 'missing' }
  | { readonly leg: LegName; readonly state: 'unseen'; readonly code: string };

/** Errors for which retrying does not help. */
const FINAL = ['PERMISSION_DENIED', 'UNAUTHENTICATED', '401', '403', 'EACCES', 'EPERM', 'credentials'];
/** After this many failures in a row, a leg counts as one that cannot be read. */
const MOST_FAILURES = 3;

/**
 * Looks until the change has arrived everywhere, or for `wait` milliseconds.
 *
 * @param since `performance.now()` when the change was made
 */
export async function follow(
  legs: readonly Leg[],
  marker: string,
  { since, wait }: { since: number; wait: number },
): Promise<Outcome[]> {
  return await Promise.all(legs.map(leg => followLeg(leg, marker, { since, wait })));
}

async function followLeg(
  leg: Leg,
  marker: string,
  { since, wait }: { since: number; wait: number },
): Promise<Outcome> {
  for (let failures = 0; ; ) {
    const isLast = performance.now() - since >= wait;
    try {
      if (await leg.look(marker))
        return { leg: leg.name, state: 'arrived', seconds: (performance.now() - since) / 1000 };
      failures = 0;
    } catch (error) {
      failures += 1;
      const code = statusOf(error);
      if (failures === MOST_FAILURES || isLast || FINAL.includes(code))
        return { leg: leg.name, state: 'unseen', code };
    }
    if (isLast) return { leg: leg.name, state: 'missing' };
    await sleep(leg.interval);
  }
}
