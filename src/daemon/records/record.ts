/** Decides the outcome of one frame of the log: an event, or the reason why there is none. */

import { createHash } from 'node:crypto';
import { claimsOf } from '../../audit/claims.js';
import { look, parse, type Suspect } from '../../audit/genuine.js';
import { type Payload, parsePayload } from '../../audit/payload.js';
import { statementOfGenuine } from '../../audit/raw-payload.js';
import { isSensitive } from '../../audit/sensitive.js';
import { controlOf, endsPrepared } from '../../audit/transaction-control.js';
import type { UserKind } from '../../decide/users.js';
import type { Audit, FailureFields, SuspectFields } from '../../event/audit.js';
import { eventId, type Reading, statementEvent, suspectEvent } from '../../event/make.js';
import type { SuspectReason } from '../../event/names.js';
import { messageOf } from '../../event/pgaudit-message.js';
import { COLUMN } from '../../lib/csvlog.js';
import { EscrowError } from '../../lib/errors.js';
import { LARGE_RECORD, STATEMENT } from '../../lib/large-text.js';
import { andThen } from '../../lib/settled.js';
import { type Frame, type RawRecord, unreadable } from '../../read/record.js';
import type { LargeRead } from '../large/reader.js';
import { eventOf, judgeFailure, judgeOther } from './other.js';
import { type Judges, type Objects, reject, ship, timeOf, type Verdict } from './outcome.js';

type Failure = FailureFields['failure'];

/**
 * Each frame must be decided once, one after the other, in the order of the log: later ones depend on earlier ones.
 * Only shipped records may take time, at most the two seconds of each resolver.
 */
export function judge(frame: Frame, reading: Reading, judges: Judges): Verdict | Promise<Verdict> {
  const { sessions, shipped } = judges.memory;
  const { large } = judges;
  if (frame.kind === 'gap') {
    sessions.noteGap(frame, reading.file);
    return reject(frame, reading, judges);
  }
  const known = shipped.knows(frame);
  if (known === 'same' || sessions.wasRead(frame, reading.file))
    return { outcome: 'dropped', reason: 'read-before' };
  sessions.note(frame, reading.file, reading.now);
  const judgeIt = known === 'other' ? judgeOtherBytes : judgeRecord;
  const verdict =
    large !== null && frame.length > LARGE_RECORD
      ? judgeLarge(frame, known === 'other' ? 'line' : null, large, reading, judges)
      : judgeIt(frame, reading, judges);
  return andThen(orUnreadable(verdict, frame, reading, judges), judged => {
    if (judged.outcome === 'shipped') shipped.note(frame, judged.digest);
    return judged;
  });
}

/** If the original of a redacted text cannot be encrypted, the record is not shipped. */
function orUnreadable(
  verdict: Verdict | Promise<Verdict>,
  record: RawRecord,
  reading: Reading,
  judges: Judges,
): Verdict | Promise<Verdict> {
  if (!(verdict instanceof Promise)) return verdict;
  return verdict.catch(error => {
    if (!(error instanceof EscrowError)) throw error;
    const sha256 = createHash('sha256').update(record.bytes).update('\n').digest('hex');
    return reject(unreadable(record, sha256), reading, judges);
  });
}

/** One of the two records is made up, and the log does not show which: this one is kept, too. */
function judgeOtherBytes(record: RawRecord, reading: Reading, judges: Judges): Verdict | Promise<Verdict> {
  const message = record.text(COLUMN.message, judges.decoderOf(record.text(COLUMN.database)));
  const verdict = judgeSuspect(record, { kind: 'suspect', reason: 'line', message }, reading, judges);
  return andThen(verdict, withoutId);
}

/** Another event already has the id of this session and line. */
function withoutId(verdict: Verdict): Verdict {
  return verdict.outcome === 'shipped' ? { ...verdict, event: eventOf(verdict) } : verdict;
}

/**
 * A record that is too large for this process. Its texts are not decoded here: whether it is dropped for its user, or
 * is not pgAudit's, shows without them.
 *
 * @param reason why it is a suspect, if known
 */
