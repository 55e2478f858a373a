/** Whether this machine's clock agrees with others. */

import { type Finding, failure, ok, warning } from './finding.js';

const SECOND = 1000;
const DAY = 24 * 60 * 60 * SECOND;
const TOLERATED = 5 * SECOND;

/** @param ahead the other clock minus ours, in milliseconds */
export function clockFinding(whose: string, ahead: number): Finding {
  const off = Math.abs(ahead);
  const detail = `${whose} is ${(off / SECOND).toFixed(1)} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine`;
  if (off <= TOLERATED) return ok('clock', detail);
  const fix = 'chronyc makestep; make sure that both machines use NTP';
  if (off < DAY)
    return warning('clock', detail, 'the times of events and the times of reading them do not match', fix);
  return failure('clock', detail, 'Cloud Logging refuses entries that are over a day in the future', fix);
}

/** The Date header has whole seconds, and the answer took some time to arrive. */
const RESOLUTION = SECOND;
const PATIENCE = 5 * SECOND;

/** Uses the Date header of any answer from the server; no finding if it does not answer. */
export async function checkClock(whose: string, url: string): Promise<Finding[]> {
  const before = Date.now();
  try {
    const { headers } = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(PATIENCE) });
    const date = Date.parse(headers.get('date') ?? '');
    return Number.isNaN(date) ? [] : [clockFinding(whose, aheadOf(date, before, Date.now()))];
  } catch {
    return [];
  }
}

/** The date may be any instant within its second; our time is any between request and answer. */
function aheadOf(date: number, before: number, after: number): number {
  if (date > after) return date - after;
  const latest = date + RESOLUTION;
  return latest < before ? latest - before : 0;
}
