/** Whether this machine's clock agrees with others. */

import { type Finding, failure, ok, warning } from './finding.js';

const SECOND = 1000;
const DAY = 24 * 60 * 60 * SECOND;
const TOLERATED = 5 * SECOND;

/** @param ahead the other clock less ours, in milliseconds */
export function clockFinding(whose: string, ahead: number): Finding {
  const off = Math.abs(ahead);
  const detail = `${whose} is ${(off / SECOND).toFixed(1)} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine`;
  if (off <= TOLERATED) return ok('clock', detail);
  const fix = 'chronyc makestep; see to it that both keep time (NTP)';
  if (off < DAY)
    return warning('clock', detail, 'times of events and of reading them do not fit together', fix);
  return failure('clock', detail, 'Cloud Logging refuses entries that are over a day in the future', fix);
}

/** The answer's header has whole seconds, and the answer took its time. */
const RESOLUTION = SECOND;
const PATIENCE = 5 * SECOND;

/** By the Date that a server's answer carries, whatever it answers; nothing where it does not answer. */
export async function checkClock(whose: string, url: string): Promise<Finding[]> {
  const before = Date.now();
  try {
    const { headers } = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(PATIENCE) });
    const told = Date.parse(headers.get('date') ?? '');
    return Number.isNaN(told) ? [] : [clockFinding(whose, aheadOf(told, before, Date.now()))];
  } catch {
    return [];
  }
}

/** It may be any instant of its second; ours is any between question and answer. */
function aheadOf(told: number, before: number, after: number): number {
  if (told > after) return told - after;
  const latest = told + RESOLUTION;
  return latest < before ? latest - before : 0;
}
