/**
 * Persons' changes that the server logged (`log_statement`, durations) and pgAudit did not. A false report is worse
 * than a missed one: a statement counts only if nothing else can explain why its records are missing.
 */

import { claimsOf } from '../../audit/claims.js';
import type { DecoderOf } from '../../audit/genuine.js';
import { type LoggedLine, lineAround, statementIn } from '../../audit/logged-statements.js';
import { mayBeError, readDisconnection } from '../../audit/server-lines.js';
import type { Filter } from '../../decide/filter.js';
import type { UserKind } from '../../decide/users.js';
import { cutText } from '../../deliver/logging/cut-text.js';
import type { NewEvent } from '../../event/event.js';
import { type Reading, sourceOf, unauditedEvent } from '../../event/make.js';
import { COLUMN } from '../../lib/csvlog.js';
import { andThen } from '../../lib/settled.js';
import { isQuotingInDoubt, withEscapes } from '../../lib/sql/quoting-doubt.js';
import type { RawRecord } from '../../read/record.js';
import { hashOf, type Pending } from '../../session/pending.js';
import type { Known } from '../../session/sessions.js';
import { actorOf, type Deciders, readLine, timeOf } from './outcome.js';

/** Bytes of a statement in an event. */
const LONGEST = 8 * 1024;
/** Milliseconds. A session may never log anything again: `psql -c` with `log_disconnections` off. */
const ONE_DAY = 24 * 60 * 60 * 1000;
/** What a text must contain to be worth parsing. */
const CHANGE =
  /\b(?:insert|update|delete|truncate|copy|create|alter|drop|grant|revoke|comment|refresh|reassign)\b/i;
/** The process that starts a server (its manual, pg_stat_activity). */
const STARTUP = 'startup';

type Found = { readonly derived?: NewEvent | Promise<NewEvent> };

/** Whether a user's statements count, or may count later. */
export function isWatched(user: string, filter: Filter): boolean {
  const kind = filter.users.kindOf(user, () => 0);
  return kind instanceof Promise || kind === 'unknown' || isPerson(kind, filter);
}

function isPerson(kind: UserKind, filter: Filter): boolean {
  return kind === 'person' || (kind === 'other' && filter.decide(kind, 'WRITE').isShipped);
}

/**
 * Notes what a record that is not pgAudit's shows about its session's statements. Returns an event if it shows that
 * pgAudit did not log one of them.
 */
export function decideUnaudited(
  record: RawRecord,
  reading: Reading,
  deciders: Deciders,
): Found | Promise<Found> {
  // The server has restarted: what its sessions were about to run was not run.
  if (record.text(COLUMN.backendType) === STARTUP) deciders.facts.pending.clear();
  const known = deciders.facts.sessions.known(record.text(COLUMN.sessionId));
  // A record from a late file says nothing about pending statements.
  if (known === undefined || known.line !== Number(record.text(COLUMN.sessionLine))) return {};
  const line = lineAround(record);
  const unaudited = takeUnaudited(record, known, line !== null, deciders);
  const decided = unaudited === null ? {} : { derived: report(unaudited, reading.now, deciders) };
  // Most records of others are skipped (scan/skip.ts): none of them counts.
  if (line === null || !isWatched(record.text(COLUMN.user), deciders.filter)) return decided;
  const isBare = known.statement === known.between && known.unread === 0;
  known.between = known.statement;
  if (line.around === 'after' && (!isBare || unaudited !== null)) return decided;
  return andThen(statementOf(record, line, known, reading, deciders), statement => {
    if (statement === null) return decided;
    if (line.around === 'after') return { derived: report(statement, reading.now, deciders) };
    deciders.facts.pending.add(statement);
    return decided;
  });
}

/** The session's pending statement, if this record shows that its audit record will not come. */
function takeUnaudited(
  record: RawRecord,
  known: Known,
  isAround: boolean,
  { facts, decoderOf }: Deciders,
): Pending | null {
  const waiting = facts.pending.get(known.id);
  if (waiting === undefined) return null;
  const isError = mayBeError(record);
  if (!isError && !isAround && readDisconnection(record) === null) return null;
  facts.pending.remove(known.id);
  // Statements that fail early are not audited: permission denied, no such table, aborted transaction.
  if (isError && isOf(waiting, record, decoderOf)) return null;
  // Its audit record may be among those that were not read.
  return known.unread === 0 ? waiting : null;
}

