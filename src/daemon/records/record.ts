/** Decides the outcome of one frame of the log: an event, or the reason why there is none. */

import { createHash } from 'node:crypto';
import { claimsOf } from '../../audit/claims.js';
import { look, parse, type Suspect } from '../../audit/genuine.js';
import type { Payload } from '../../audit/payload.js';
import { isSensitive } from '../../audit/sensitive.js';
import { controlOf, endsPrepared } from '../../audit/transaction-control.js';
import type { UserKind } from '../../decide/users.js';
import type { Audit, FailureFields, SuspectFields } from '../../event/audit.js';
import { eventId, type Reading, statementEvent, suspectEvent } from '../../event/make.js';
import { CONTROL_COMMANDS, type SuspectReason } from '../../event/names.js';
import { messageOf } from '../../event/pgaudit-message.js';
import { COLUMN } from '../../lib/csvlog.js';
import { EscrowError } from '../../lib/errors.js';
import { LARGE_RECORD, STATEMENT } from '../../lib/large-text.js';
import { andThen } from '../../lib/settled.js';
import { type Frame, type RawRecord, unreadable } from '../../read/record.js';
import type { LargeRead } from '../large/reader.js';
import { writeOf } from '../rows/write.js';
import { decideFailure, decideOther, eventOf } from './other.js';
import {
  type Deciders,
  NO_CLAIMS,
  type Objects,
  type RecordOutcome,
  reject,
  ship,
  timeOf,
} from './outcome.js';
import { scrubMessage } from './scrub.js';

type Failure = FailureFields['failure'];

/**
 * Each frame must be decided once, one after the other, in the order of the log: later ones depend on earlier ones.
 * Only shipped records may take time, at most the two seconds of each resolver.
 */
export function decide(
  frame: Frame,
  reading: Reading,
  deciders: Deciders,
): RecordOutcome | Promise<RecordOutcome> {
  const { sessions, shipped } = deciders.facts;
  const { large } = deciders;
  if (frame.kind === 'gap') {
    sessions.noteGap(frame, reading.file);
    return reject(frame, reading, deciders);
  }
  const known = shipped.knows(frame);
  if (known === 'same' || sessions.wasRead(frame, reading.file) || deciders.isTwin(frame))
    return { outcome: 'dropped', reason: 'read-before' };
  sessions.note(frame, reading.file, reading.now);
  const decideIt = known === 'other' ? decideOtherBytes : decideRecord;
  const result =
    large !== null && frame.length > LARGE_RECORD
      ? decideLarge(frame, known === 'other' ? 'line' : null, large, reading, deciders)
      : decideIt(frame, reading, deciders);
  return andThen(orUnreadable(result, frame, reading, deciders), decided => {
    if (decided.outcome === 'shipped') shipped.note(frame, decided.digest);
    return decided;
  });
}

/** If the original of a redacted text cannot be encrypted, the record is not shipped. */
function orUnreadable(
  result: RecordOutcome | Promise<RecordOutcome>,
  record: RawRecord,
  reading: Reading,
  deciders: Deciders,
): RecordOutcome | Promise<RecordOutcome> {
  if (!(result instanceof Promise)) return result;
  return result.catch(error => {
    if (!(error instanceof EscrowError)) throw error;
    const sha256 = createHash('sha256').update(record.bytes).update('\n').digest('hex');
    return reject(unreadable(record, sha256), reading, deciders);
  });
}

/** One of the two records is made up, and the log does not show which: this one is kept, too. */
function decideOtherBytes(
  record: RawRecord,
  reading: Reading,
  deciders: Deciders,
): RecordOutcome | Promise<RecordOutcome> {
  const message = record.text(COLUMN.message, deciders.decoderOf(record.text(COLUMN.database)));
  const result = decideSuspect(record, { kind: 'suspect', reason: 'line', message }, reading, deciders);
  return andThen(result, withoutId);
}

/** Another event already has the id of this session and line. */
function withoutId(result: RecordOutcome): RecordOutcome {
  return result.outcome === 'shipped' ? { ...result, event: eventOf(result) } : result;
}

/**
 * A record that is too large for this process. Its texts are not decoded here: whether it is dropped for its user, or
 * is not pgAudit's, shows without them.
 *
 * @param reason why it is a suspect, if known
 */
async function decideLarge(
  record: RawRecord,
  reason: 'line' | null,
  large: NonNullable<Deciders['large']>,
  reading: Reading,
  deciders: Deciders,
): Promise<RecordOutcome> {
  const seen = reason === null ? look(record, deciders.genuine) : ({ kind: 'suspect', reason } as const);
  if (seen.kind === 'other') return await decideOther(record, reading, deciders);
  if (seen.kind === 'repetition') return { outcome: 'dropped', reason: 'repetition' };
  if (seen.kind === 'audit') {
    const dropped = await dropByUser(record, reading, deciders);
    if (dropped !== null) return dropped;
  }
  const read = await large.read(record, seen.kind === 'suspect', reading);
  if (read.kind === 'gap') {
    deciders.facts.sessions.noteUnread(record);
    return reject(read, reading, deciders);
  }
  const result =
    read.kind === 'audit'
      ? await decideStatement(record, read, reading, deciders)
      : await decideLargeSuspect(
          record,
          seen.kind === 'suspect' ? seen.reason : read.reason,
          read,
          reading,
          deciders,
        );
  if (result.outcome === 'dropped') return result;
  const decided = { ...result, digest: read.digest };
  return reason === null ? decided : withoutId(decided);
}

