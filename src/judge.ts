/** What becomes of one frame of the log: an event, or the reason why there is none. */

import { isSensitive } from './database/sensitive.js';
import {
  eventId,
  failureDraft,
  gapDraft,
  type Place,
  type Reading,
  statementDraft,
  suspectDraft,
} from './draft.js';
import type { Actor, Audit, Draft, FailureContent, LogLine } from './event.js';
import type { Filter } from './filter/filter.js';
import type { UserKind } from './filter/users.js';
import type { Asker } from './identity/resolver.js';
import { claimsOf } from './parse/claims.js';
import { readLogLine } from './parse/csvlog.js';
import { readAuthentication, readDisconnection, readError } from './parse/lines.js';
import type { Memory } from './parse/memory.js';
import { type DecoderOf, type GenuineRule, parse, type Suspect } from './parse/parse.js';
import { type Payload, parsePayload } from './parse/pgaudit.js';
import type { TimeReader } from './parse/time.js';
import { messageOf } from './pgaudit-message.js';
import { COLUMN, type Frame, type Gap, type RawRecord } from './record.js';
import type { Redact } from './redact/redact.js';
import { andThen } from './settled.js';
import type { Telemetry } from './telemetry.js';

export interface Judges {
  readonly times: TimeReader;
  readonly memory: Memory;
  readonly filter: Filter;
  readonly identify: (asker: Asker) => Actor | Promise<Actor>;
  readonly redact: Redact;
  /** Encrypts the original of what is scrubbed; `null` where nobody is to have it. */
  readonly escrow: ((original: string) => Promise<string>) | null;
  /** The relations that a statement changes. */
  readonly relations: (audit: Audit) => Objects | Promise<Objects>;
  /** Whether a record that pgAudit filed as READ or MISC changes data all the same. */
  readonly isWrite: (audit: Audit) => boolean | 'unknown' | Promise<boolean | 'unknown'>;
  /** How texts of a database are read; `null` for UTF-8. */
  readonly decoderOf: DecoderOf;
  readonly genuine: GenuineRule;
  readonly place: Place;
  readonly telemetry: Telemetry;
}

type Objects = Pick<Audit, 'objects' | 'objectsFrom'>;
type Failure = FailureContent['failure'];

export type Verdict =
  | {
      readonly outcome: 'shipped' | 'rejected';
      readonly reason: string;
      /** A promise where the statement is still parsed; what comes later need not wait for that. */
      readonly draft: Draft | Promise<Draft>;
      /** What the same record tells of earlier statements: no other record is counted for it. */
      readonly derived?: Draft | Promise<Draft>;
    }
  | { readonly outcome: 'dropped'; readonly reason: string };

const NOT_AUDIT: Verdict = { outcome: 'dropped', reason: 'not-audit' };

/**
 * Frames must be judged once each, in the order of the log, one after the other: later ones hang on what earlier ones
 * said. Only what is shipped may take time, at most the two seconds of each resolver.
 */
export function judge(frame: Frame, reading: Reading, judges: Judges): Verdict | Promise<Verdict> {
  const { sessions, shipped } = judges.memory;
  if (frame.kind === 'gap') {
    sessions.noteGap(frame, reading.file);
    return reject(frame, reading, judges);
  }
  const known = shipped.knows(frame);
  if (known === 'same' || sessions.wasRead(frame, reading.file))
    return { outcome: 'dropped', reason: 'read-before' };
  sessions.note(frame, reading.file, reading.now);
  const verdict =
    known === 'other' ? judgeOtherBytes(frame, reading, judges) : judgeRecord(frame, reading, judges);
  return andThen(verdict, judged => {
    if (judged.outcome === 'shipped') shipped.note(frame);
    return judged;
  });
}

/** Somebody made one of the two up, and which one the log does not tell: this one is kept, too. */
function judgeOtherBytes(record: RawRecord, reading: Reading, judges: Judges): Verdict | Promise<Verdict> {
  const message = record.text(COLUMN.message, judges.decoderOf(record.text(COLUMN.database)));
  const verdict = judgeSuspect(record, { kind: 'suspect', reason: 'line', message }, reading, judges);
  return andThen(verdict, judged =>
    judged.outcome === 'shipped' ? { ...judged, draft: draftOf(judged) } : judged,
  );
}

function judgeRecord(frame: RawRecord, reading: Reading, judges: Judges): Verdict | Promise<Verdict> {
  const parsed = parse(frame, judges.decoderOf, judges.genuine);
  if (parsed.kind === 'other') return judgeOther(frame, reading, judges);
  if (parsed.kind === 'repetition') return { outcome: 'dropped', reason: 'repetition' };
  if (parsed.kind === 'suspect') return judgeSuspect(frame, parsed, reading, judges);
  return judgeStatement(frame, parsed, reading, judges);
}

