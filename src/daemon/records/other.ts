/** Records that are not pgAudit's: they show logins, and statements that failed. */

import { readAuthentication, readDisconnection, readError } from '../../audit/server-lines.js';
import type { FailureFields } from '../../event/audit.js';
import type { NewEvent } from '../../event/event.js';
import { failureEvent, type Reading } from '../../event/make.js';
import { COLUMN } from '../../lib/csvlog.js';
import { andThen } from '../../lib/settled.js';
import type { RawRecord } from '../../read/record.js';
import { type Deciders, NO_CLAIMS, type RecordOutcome, ship } from './outcome.js';
import { decideUnaudited } from './unaudited.js';

type Failure = FailureFields['failure'];

const NOT_AUDIT: RecordOutcome = { outcome: 'dropped', reason: 'not-audit' };
const HEARTBEAT: RecordOutcome = { outcome: 'dropped', reason: 'heartbeat' };

/** Records that are not pgAudit's are not shipped, but are read for what they show. */
export function decideOther(
  record: RawRecord,
  reading: Reading,
  deciders: Deciders,
): RecordOutcome | Promise<RecordOutcome> {
  noteLogin(record, reading.now, deciders);
  const failure = failureIn(record, deciders);
  const dropped = deciders.heartbeat?.reads(record) === true ? HEARTBEAT : NOT_AUDIT;
  const result = failure === null ? dropped : decideFailure(record, failure, reading, deciders);
  return andThen(decideUnaudited(record, reading, deciders), ({ derived }) =>
    derived === undefined ? result : andThen(result, decided => ({ ...decided, derived })),
  );
}

/** A failure, if the record is the error of a transaction with shipped statements, or the end of a session inside it. */
function failureIn(record: RawRecord, { facts: { transactions } }: Deciders): Failure | null {
  const session = record.text(COLUMN.sessionId);
  const sqlState = readError(record);
  if (sqlState !== null)
    return transactions.failed(session, record.text(COLUMN.virtualTransactionId), sqlState);
  const end = readDisconnection(record);
  return end === null ? null : transactions.ended(session, end.isInside);
}

/** Services log in and out all the time, and are never identified. */
function noteLogin(record: RawRecord, now: number, { facts: { logins }, filter }: Deciders): void {
  const authentication = readAuthentication(record);
  if (authentication !== null) {
    if (filter.users.kindOf(record.text(COLUMN.user), () => now) !== 'service')
      logins.begin(record.text(COLUMN.sessionId), authentication, now);
  } else if (readDisconnection(record) !== null) logins.end(record.text(COLUMN.sessionId));
}

export function decideFailure(
  record: RawRecord,
  failure: Failure,
  reading: Reading,
  deciders: Deciders,
): RecordOutcome | Promise<RecordOutcome> {
  return ship('failure', record, NO_CLAIMS, reading, deciders, (line, actor) =>
    failureEvent(line, failure, actor, reading, deciders.daemon),
  );
}

/** The event without its id: another event has the record's id. */
export async function eventOf(result: RecordOutcome): Promise<NewEvent> {
  if (result.outcome === 'dropped') throw new TypeError('a dropped record has no event');
  const { id: _, ...event } = await result.event;
  return event;
}