/** `null` if the texts are needed to decide. */
async function dropByUser(
  record: RawRecord,
  reading: Reading,
  deciders: Deciders,
): Promise<RecordOutcome | null> {
  const { filter, telemetry } = deciders;
  const user = record.text(COLUMN.user);
  const kind = await filter.users.kindOf(user, () => timeOf(record, reading, deciders));
  const { isShipped, reason } = filter.decide(kind, 'WRITE');
  if (isShipped || reason === 'class') return null;
  const statement = record.auditStatement;
  if (statement === null) return null;
  noteStatement(record, statement, reading, deciders);
  if (kind === 'other') telemetry.otherUser(user, false);
  return { outcome: 'dropped', reason };
}

function decideLargeSuspect(
  record: RawRecord,
  reason: SuspectReason | null,
  { redacted, escrow, texts }: Extract<LargeRead, { kind: 'suspect' }>,
  reading: Reading,
  deciders: Deciders,
): RecordOutcome | Promise<RecordOutcome> {
  const suspect = {
    message: STATEMENT,
    ...(redacted > 0 && { redacted }),
    ...(escrow !== undefined && { escrow }),
  };
  const result = shipSuspect(record, { reason: reason ?? 'payload', ...suspect }, reading, deciders);
  return andThen(result, decided => (decided.outcome === 'dropped' ? decided : { ...decided, texts }));
}

function decideRecord(
  frame: RawRecord,
  reading: Reading,
  deciders: Deciders,
): RecordOutcome | Promise<RecordOutcome> {
  const parsed = parse(frame, deciders.decoderOf, deciders.genuine);
  if (parsed.kind === 'other') return decideOther(frame, reading, deciders);
  if (parsed.kind === 'repetition') return { outcome: 'dropped', reason: 'repetition' };
  if (parsed.kind === 'suspect') return decideSuspect(frame, parsed, reading, deciders);
  return decideStatement(frame, parsed, reading, deciders);
}

function noteStatement(
  record: RawRecord,
  statement: number,
  { file, now }: Reading,
  { facts: { sessions, pending } }: Deciders,
): void {
  sessions.noteStatement(record, statement, file, now);
  pending.audited(record.text(COLUMN.sessionId), statement);
}

function decideStatement(
  record: RawRecord,
  payload: Payload,
  reading: Reading,
  deciders: Deciders,
): RecordOutcome | Promise<RecordOutcome> {
  noteStatement(record, payload.audit.statementId, reading, deciders);
  const user = record.text(COLUMN.user);
  const { users } = deciders.filter;
  // A change of roles may change whose statements are shipped.
  if (payload.audit.class === 'ROLE') users.expire();
  const kind = users.kindOf(user, () => timeOf(record, reading, deciders));
  const decideAs = (known: UserKind) => decideKnown(record, known, payload, reading, deciders);
  return kind instanceof Promise ? kind.then(decideAs) : decideAs(kind);
}

function decideKnown(
  record: RawRecord,
  kind: UserKind,
  payload: Payload,
  reading: Reading,
  deciders: Deciders,
): RecordOutcome | Promise<RecordOutcome> {
  const { telemetry, filter } = deciders;
  const decision = filter.decide(kind, payload.audit.class);
  const { isShipped, reason } = decision;
  if (kind === 'other' || kind === 'unknown') telemetry.otherUser(record.text(COLUMN.user), isShipped);
  if (isShipped) return shipStatement(record, payload, reading, deciders);
  // A record that is not shipped because of its class may contain the text that a later one refers to.
  if (reason !== 'class' && !endsPrepared(payload.audit)) return { outcome: 'dropped', reason };
  if (filter.decide(kind, 'WRITE').isShipped) {
    const isWrite = isWriteOf(record, payload, deciders);
    if (isWrite !== false)
      return andThen(isWrite, found => decideByClass(record, payload, found, reason, reading, deciders));
  }
  return decideByClass(record, payload, false, reason, reading, deciders);
}

/** Whether the statement changes data. A large one is not parsed. */
function isWriteOf(record: RawRecord, payload: Payload, deciders: Deciders): ReturnType<Deciders['isWrite']> {
  const { statements } = deciders.facts;
  const whole = payload.isPreviouslyLogged
    ? statements.restore(record.text(COLUMN.sessionId), payload)
    : payload;
  if (whole.large === undefined) return deciders.isWrite(whole.audit);
  return whole.large.mayWrite ? 'unknown' : false;
}

/**
 * Decides a record whose class is not shipped: it is shipped if it changes data, and under its own class if that is
 * unknown.
 */
