/** The findings about a followed change: how long each leg took, or where the change stopped. */

import { type Finding, failure, ok, warning } from '../finding.js';
import type { DaemonState } from './daemon.js';
import type { Outcome } from './follow.js';
import type { LegName } from './legs.js';

export interface Traced {
  readonly outcomes: readonly Outcome[];
  /** Who made the change. */
  readonly user: string;
  /** `null` if it does not answer. */
  readonly daemon: DaemonState | null;
  /** Milliseconds: how long check waited, and the age at which a segment goes to the archive at the latest. */
  readonly wait: number;
  readonly maxAge: number;
}

const WHAT = 'end-to-end';

export function traceFindings(traced: Traced): Finding[] {
  return traced.outcomes.flatMap(outcome => {
    if (outcome.state === 'arrived') return [arrived(outcome)];
    if (outcome.state === 'unseen') return [unseen(outcome)];
    return missing(outcome.leg, traced);
  });
}

const PLACES: Readonly<Record<LegName, string>> = {
  csvlog: 'the csvlog',
  journal: 'the journal',
  logging: 'the log entries',
  archive: 'the archive',
};

function arrived({ leg, seconds }: Extract<Outcome, { state: 'arrived' }>): Finding {
  return ok(WHAT, `in ${PLACES[leg]} after ${seconds.toFixed(1)} s`);
}

const VIEWERS: Readonly<Partial<Record<LegName, string>>> = {
  logging: 'grant roles/logging.viewer on the project to whoever runs check, or look there yourself',
  archive: 'grant roles/storage.objectViewer on the bucket to whoever runs check, or look there yourself',
};

function unseen({ leg, code }: Extract<Outcome, { state: 'unseen' }>): Finding {
  const fix = VIEWERS[leg] ?? 'run check as the user of the shipper';
  return warning(WHAT, `${PLACES[leg]} cannot be read (${code})`, 'whether it arrives was not checked', fix);
}

const UPSTREAM: readonly LegName[] = ['csvlog', 'journal'];

/** No finding if an earlier leg already reports the cause. */
function missing(leg: LegName, traced: Traced): Finding[] {
  const has = (name: LegName): boolean => stateOf(name, traced) === 'arrived';
  if (leg === 'csvlog') return has('journal') || isDelivered(traced) ? [] : [notLogged(traced)];
  // The journal removes segments that both sinks have.
  if (leg === 'journal')
    return isDelivered(traced) || stateOf('csvlog', traced) === 'missing' ? [] : [notRead(traced)];
  const isKnown = UPSTREAM.some(name => stateOf(name, traced) === 'missing');
  if (isKnown && !isDelivered(traced)) return [];
  return leg === 'archive' && isNotSealed(traced) ? [notSealed(traced)] : [notDelivered(leg, traced)];
}

function stateOf(leg: LegName, { outcomes }: Traced): Outcome['state'] | null {
  return outcomes.find(outcome => outcome.leg === leg)?.state ?? null;
}

function isDelivered(traced: Traced): boolean {
  return stateOf('logging', traced) === 'arrived' || stateOf('archive', traced) === 'arrived';
}

function isNotSealed({ wait, maxAge, outcomes }: Traced): boolean {
  const hasRest = outcomes.every(
    ({ leg, state }) => leg === 'archive' || leg === 'journal' || state !== 'missing',
  );
  return wait < maxAge + SLACK && hasRest;
}

/** Milliseconds that sealing and storing may take. */
const SLACK = 10_000;

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

function notLogged({ user, wait }: Traced): Finding {
  return failure(
    WHAT,
    `${user}'s change is not in the csvlog after ${seconds(wait)}`,
    'pgAudit does not log it, or source.files matches other files than the server writes',
    'see the findings about pgaudit.log and the active file',
  );
}

function notRead(traced: Traced): Finding {
  const { daemon, wait } = traced;
  const isLogged = stateOf('csvlog', traced) === 'arrived';
  return failure(
    WHAT,
    `${isLogged ? 'in the csvlog, and ' : ''}not in the journal after ${seconds(wait)}`,
    daemon === null ? 'no daemon answers at http.host and http.port' : problemsOf(daemon),
    daemon === null ? 'start it: pgaudit-shipper run --config …' : 'see its log',
  );
}

function notDelivered(leg: LegName, { daemon, wait }: Traced): Finding {
  const waiting = daemon?.lag[leg];
  const lag = waiting === undefined ? '' : `; ${waiting} events wait for it`;
  return failure(
    WHAT,
    `not in ${PLACES[leg]} after ${seconds(wait)}${lag}`,
    daemon === null ? 'no daemon answers at http.host and http.port' : problemsOf(daemon),
    daemon === null ? 'start it: pgaudit-shipper run --config …' : 'see its log: delivery-failed says why',
  );
}

function problemsOf({ problems }: DaemonState): string {
  return problems.length === 0 ? 'the daemon is ready' : problems.join('; ');
}

function notSealed({ wait, maxAge }: Traced): Finding {
  const enough = Math.ceil((maxAge + SLACK) / 1000);
  return warning(
    WHAT,
    `not in the archive after ${seconds(wait)}`,
    `a segment is stored when it is ${seconds(maxAge)} old (archive.segment.maxAge)`,
    `check --end-to-end --wait ${enough}s`,
  );
}
