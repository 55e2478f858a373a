/**
 * Persons' changes that the server told (`log_statement`) and pgAudit did not. A false alarm is worse than a miss: a statement
 * counts only if nothing else can explain that its records are not there.
 */

import { cutText } from './deliver/text.js';
import { type Reading, sourceOf, unauditedDraft } from './draft.js';
import type { AuditClass, Draft } from './event.js';
import { claimsOf } from './parse/claims.js';
import { readDisconnection } from './parse/lines.js';
import { hashOf, type Pending } from './parse/pending.js';
import { isBetweenStatements, statementIn } from './parse/statement-lines.js';
import { COLUMN, type RawRecord } from './record.js';
import { andThen } from './settled.js';
import { actorOf, type Judges, readLine, timeOf } from './verdict.js';

/** Bytes of a statement that an event holds. */
const LONGEST = 8 * 1024;
/** Milliseconds. A session may never log again: `psql -c` with `log_disconnections` off. */
const ONE_DAY = 24 * 60 * 60 * 1000;
/** What a text must hold to be worth parsing. */
const CHANGE = /\b(?:insert|update|delete|truncate|copy|create|alter|drop|grant|revoke|comment|refresh)\b/i;
/** Classes of SQLSTATE that are no errors (the manual's appendix A). */
const NO_ERROR = /^0[012]/;

/**
 * Notes what a record that is not pgAudit's tells of its session's statements. Returns the event of an earlier one, where
 * it shows now that pgAudit did not log it.
 */
export function judgeUnaudited(
  record: RawRecord,
  reading: Reading,
  judges: Judges,
): { readonly derived?: Draft | Promise<Draft> } | Promise<{ readonly derived?: Draft | Promise<Draft> }> {
  const id = record.text(COLUMN.sessionId);
  // One that a late file brought says nothing of what is pending.
  if (judges.memory.sessions.known(id)?.line !== Number(record.text(COLUMN.sessionLine))) return {};
  const isBetween = isBetweenStatements(record);
  const unaudited = decide(record, id, isBetween, judges);
  const decided = unaudited === null ? {} : { derived: tell(unaudited, reading.now, judges) };
  return isBetween ? andThen(notePending(record, reading, judges), () => decided) : decided;
}

/** The session's statement that waits, where this record shows that its audit will not come any more. */
function decide(record: RawRecord, id: string, isBetween: boolean, { memory }: Judges): Pending | null {
  const { pending, sessions } = memory;
  const waiting = pending.get(id);
  if (waiting === undefined) return null;
  const sqlState = record.text(COLUMN.sqlState);
  const isError = !NO_ERROR.test(sqlState);
  if (!isError && !isBetween && readDisconnection(record) === null) return null;
  pending.remove(id);
  // Statements that fail early are not audited: permission denied, no such table, aborted transaction.
  if (isError && isOf(waiting, record)) return null;
  // Its record may be among those that were not read.
  return sessions.known(id)?.unread === 0 ? waiting : null;
}

/** Whether an error is of this statement, as far as the log tells of which it is (`log_min_error_statement`). */
function isOf({ sha256 }: Pending, record: RawRecord): boolean {
  const query = record.text(COLUMN.query);
  return query === '' || hashOf(query) === sha256;
}

function notePending(record: RawRecord, reading: Reading, judges: Judges): void | Promise<void> {
  const { filter, auditedClasses, classesOf } = judges;
  const audited = auditedClasses();
  if (audited.size === 0) return;
  const kind = filter.users.kindOf(record.text(COLUMN.user), () => timeOf(record, reading, judges));
  return andThen(kind, known => {
    if (known !== 'person' && !(known === 'other' && filter.decide(known, 'WRITE').isShipped)) return;
    const sql = statementIn(record, judges.decoderOf(record.text(COLUMN.database)));
    if (sql === null || !CHANGE.test(sql)) return;
    return andThen(classesOf(sql), classes => {
      const changes = (classes ?? []).filter(one => audited.has(one));
      const [first] = changes;
      if (first !== undefined) return hold(record, sql, first, changes.length, reading, judges);
    });
  });
}

function hold(
  record: RawRecord,
  sql: string,
  auditClass: AuditClass,
  expected: number,
  reading: Reading,
  judges: Judges,
): void | Promise<void> {
  const { redact, escrow, memory } = judges;
  const line = readLine(record, judges);
  if (line === null) return;
  const { statement: scrubbed, count } = redact({ statement: sql, parameters: null });
  const [statement = '', ...rest] = cutText(scrubbed ?? '', LONGEST);
  const [original = ''] = cutText(sql, LONGEST);
  const sealed = count > 0 && escrow !== null ? escrow(original) : null;
  return andThen(sealed, encrypted => {
    memory.pending.add({
      line: { ...line, raw: null },
      source: sourceOf(reading, null),
      sha256: hashOf(sql),
      class: auditClass,
      statement,
      ...(rest.length > 0 && { isCut: true }),
      ...(count > 0 && { redacted: count }),
      ...(encrypted !== null && { escrow: encrypted }),
      expected,
      audited: 0,
      latest: memory.sessions.known(line.session.id)?.statement ?? 0,
    });
  });
}

/**
 * Those whose session has not logged anything for a day, after all that is there was read. Only writes: what else there is
 * may be audited when it is done, after any time.
 */
export function tellOverdue(now: number, judges: Judges): Promise<Draft[]> {
  const { pending, sessions } = judges.memory;
  const overdue = pending.olderThan(now - ONE_DAY);
  for (const { line } of overdue) pending.remove(line.session.id);
  const certain = overdue.filter(
    one => one.class === 'WRITE' && sessions.known(one.line.session.id)?.unread === 0,
  );
  return Promise.all(certain.map(one => tell(one, now, judges)));
}

function tell(one: Pending, now: number, judges: Judges): Draft | Promise<Draft> {
  const { line, source, sha256: _, latest: __, ...unaudited } = one;
  judges.telemetry.unaudited({ ...source, session: line.session.id });
  return andThen(actorOf(line, claimsOf(one.statement, null), judges), actor =>
    unauditedDraft(line, unaudited, actor, source, now, judges.place),
  );
}