/** Whether an error belongs to this statement, if the log names the error's statement (`log_min_error_statement`). */
function isOf({ sha256 }: Pending, record: RawRecord, decoderOf: DecoderOf): boolean {
  const query = record.text(COLUMN.query, decoderOf(record.text(COLUMN.database)));
  return query === '' || hashOf(query) === sha256;
}

/** A person's statement in such a record; `null` if it does not have to be audited. */
function statementOf(
  record: RawRecord,
  line: LoggedLine,
  known: Known,
  reading: Reading,
  deciders: Deciders,
): Pending | null | Promise<Pending | null> {
  const { filter, auditedClasses, classesOf } = deciders;
  const audited = auditedClasses();
  if (audited.size === 0) return null;
  const kind = filter.users.kindOf(record.text(COLUMN.user), () => timeOf(record, reading, deciders));
  return andThen(kind, one => {
    if (!isPerson(one, filter)) return null;
    const sql = statementIn(record, line, deciders.decoderOf(record.text(COLUMN.database)));
    if (sql === null || !CHANGE.test(sql)) return null;
    return andThen(classesOfEither(sql, classesOf), classes => {
      const changes = (classes ?? []).filter(name => audited.has(name));
      const [first] = changes;
      const counts = { expected: changes.length, audited: 0, latest: known.statement };
      return first === undefined
        ? null
        : pendingOf(record, sql, { class: first, ...counts }, reading, deciders);
    });
  });
}

/** With `standard_conforming_strings` off, which anybody may set, the server reads quotes otherwise than the parser. */
function classesOfEither(sql: string, classesOf: Deciders['classesOf']): ReturnType<Deciders['classesOf']> {
  return andThen(classesOf(sql), classes =>
    classes === null && isQuotingInDoubt(sql) ? classesOf(withEscapes(sql)) : classes,
  );
}

function pendingOf(
  record: RawRecord,
  sql: string,
  counts: Pick<Pending, 'class' | 'expected' | 'audited' | 'latest'>,
  reading: Reading,
  deciders: Deciders,
): Pending | null | Promise<Pending> {
  const { redact, escrow } = deciders;
  const read = readLine(record, deciders);
  if (read === null) return null;
  const { number: _number, ...line } = read;
  const { statement: scrubbed, count } = redact({ statement: sql, parameters: null });
  const [statement = '', ...rest] = cutText(scrubbed ?? '', LONGEST);
  const [original = ''] = cutText(sql, LONGEST);
  const sealed = count > 0 && escrow !== null ? escrow(original) : null;
  return andThen(sealed, encrypted => ({
    foundAt: reading.now,
    line: { ...line, raw: null },
    source: sourceOf(reading, null),
    sha256: hashOf(sql),
    statement,
    ...(rest.length > 0 && { isCut: true as const }),
    ...(count > 0 && { redacted: count }),
    ...(encrypted !== null && { escrow: encrypted }),
    ...counts,
  }));
}

/**
 * Statements whose session has logged nothing for a day after everything was read. Only writes: pgAudit may log other
 * changes when they are done, at any time.
 */
export function reportOverdue(now: number, deciders: Deciders): Promise<NewEvent[]> {
  const { pending, sessions } = deciders.facts;
  const overdue = pending.overdue(now, ONE_DAY);
  for (const { line } of overdue) pending.remove(line.session.id);
  const certain = overdue.filter(
    one => one.class === 'WRITE' && sessions.known(one.line.session.id)?.unread === 0,
  );
  return Promise.all(certain.map(one => report(one, now, deciders)));
}

function report(one: Pending, now: number, deciders: Deciders): NewEvent | Promise<NewEvent> {
  const { foundAt: _, line, source, sha256: _hash, latest: _latest, ...unaudited } = one;
  deciders.telemetry.unaudited({ ...source, session: line.session.id });
  return andThen(
    actorOf(line, () => claimsOf(one.statement, null), deciders),
    actor => unauditedEvent(line, unaudited, actor, source, now, deciders.daemon),
  );
}