function decideByClass(
  record: RawRecord,
  payload: Payload,
  isWrite: boolean | 'unknown',
  reason: string,
  reading: Reading,
  deciders: Deciders,
): RecordOutcome | Promise<RecordOutcome> {
  if (isWrite === 'unknown') return shipStatement(record, payload, reading, deciders);
  if (isWrite) return shipStatement(record, asWrite(payload), reading, deciders);
  return andThen(restore(record, payload, deciders), ({ failure }) =>
    failure === null ? { outcome: 'dropped', reason } : decideFailure(record, failure, reading, deciders),
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
function restore(record: RawRecord, payload: Payload, deciders: Deciders): Restored | Promise<Restored> {
  const { statements, transactions } = deciders.facts;
  const { audit, large } = payload;
  const [session, transaction] = [record.text(COLUMN.sessionId), record.text(COLUMN.virtualTransactionId)];
  const failure = transactions.audited(session, transaction, audit, large?.control ?? controlOf(audit));
  return andThen(scrub(payload, deciders), scrubbed => ({
    ...statements.restore(session, scrubbed),
    failure,
  }));
}

function shipStatement(
  record: RawRecord,
  payload: Payload,
  reading: Reading,
  deciders: Deciders,
): RecordOutcome | Promise<RecordOutcome> {
  return andThen(restore(record, payload, deciders), restored =>
    shipRestored(record, payload, restored, reading, deciders),
  );
}

function shipRestored(
  record: RawRecord,
  payload: Payload,
  { audit, failure, large }: Restored,
  reading: Reading,
  deciders: Deciders,
): RecordOutcome | Promise<RecordOutcome> {
  const { facts, telemetry, daemon } = deciders;
  // The parser needs the original statement: a redacted one does not parse.
  const original = payload.isPreviouslyLogged ? audit : payload.audit;
  const relations = large === undefined ? deciders.relations(original) : relationsOfLarge(audit, deciders);
  const claims = (): readonly string[] => large?.claims ?? claimsOf(audit.statement, null);
  const shipped = ship('statement', record, claims, reading, deciders, (line, actor) => {
    if (audit.redacted !== undefined) telemetry.redacted(audit.redacted);
    telemetry.identified(actor.status);
    const { id, virtualTransactionId } = line.session;
    if (!isControl(audit)) facts.transactions.shipped(id, virtualTransactionId ?? '', eventId(line, daemon));
    return andThen(relations, objects => {
      if (facts.writes.isNeeded) facts.writes.note(writeOf(line, original, objects, daemon));
      const isMarked = large?.isSensitive ?? isSensitive(audit);
      const whole = { ...audit, ...objects, ...(isMarked && ({ sensitive: true } as const)) };
      return statementEvent(line, whole, actor, reading, daemon);
    });
  });
  if (failure === null && large === undefined) return shipped;
  return andThen(shipped, result => {
    if (result.outcome !== 'shipped') return result;
    const decided = large === undefined ? result : { ...result, texts: large.texts };
    if (failure === null) return decided;
    return { ...decided, derived: andThen(decideFailure(record, failure, reading, deciders), eventOf) };
  });
}

/** As for a statement that the parser refuses because of its size. */
function relationsOfLarge(audit: Audit, { relations, telemetry }: Deciders): Objects | Promise<Objects> {
  const isUnparsed = audit.class === 'WRITE' && audit.objectName === null && audit.statement !== null;
  if (isUnparsed) telemetry.unparsable('size');
  return relations({ ...audit, statement: null });
}

/** They are shipped only with class `misc`. */
function isControl({ class: auditClass, command }: Audit): boolean {
  return auditClass === 'MISC' && CONTROL_COMMANDS.has(command);
}

/** Secrets end here: they get neither into the session facts, which the checkpoint contains, nor into the journal. */
function scrub(payload: Payload, { redact, escrow }: Deciders): Payload | Promise<Payload> {
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

function decideSuspect(
  record: RawRecord,
  { reason, message }: Suspect,
  reading: Reading,
  deciders: Deciders,
): Promise<RecordOutcome> | RecordOutcome {
  const { redact, escrow } = deciders;
  const { text, count } = scrubMessage(message, redact);
  const suspect = { reason, message: text, ...(count > 0 && { redacted: count }) };
  if (escrow === null || count === 0) return shipSuspect(record, suspect, reading, deciders);
  return escrow(message).then(sealed =>
    shipSuspect(record, { ...suspect, escrow: sealed }, reading, deciders),
  );
}

function shipSuspect(
  record: RawRecord,
  suspect: SuspectFields['suspect'],
  reading: Reading,
  deciders: Deciders,
): Promise<RecordOutcome> | RecordOutcome {
  deciders.telemetry.suspect(suspect.reason, reading);
  deciders.facts.sessions.noteUnread(record);
  return ship('suspect', record, NO_CLAIMS, reading, deciders, (line, actor) =>
    suspectEvent(line, suspect, actor, reading, deciders.daemon),
  );
}