/** Lines that are not pgAudit's are not shipped: they inform. */
function judgeOther(record: RawRecord, reading: Reading, judges: Judges): Verdict | Promise<Verdict> {
  noteLogin(record, reading.now, judges);
  const failure = failureIn(record, judges);
  return failure === null ? NOT_AUDIT : judgeFailure(record, failure, reading, judges);
}

/** The error of a transaction in which something was shipped, or its session's end inside of it. */
function failureIn(record: RawRecord, { memory: { transactions } }: Judges): Failure | null {
  const session = record.text(COLUMN.sessionId);
  const sqlState = readError(record);
  if (sqlState !== null)
    return transactions.failed(session, record.text(COLUMN.virtualTransactionId), sqlState);
  const end = readDisconnection(record);
  return end === null ? null : transactions.ended(session, end.isInside);
}

/** Services log in and out all the time; nobody asks who they are. */
function noteLogin(record: RawRecord, now: number, { memory: { logins }, filter }: Judges): void {
  const authentication = readAuthentication(record);
  if (authentication !== null) {
    if (filter.users.kindOf(record.text(COLUMN.user), () => now) !== 'service')
      logins.begin(record.text(COLUMN.sessionId), authentication, now);
  } else if (readDisconnection(record) !== null) logins.end(record.text(COLUMN.sessionId));
}

function judgeFailure(
  record: RawRecord,
  failure: Failure,
  reading: Reading,
  judges: Judges,
): Verdict | Promise<Verdict> {
  return ship('failure', record, null, reading, judges, (line, actor) =>
    failureDraft(line, failure, actor, reading, judges.place),
  );
}

function judgeStatement(
  record: RawRecord,
  payload: Payload,
  reading: Reading,
  judges: Judges,
): Verdict | Promise<Verdict> {
  const user = record.text(COLUMN.user);
  const { users } = judges.filter;
  // What somebody does to roles may change whose statements are shipped.
  if (payload.audit.class === 'ROLE') users.expire();
  const kind = users.kindOf(user, () => timeOf(record, reading, judges));
  const judgeAs = (known: UserKind) => judgeKnown(record, known, payload, reading, judges);
  return kind instanceof Promise ? kind.then(judgeAs) : judgeAs(kind);
}

function judgeKnown(
  record: RawRecord,
  kind: UserKind,
  payload: Payload,
  reading: Reading,
  judges: Judges,
): Verdict | Promise<Verdict> {
  const { telemetry, filter } = judges;
  const decision = filter.decide(kind, payload.audit.class);
  const { isShipped, reason } = decision;
  if (kind === 'other' || kind === 'unknown') telemetry.otherUser(record.text(COLUMN.user), isShipped);
  if (isShipped) return shipStatement(record, payload, reading, judges);
  // A record that is not shipped for its class may hold the text that a later one refers to.
  if (reason !== 'class') return { outcome: 'dropped', reason };
  if (filter.decide(kind, 'WRITE').isShipped) {
    const isWrite = judges.isWrite(payload.audit);
    if (isWrite !== false)
      return andThen(isWrite, found => judgeByClass(record, payload, found, reading, judges));
  }
  return judgeByClass(record, payload, false, reading, judges);
}

/** One whose class is not shipped, unless it writes all the same; where nobody can tell, it is shipped as it was filed. */
function judgeByClass(
  record: RawRecord,
  payload: Payload,
  isWrite: boolean | 'unknown',
  reading: Reading,
  judges: Judges,
): Verdict | Promise<Verdict> {
  if (isWrite === 'unknown') return shipStatement(record, payload, reading, judges);
  if (isWrite) return shipStatement(record, asWrite(payload), reading, judges);
  return andThen(restore(record, payload, judges), ({ failure }) =>
    failure === null
      ? { outcome: 'dropped', reason: 'class' }
      : judgeFailure(record, failure, reading, judges),
  );
}

function asWrite({ audit, ...rest }: Payload): Payload {
  return { ...rest, audit: { ...audit, class: 'WRITE', classFrom: 'parsed', loggedClass: audit.class } };
}

interface Restored {
  readonly audit: Audit;
  /** What the record tells of statements before it. */
  readonly failure: Failure | null;
}

/** The record's text without its secrets, or that which it refers to. */
function restore(record: RawRecord, payload: Payload, judges: Judges): Restored | Promise<Restored> {
  const { statements, transactions } = judges.memory;
  const [session, transaction] = [record.text(COLUMN.sessionId), record.text(COLUMN.virtualTransactionId)];
  const failure = transactions.audited(session, transaction, payload.audit);
  return andThen(scrub(payload, judges), scrubbed => ({
    audit: statements.restore(session, scrubbed),
    failure,
  }));
}

function shipStatement(
  record: RawRecord,
  payload: Payload,
  reading: Reading,
  judges: Judges,
): Verdict | Promise<Verdict> {
  return andThen(restore(record, payload, judges), restored =>
    shipRestored(record, payload, restored, reading, judges),
  );
}

