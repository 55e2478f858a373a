/**
 * Which records can be skipped: those that are certain to be dropped, and of which nothing but numbers has to be
 * remembered. What the bytes of one record say, in its row or in its JSON, is enough for that, together with two tables:
 * login roles with what becomes of their records, which the other side keeps, and sessions with the numbers that come
 * next. The other side puts sessions into the table, too; those that begin with a record that is skipped are begun here.
 *
 * It skips
 * - genuine records of pgAudit's by roles whose records are dropped whatever their class (but for class ROLE, after which
 *   roles are looked up again, and for the end of a prepared transaction, which may be somebody else's), and records of
 *   class READ by roles of which only these are dropped;
 * - records that are not pgAudit's and say nothing of their session that is needed.
 *
 * Each is whole and well-formed, has as many columns and the same zone as those before, and the line (and the statement)
 * that comes next in its session, which may be the first of one that is certain to be new. At any other record the run
 * ends, and the slow way decides. It may end where it likes; what it skips, the slow way must drop for the same reason,
 * with the same effect on what is remembered.
 */

import { areDigits, areSame, isDigit, numberAt, QUOTE, SLASH, ZERO } from './bytes';
import {
  BACKEND,
  CONTEXT,
  FILE,
  LINE,
  LOCATION,
  MESSAGE,
  PID,
  QUERY,
  QUERY_ID,
  SESSION,
  SESSION_START,
  STATE,
  TRANSACTION,
  USER,
  VIRTUAL,
} from './columns';
import { isTime, keyAt, TIME } from './forms';
import { valueAt } from './json';
import {
  AUDIT_AT,
  FLAGS_AT,
  LAST_AT,
  LATEST,
  LINE_AT,
  LONGEST_ZONE,
  READ_AT,
  READ_END_AT,
  ROW,
  STARTED,
  STATEMENT_AT,
  TOUCHED,
  ZONE,
} from './memory';
import { isAudit, mayForget, payloadKind, READ_CLASS, statement } from './payload';
import { countColumns, isThere } from './row';
import { begin, free, known, spare, userSlot } from './tables';
import { areParts, columnAt, columnEnd, isGiven, messageAt, messageEnd, partsKind, partsStatement } from './values';

export { LATEST, STARTED, TOUCHED, ZONE };

/** What becomes of a role's records. */
const DROPS_AUDIT: u32 = 1;
const DROPS_READ: u32 = 2;
const DROPS_OTHER: u32 = 4;
const LOGIN_IS_NOTHING: u32 = 8;

/** What is remembered of a session. */
const HAS_LOGIN: u32 = 1;
const HAS_TRANSACTION: u32 = 2;
/** In place of a statement's number that is not known. */
const UNKNOWN: i32 = -1;

/** Bytes of a READ whose text is kept. */
const LARGEST_READ: u32 = 16 * 1024;

/** Of the records before: how many columns, and the bytes of their zone. */
export let expected: u32 = 0;
export let zoneLength: u32 = 0;
/** Bytes; a longer record is not skipped. */
export let longest: u32 = 0;
/** Records skipped in this run: of pgAudit's by user, by class, and others. */
export let byUser: u32 = 0;
export let byClass: u32 = 0;
export let others: u32 = 0;
/** How many sessions are in TOUCHED, and where the latest log_time is (0: where it was before). */
export let touched: u32 = 0;
export let latestAt: usize = 0;

/** Sessions that began after this are new: seconds, as their ids have them. */
let newAfter: f64 = Infinity;
/** Bytes of STARTED; 0 if no session may be begun. */
let startedLength: u32 = 0;
/** How many sessions may still be begun. */
let room: u32 = 0;

let latest0: u64 = 0;
let latest1: u64 = 0;
let latest2: u64 = 0;

/** For the next run: STARTED was written, and sessions that began then, and after `after`, are new. */
export function beginSessions(after: f64, started: u32, most: u32): void {
  newAfter = after;
  startedLength = started > LONGEST_ZONE ? 0 : started;
  room = min(most, free);
}

/** Begins a run; LATEST and ZONE were written. */
export function beginRun(columnCount: u32, zone: u32, maxRecordSize: u32): void {
  expected = columnCount;
  zoneLength = zone > LONGEST_ZONE ? 0 : zone;
  longest = maxRecordSize;
  byUser = 0;
  byClass = 0;
  others = 0;
  touched = 0;
  latestAt = 0;
  latest0 = bswap(load<u64>(LATEST));
  latest1 = bswap(load<u64>(LATEST, 8));
  latest2 = bswap(load<u64>(LATEST, 15));
}

/**
 * Where a record's columns are: in its row, or in the values of its JSON. The compiler makes each function below twice, so
 * that nothing is asked while it runs; it can tell such types apart by nothing but what they are.
 */