async function judgeLarge(
  record: RawRecord,
  reason: 'line' | null,
  large: NonNullable<Judges['large']>,
  reading: Reading,
  judges: Judges,
): Promise<Verdict> {
  const seen = reason === null ? look(record, judges.genuine) : ({ kind: 'suspect', reason } as const);
  if (seen.kind === 'other') return await judgeOther(record, reading, judges);
  if (seen.kind === 'repetition') return { outcome: 'dropped', reason: 'repetition' };
  if (seen.kind === 'audit') {
    const dropped = await dropByUser(record, reading, judges);
    if (dropped !== null) return dropped;
  }
  const read = await large.read(record, seen.kind === 'suspect', reading);
  if (read.kind === 'gap') {
    judges.memory.sessions.noteUnread(record);
    return reject(read, reading, judges);
  }
  const { raw, digest } = read;
  const whole = raw === null ? reading : { ...reading, raw };
  const verdict =
    read.kind === 'audit'
      ? await judgeStatement(record, read, whole, judges)
      : await judgeLargeSuspect(
          record,
          seen.kind === 'suspect' ? seen.reason : read.reason,
          read,
          whole,
          judges,
        );
  if (verdict.outcome === 'dropped') return verdict;
  const texts = [...(verdict.texts ?? []), ...(raw === null ? [] : [raw])];
  const judged = { ...verdict, texts, digest };
  return reason === null ? judged : withoutId(judged);
}

/** `null` if the texts are needed to decide. */
async function dropByUser(record: RawRecord, reading: Reading, judges: Judges): Promise<Verdict | null> {
  const { filter, telemetry } = judges;
  const user = record.text(COLUMN.user);
  const kind = await filter.users.kindOf(user, () => timeOf(record, reading, judges));
  const { isShipped, reason } = filter.decide(kind, 'WRITE');
  if (isShipped || reason === 'class') return null;
  const statement = statementOfGenuine(record);
  if (statement === null) return null;
  noteStatement(record, statement, reading, judges);
  if (kind === 'other') telemetry.otherUser(user, false);
  return { outcome: 'dropped', reason };
}

function judgeLargeSuspect(
  record: RawRecord,
  reason: SuspectReason | null,
  { redacted, escrow, texts }: Extract<LargeRead, { kind: 'suspect' }>,
  reading: Reading,
  judges: Judges,
): Verdict | Promise<Verdict> {
  const suspect = {
    message: STATEMENT,
    ...(redacted > 0 && { redacted }),
    ...(escrow !== undefined && { escrow }),
  };
  const verdict = shipSuspect(record, { reason: reason ?? 'payload', ...suspect }, reading, judges);
  return andThen(verdict, judged => (judged.outcome === 'dropped' ? judged : { ...judged, texts }));
}

function judgeRecord(frame: RawRecord, reading: Reading, judges: Judges): Verdict | Promise<Verdict> {
  const parsed = parse(frame, judges.decoderOf, judges.genuine);
  if (parsed.kind === 'other') return judgeOther(frame, reading, judges);
  if (parsed.kind === 'repetition') return { outcome: 'dropped', reason: 'repetition' };
  if (parsed.kind === 'suspect') return judgeSuspect(frame, parsed, reading, judges);
  return judgeStatement(frame, parsed, reading, judges);
}

function noteStatement(
  record: RawRecord,
  statement: number,
  { file, now }: Reading,
  { memory: { sessions, pending } }: Judges,
): void {
  sessions.noteStatement(record, statement, file, now);
  pending.audited(record.text(COLUMN.sessionId), statement);
}

function judgeStatement(
  record: RawRecord,
  payload: Payload,
  reading: Reading,
  judges: Judges,
): Verdict | Promise<Verdict> {
  noteStatement(record, payload.audit.statementId, reading, judges);
  const user = record.text(COLUMN.user);
  const { users } = judges.filter;
  // A change of roles may change whose statements are shipped.
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
  // A record that is not shipped because of its class may contain the text that a later one refers to.
  if (reason !== 'class' && !endsPrepared(payload.audit)) return { outcome: 'dropped', reason };
  if (filter.decide(kind, 'WRITE').isShipped) {
    const isWrite = isWriteOf(record, payload, judges);
    if (isWrite !== false)
      return andThen(isWrite, found => judgeByClass(record, payload, found, reason, reading, judges));
  }
  return judgeByClass(record, payload, false, reason, reading, judges);
}

/** Whether the statement changes data. A large one is not parsed. */
function isWriteOf(record: RawRecord, payload: Payload, judges: Judges): ReturnType<Judges['isWrite']> {
  const { statements } = judges.memory;
  const whole = payload.isPreviouslyLogged
    ? statements.restore(record.text(COLUMN.sessionId), payload)
    : payload;
  if (whole.large === undefined) return judges.isWrite(whole.audit);
  return whole.large.mayWrite ? 'unknown' : false;
}

/**
 * Decides a record whose class is not shipped: it is shipped if it changes data, and under its own class if that is
 * unknown.
 */