function shipRestored(
  record: RawRecord,
  payload: Payload,
  { audit, failure }: Restored,
  reading: Reading,
  judges: Judges,
): Verdict | Promise<Verdict> {
  const { memory, telemetry, place } = judges;
  // The parser has to see the statement as it was: what is scrubbed does not parse.
  const relations = judges.relations(payload.isPreviouslyLogged ? audit : payload.audit);
  const shipped = ship('statement', record, audit.statement, reading, judges, (line, actor) => {
    if (audit.redacted !== undefined) telemetry.redacted(audit.redacted);
    telemetry.identified(actor.status);
    const { id, virtualTransactionId } = line.session;
    if (!isControl(audit)) memory.transactions.shipped(id, virtualTransactionId ?? '', eventId(line, place));
    return andThen(relations, objects => {
      const whole = { ...audit, ...objects, ...(isSensitive(audit) && ({ sensitive: true } as const)) };
      return statementDraft(line, whole, actor, reading, place);
    });
  });
  if (failure === null) return shipped;
  return andThen(shipped, verdict => {
    if (verdict.outcome !== 'shipped') return verdict;
    return { ...verdict, derived: andThen(judgeFailure(record, failure, reading, judges), draftOf) };
  });
}

/** Without an id of its own: the record's is that of another event. */
async function draftOf(verdict: Verdict): Promise<Draft> {
  if (verdict.outcome === 'dropped') throw new TypeError('a failure is always shipped');
  const { id: _, ...draft } = await verdict.draft;
  return draft;
}

/** They change nothing themselves, where `misc` is shipped. */
const CONTROL = new Set([
  ...['BEGIN', 'START TRANSACTION', 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'RELEASE'],
  ...['PREPARE TRANSACTION', 'COMMIT PREPARED', 'ROLLBACK PREPARED'],
]);

function isControl({ class: auditClass, command }: Audit): boolean {
  return auditClass === 'MISC' && CONTROL.has(command);
}

/** Secrets go no further than here: not into the memory, which the checkpoint holds, nor into the journal. */
function scrub(payload: Payload, { redact, escrow }: Judges): Payload | Promise<Payload> {
  const { statement, parameters, count } = redact(payload.audit);
  if (count === 0) return payload;
  const audit = { ...payload.audit, statement, parameters, redacted: count };
  if (escrow === null) return { ...payload, audit };
  return escrow(messageOf(payload.audit)).then(sealed => ({
    ...payload,
    audit: { ...audit, escrow: sealed },
  }));
}

function judgeSuspect(
  record: RawRecord,
  { reason, message }: Suspect,
  reading: Reading,
  judges: Judges,
): Promise<Verdict> | Verdict {
  judges.telemetry.suspect(reason, reading);
  const scrubbed = scrubMessage(message, judges);
  const { escrow } = judges;
  return ship('suspect', record, null, reading, judges, (line, actor) => {
    const suspect = { reason, ...scrubbed };
    const make = (more: object): Draft =>
      suspectDraft(line, { ...suspect, ...more }, actor, reading, judges.place);
    if (escrow === null || scrubbed.redacted === undefined) return make({});
    return escrow(message).then(sealed => make({ escrow: sealed }));
  });
}

/** What has a payload like pgAudit's is scrubbed as that: which parameter is a secret only the statement says. */
function scrubMessage(message: string, { redact }: Judges): { message: string; redacted?: number } {
  const payload = parsePayload(message.slice('AUDIT: '.length));
  if ('suspect' in payload) {
    const { statement, count } = redact({ statement: message, parameters: null });
    return { message: statement ?? '', ...(count > 0 && { redacted: count }) };
  }
  const { statement, parameters, count } = redact(payload.audit);
  if (count === 0) return { message };
  return { message: messageOf({ ...payload.audit, statement, parameters }), redacted: count };
}

/** An event about what the record's own user did. */
function ship(
  reason: string,
  record: RawRecord,
  statement: string | null,
  reading: Reading,
  judges: Judges,
  make: (line: LogLine, actor: Actor) => Draft | Promise<Draft>,
): Verdict | Promise<Verdict> {
  const line = readLogLine(record, judges.times, judges.memory.logins);
  if (line === null) return rejectTime(reading, judges);
  const { user, time, session } = line;
  const claims = claimsOf(statement, session.application);
  const actor = judges.identify({ user, time, authentication: session.authentication ?? null, claims });
  return andThen(actor, known => ({ outcome: 'shipped', reason, draft: make(line, known) }));
}

function timeOf(record: RawRecord, { now }: Reading, { times }: Judges): number {
  return times.read(record.text(COLUMN.logTime)) ?? now;
}

function rejectTime(reading: Reading, judges: Judges): Verdict {
  return reject({ kind: 'gap', reason: 'time', ...reading.record }, reading, judges);
}

function reject(gap: Gap, reading: Reading, { telemetry, place, times }: Judges): Verdict {
  telemetry.gap(gap, reading.file.path);
  return { outcome: 'rejected', reason: gap.reason, draft: gapDraft(gap, reading, place, times) };
}