type Row = u32;
type Values = f32;

/** The row, if there is one: in the log, or in the output. */
let rowAt: usize = 0;
let rowEnd: usize = 0;

// @ts-ignore: decorators are AssemblyScript's
@inline
function endOf<W>(column: u32): usize {
  if (isFloat<W>()) return columnEnd(column);
  return rowAt + load<u32>(ROW + (<usize>column << 2));
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function startOf<W>(column: u32): usize {
  if (isFloat<W>()) return columnAt(column);
  return endOf<W>(column - 1) + 1;
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function isEmpty<W>(column: u32): bool {
  return startOf<W>(column) == endOf<W>(column);
}

/** The ends of columns with forms of their own (`isWellFormed` in record-head.ts). */
function isWellFormed<W>(count: u32): bool {
  if (!areDigits(startOf<W>(TRANSACTION), endOf<W>(TRANSACTION))) return false;
  if (!isEmpty<W>(PID) && !areDigits(startOf<W>(PID), endOf<W>(PID))) return false;
  if (isEmpty<W>(SESSION_START)) return false;
  if (!hasNoState<W>()) {
    const state = startOf<W>(STATE);
    if (endOf<W>(STATE) != state + 5) return false;
    for (let i = state; i < state + 5; i++) {
      const byte = <u32>load<u8>(i);
      if (!isDigit(byte) && byte - 0x41 > 25) return false;
    }
  }
  return count <= QUERY_ID || !isEmpty<W>(QUERY_ID);
}

/** JSON leaves out what a row has as `00000`. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function hasNoState<W>(): bool {
  if (isFloat<W>()) return !isGiven(STATE);
  return false;
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function hasLocation<W>(): bool {
  if (isFloat<W>()) return isGiven(LOCATION) || isThere(FILE);
  return !isEmpty<W>(LOCATION);
}

/**
 * Whether the record with the row from `at` to `end` may be skipped; then it is counted and noted.
 *
 * @param timeAt where its log_time is in the log: in the row itself, if the log has rows
 * @param length bytes that it has in the log
 */
export function skips(
  at: usize,
  end: usize,
  count: u32,
  hasReturn: u32,
  timeAt: usize,
  length: u32,
): bool {
  rowAt = at;
  rowEnd = end;
  if (hasReturn || count != expected) return false;
  // A column is quoted or empty, or it was not written by PostgreSQL.
  if (load<u8>(startOf<Row>(MESSAGE)) != QUOTE) return false;
  return skipsRecord<Row>(timeAt, length, count, startOf<Row>(MESSAGE), endOf<Row>(MESSAGE));
}

/** The same of the values that were read, which are plain (values.ts). */
export function skipsValues(length: u32): bool {
  return skipsRecord<Values>(valueAt(0), length, countColumns(), messageAt, messageEnd);
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function lengthOfTime<W>(): usize {
  if (isFloat<W>()) return columnEnd(0) - columnAt(0);
  return endOf<W>(0) - rowAt;
}

function skipsRecord<W>(timeAt: usize, length: u32, count: u32, message: usize, end: usize): bool {
  if (count != expected || length > longest || zoneLength == 0) return false;
  const isZone = lengthOfTime<W>() == <usize>zoneLength + TIME && areSame(timeAt + TIME, ZONE, zoneLength);
  if (!isZone || !isTime(timeAt)) return false;
  const key = keyAt(startOf<W>(SESSION), endOf<W>(SESSION));
  if (key == 0) return false;
  const before = known(key);
  if (before == 0 && !isNew<W>(key)) return false;
  // All of a spare one is 0, as it is before the first line.
  const slot = before == 0 ? spare() : before;
  if (<u32>numberAt(startOf<W>(LINE), endOf<W>(LINE)) != load<u32>(slot, LINE_AT) + 1) return false;
  // Any record may say what became of its transaction.
  if (load<u32>(slot, FLAGS_AT) & HAS_TRANSACTION) return false;
  const userAt = startOf<W>(USER);
  const user = userSlot(userAt, <u32>(endOf<W>(USER) - userAt));
  if (load<u32>(user) == 0) return false;
  const verdict = load<u32>(user, 12);
  if (!isWellFormed<W>(count) || !isEmpty<W>(CONTEXT)) return false;
  if (isOfAudit<W>(message, end)) {
    if (!skipsAudit<W>(timeAt, slot, verdict, message, end - 1)) return false;
  } else if (!skipsOther<W>(slot, verdict, message, end - 1, count)) return false;
  if (before == 0) {
    room--;
    begin(key);
    // Its statements are counted from this record on.
    store<u32>(slot, <u32>timeAt, AUDIT_AT);
  }
  note(timeAt, slot);
  return true;
}

/** Whether a session that is not known begins with this record, which is certain to be its first (`1`, not `01`). */
function isNew<W>(key: u64): bool {
  if (room == 0 || startedLength == 0 || !(<f64>(key >> 32) > newAfter)) return false;
  const line = startOf<W>(LINE);
  if (load<u8>(line) != ZERO + 1 || endOf<W>(LINE) != line + 1) return false;
  const started = startOf<W>(SESSION_START);
  return <u32>(endOf<W>(SESSION_START) - started) == startedLength && areSame(started, STARTED, startedLength);
}

function isSuccess<W>(): bool {
  if (hasNoState<W>()) return true;
  const state = startOf<W>(STATE);
  return load<u32>(state) == 0x30303030 && load<u8>(state, 4) == 0x30;
}

/** Whether a virtual transaction id ends as that of a transaction: none ends in `/0`. */
function isInTransaction<W>(): bool {
  const end = endOf<W>(VIRTUAL);
  if (end - startOf<W>(VIRTUAL) < 2) return false;
  const last = <u32>load<u8>(end - 1);
  const before = <u32>load<u8>(end - 2);
  return isDigit(last) && (isDigit(before) || (before == SLASH && last != ZERO));
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function isOfAudit<W>(message: usize, end: usize): bool {
  if (isFloat<W>() && areParts) return true;
  return isAudit(message, end);
}

/** Of the payload that was looked at last: the statement's number. */
let number: i32 = 0;

/** The class of a payload that is certain to be genuine, or 0. */
function kindOf<W>(message: usize, close: usize): u32 {
  if (isFloat<W>() && areParts) {
    const kind = partsKind();
    number = partsStatement;
    return kind;
  }
  const kind = payloadKind(message + 8, close);
  number = statement;
  return kind;
}

function skipsAudit<W>(timeAt: usize, slot: usize, verdict: u32, message: usize, close: usize): bool {
  if ((verdict & (DROPS_AUDIT | DROPS_READ)) == 0) return false;
  if (!isSuccess<W>() || !isEmpty<W>(QUERY) || hasLocation<W>() || !isInTransaction<W>()) return false;
  const last = load<i32>(slot, STATEMENT_AT);
  if (last == UNKNOWN) return false;
  const kind = kindOf<W>(message, close);
  if (kind == 0 || (number != last && number != last + 1)) return false;
  if (verdict & DROPS_AUDIT) byUser++;
  else {
    // Its row is kept, so that there must be one.
    if (isFloat<W>() || kind != READ_CLASS || number != last + 1) return false;
    if (<u32>(rowEnd - rowAt) > LARGEST_READ || !mayForget()) return false;
    byClass++;
    store<u32>(slot, <u32>rowAt, READ_AT);
    store<u32>(slot, <u32>rowEnd, READ_END_AT);
  }
  store<i32>(slot, number, STATEMENT_AT);
  store<u32>(slot, <u32>timeAt, AUDIT_AT);
  return true;
}

function skipsOther<W>(slot: usize, verdict: u32, message: usize, close: usize, count: u32): bool {
  if ((verdict & DROPS_OTHER) == 0) return false;
  // A record of the process that brings a server up says that all sessions are over.
  if (count > BACKEND && isBackend<W>()) return false;
  if (close - message > 16) {
    const first = load<u64>(message);
    // `"disconn`
    if (first == 0x6e6e6f6373696422 && load<u32>(slot, FLAGS_AT) & HAS_LOGIN) return false;
    // `"pgaudit`: it may be a heartbeat.
    if (first == 0x7469647561677022) return false;
    if ((verdict & LOGIN_IS_NOTHING) == 0 && isLogin(message + 1)) return false;
  }
  others++;
  return true;
}

/** `connection a`: of `connection authenticated`, which is remembered. */
function isLogin(at: usize): bool {
  return load<u64>(at) == 0x697463656e6e6f63 && load<u32>(at, 8) == 0x61206e6f;
}

/** `"startup"` */
function isBackend<W>(): bool {
  const at = startOf<W>(BACKEND);
  return endOf<W>(BACKEND) - at == 9 && load<u64>(at) == 0x7075747261747322;
}

function note(at: usize, slot: usize): void {
  store<u32>(slot, load<u32>(slot, LINE_AT) + 1, LINE_AT);
  if (load<u32>(slot, LAST_AT) == 0) {
    store<u32>(TOUCHED + (<usize>touched << 2), <u32>slot);
    touched++;
  }
  store<u32>(slot, <u32>at, LAST_AT);
  const a = bswap(load<u64>(at));
  const b = bswap(load<u64>(at, 8));
  const c = bswap(load<u64>(at, 15));
  if (a < latest0 || (a == latest0 && (b < latest1 || (b == latest1 && c <= latest2)))) return;
  latest0 = a;
  latest1 = b;
  latest2 = c;
  latestAt = at;
}