function judgeByClass(
  record: RawRecord,
  payload: Payload,
  isWrite: boolean | 'unknown',
  reason: string,
  reading: Reading,
  judges: Judges,
): Verdict | Promise<Verdict> {
  if (isWrite === 'unknown') return shipStatement(record, payload, reading, judges);
  if (isWrite) return shipStatement(record, asWrite(payload), reading, judges);
  return andThen(restore(record, payload, judges), ({ failure }) =>
    failure === null ? { outcome: 'dropped', reason } : judgeFailure(record, failure, reading, judges),
  );
}

function asWrite({ audit, ...rest }: Payload): Payload {
  return { ...rest, audit: { ...audit, class: 'WRITE', classFrom: 'parsed', loggedClass: audit.class } };
}

interface Restored extends Pick<Payload, 'audit' | 'large'> {
  /** What the record shows about statements before it. */
  readonly failure: Failure | null;
}

/** The record's text without its secrets, or the text that it refers to. */
function restore(record: RawRecord, payload: Payload, judges: Judges): Restored | Promise<Restored> {
  const { statements, transactions } = judges.memory;
  const { audit, large } = payload;
  const [session, transaction] = [record.text(COLUMN.sessionId), record.text(COLUMN.virtualTransactionId)];
  const failure = transactions.audited(session, transaction, audit, large?.control ?? controlOf(audit));
  return andThen(scrub(payload, judges), scrubbed => ({ ...statements.restore(session, scrubbed), failure }));
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
  { audit, failure, large }: Restored,
  reading: Reading,
  judges: Judges,
): Verdict | Promise<Verdict> {
  const { memory, telemetry, place } = judges;
  // The parser needs the original statement: a redacted one does not parse.
  const relations =
    large === undefined
      ? judges.relations(payload.isPreviouslyLogged ? audit : payload.audit)
      : relationsOfLarge(audit, judges);
  const claims = large?.claims ?? claimsOf(audit.statement, null);
  const shipped = ship('statement', record, claims, reading, judges, (line, actor) => {
    if (audit.redacted !== undefined) telemetry.redacted(audit.redacted);
    telemetry.identified(actor.status);
    const { id, virtualTransactionId } = line.session;
    if (!isControl(audit)) memory.transactions.shipped(id, virtualTransactionId ?? '', eventId(line, place));
    return andThen(relations, objects => {
      const isMarked = large?.isSensitive ?? isSensitive(audit);
      const whole = { ...audit, ...objects, ...(isMarked && ({ sensitive: true } as const)) };
      return statementEvent(line, whole, actor, reading, place);
    });
  });
  if (failure === null && large === undefined) return shipped;
  return andThen(shipped, verdict => {
    if (verdict.outcome !== 'shipped') return verdict;
    const judged = large === undefined ? verdict : { ...verdict, texts: large.texts };
    if (failure === null) return judged;
    return { ...judged, derived: andThen(judgeFailure(record, failure, reading, judges), eventOf) };
  });
}

/** As for a statement that the parser refuses because of its size. */
function relationsOfLarge(audit: Audit, { relations, telemetry }: Judges): Objects | Promise<Objects> {
  const isUnparsed = audit.class === 'WRITE' && audit.objectName === null && audit.statement !== null;
  if (isUnparsed) telemetry.unparsable('size');
  return relations({ ...audit, statement: null });
}

/** Commands that change nothing themselves; they are shipped only with class `misc`. */
const CONTROL = new Set([
  ...['BEGIN', 'START TRANSACTION', 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'RELEASE'],
  ...['PREPARE TRANSACTION', 'COMMIT PREPARED', 'ROLLBACK PREPARED'],
]);

function isControl({ class: auditClass, command }: Audit): boolean {
  return auditClass === 'MISC' && CONTROL.has(command);
}

/** Secrets end here: they get neither into the session facts, which the checkpoint contains, nor into the journal. */
function scrub(payload: Payload, { redact, escrow }: Judges): Payload | Promise<Payload> {
  if (payload.large !== undefined) return payload;
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
  const scrubbed = scrubMessage(message, judges);
  const { escrow } = judges;
  if (escrow === null || scrubbed.redacted === undefined)
    return shipSuspect(record, { reason, ...scrubbed }, reading, judges);
  return escrow(message).then(sealed =>
    shipSuspect(record, { reason, ...scrubbed, escrow: sealed }, reading, judges),
  );
}

function shipSuspect(
  record: RawRecord,
  suspect: SuspectFields['suspect'],
  reading: Reading,
  judges: Judges,
): Promise<Verdict> | Verdict {
  judges.telemetry.suspect(suspect.reason, reading);
  judges.memory.sessions.noteUnread(record);
  return ship('suspect', record, [], reading, judges, (line, actor) =>
    suspectEvent(line, suspect, actor, reading, judges.place),
  );
}

/**
 * A message with a payload like pgAudit's is redacted like one: only the statement shows which parameter is a secret.
 */
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
