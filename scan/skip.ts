/**
 * Which records can be skipped: those that are certain to be dropped, and of which nothing but numbers has to be
 * remembered. What the raw bytes of one record say is enough for that, together with two tables: login roles with what
 * becomes of their records, which the other side keeps, and sessions with the numbers that come next. The other side puts
 * sessions into the table, too; those that begin with a record that is skipped are begun here.
 *
 * It skips
 * - genuine records of pgAudit's by roles whose records are dropped whatever their class (but for class ROLE, after which
 *   roles are looked up again, and for the end of a prepared transaction, which may be somebody else's), and records of
 *   class READ by roles of which only these are dropped;
 * - records that are not pgAudit's and say nothing of their session that is needed.
 *
 * Each is whole and well-formed, has as many columns and the same zone as those before, and the line (and the statement)
 * that comes next in its session, which may be the first of one that is certain to be new. At any other record the run ends, and the slow way decides. It may end where it
 * likes; what it skips, the slow way must drop for the same reason, with the same effect on what is remembered.
 */

import { areDigits, areSame, isDigit, MINUS, numberAt, SLASH, ZERO } from './bytes';
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
import { begin, free, known, spare, userSlot } from './tables';

export { LATEST, STARTED, TOUCHED, ZONE };

/** Columns (src/lib/csvlog.ts). */
const USER = 1;
const PID = 3;
const SESSION = 5;
const LINE = 6;
const STARTED_COLUMN = 8;
const VIRTUAL = 9;
const TRANSACTION = 10;
const STATE = 12;
const MESSAGE = 13;
const CONTEXT = 18;
const QUERY = 19;
const LOCATION = 21;
const BACKEND = 23;
const QUERY_ID = 25;

const TIME: u32 = 23;

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

let base: usize = 0;

// @ts-ignore: decorators are AssemblyScript's
@inline
function endOf(column: i32): usize {
  return base + load<u32>(ROW + (<usize>column << 2));
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function startOf(column: i32): usize {
  return endOf(column - 1) + 1;
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function isEmpty(column: i32): bool {
  return startOf(column) == endOf(column);
}

/** `6b05339d.cfc`: two hexadecimal numbers of at most 32 bits; 0 if it is none. */
function keyAt(at: usize, end: usize): u64 {
  let key: u64 = 0;
  let length = 0;
  let dots = 0;
  for (let i = at; i < end; i++) {
    const byte = <u32>load<u8>(i);
    if (byte == 0x2e) {
      if (length == 0 || length > 8 || dots > 0) return 0;
      dots = 1;
      length = 0;
      key <<= 32;
      continue;
    }
    let digit = byte - ZERO;
    if (digit > 9) {
      digit = byte - 0x61;
      if (digit > 5) return 0;
      digit += 10;
    }
    // `%lx` writes no zero at the start: with one it is another text.
    if (++length > 8 || (length == 1 && digit == 0)) return 0;
    key = (key & 0xffffffff00000000) | (((key << 4) | digit) & 0xffffffff);
  }
  return dots == 1 && length > 0 ? key : 0;
}

/** The minute that was looked at last, `2026-11-24 07:50`: it is the same in many records. */
let minute0: u64 = 0;
let minute1: u64 = 0;
const MINUTE: usize = 16;

/** `2026-11-24 07:50:05.791`: digits, but for their separators. */
function isTime(at: usize): bool {
  const isKnown = load<u64>(at) == minute0 && load<u64>(at, 8) == minute1;
  if (!areTime(at, isKnown ? MINUTE : 0)) return false;
  minute0 = load<u64>(at);
  minute1 = load<u64>(at, 8);
  return true;
}

function areTime(at: usize, from: usize): bool {
  for (let i = from; i < TIME; i++) {
    const byte = <u32>load<u8>(at + i);
    if (i == 4 || i == 7) {
      if (byte != MINUS) return false;
    } else if (i == 10) {
      if (byte != 0x20) return false;
    } else if (i == 13 || i == 16) {
      if (byte != 0x3a) return false;
    } else if (i == 19) {
      if (byte != 0x2e) return false;
    } else if (!isDigit(byte)) return false;
  }
  return true;
}

/** The ends of columns with forms of their own (`isWellFormed` in record-head.ts). */
function isWellFormed(count: u32): bool {
  if (!areDigits(startOf(TRANSACTION), endOf(TRANSACTION))) return false;
  if (!isEmpty(PID) && !areDigits(startOf(PID), endOf(PID))) return false;
  if (isEmpty(STARTED_COLUMN)) return false;
  const state = startOf(STATE);
  if (endOf(STATE) != state + 5) return false;
  for (let i = state; i < state + 5; i++) {
    const byte = <u32>load<u8>(i);
    if (!isDigit(byte) && byte - 0x41 > 25) return false;
  }
  return <i32>count <= QUERY_ID || !isEmpty(QUERY_ID);
}

/** Whether the record at `at` may be skipped; then it is counted and noted. */
export function skips(at: usize, end: usize, count: u32, quoted: u32, hasReturn: u32): bool {
  if (count != expected || hasReturn || <u32>(end - at) > longest || zoneLength == 0) return false;
  base = at;
  const zone = at + TIME;
  if (endOf(0) - zone != zoneLength || !areSame(zone, ZONE, zoneLength) || !isTime(at)) return false;
  const key = keyAt(startOf(SESSION), endOf(SESSION));
  if (key == 0) return false;
  const before = known(key);
  if (before == 0 && !isNew(key)) return false;
  // All of a spare one is 0, as it is before the first line.
  const slot = before == 0 ? spare() : before;
  if (<u32>numberAt(startOf(LINE), endOf(LINE)) != load<u32>(slot, LINE_AT) + 1) return false;
  // Any record may say what became of its transaction.
  if (load<u32>(slot, FLAGS_AT) & HAS_TRANSACTION) return false;
  const userAt = startOf(USER);
  const user = userSlot(userAt, <u32>(endOf(USER) - userAt));
  if (load<u32>(user) == 0) return false;
  const verdict = load<u32>(user, 12);
  // A column is quoted or empty, or it was not written by PostgreSQL.
  if (((quoted >> MESSAGE) & 1) == 0 || !isWellFormed(count)) return false;
  if (!isEmpty(CONTEXT)) return false;
  const message = startOf(MESSAGE);
  if (isAudit(message, endOf(MESSAGE))) {
    if (!skipsAudit(at, end, slot, verdict, message, endOf(MESSAGE) - 1)) return false;
  } else if (!skipsOther(slot, verdict, message, endOf(MESSAGE) - 1, count)) return false;
  if (before == 0) {
    room--;
    begin(key);
    // Its statements are counted from this record on.
    store<u32>(slot, <u32>at, AUDIT_AT);
  }
  note(at, slot);
  return true;
}

/** Whether a session that is not known begins with this record, which is certain to be its first (`1`, not `01`). */
function isNew(key: u64): bool {
  if (room == 0 || startedLength == 0 || !(<f64>(key >> 32) > newAfter)) return false;
  const line = startOf(LINE);
  if (load<u8>(line) != ZERO + 1 || endOf(LINE) != line + 1) return false;
  const started = startOf(STARTED_COLUMN);
  return <u32>(endOf(STARTED_COLUMN) - started) == startedLength && areSame(started, STARTED, startedLength);
}

function isSuccess(): bool {
  const state = startOf(STATE);
  return load<u32>(state) == 0x30303030 && load<u8>(state, 4) == 0x30;
}

/** Whether a virtual transaction id ends as that of a transaction: none ends in `/0`. */
function isInTransaction(): bool {
  const end = endOf(VIRTUAL);
  if (end - startOf(VIRTUAL) < 2) return false;
  const last = <u32>load<u8>(end - 1);
  const before = <u32>load<u8>(end - 2);
  return isDigit(last) && (isDigit(before) || (before == SLASH && last != ZERO));
}

function skipsAudit(at: usize, end: usize, slot: usize, verdict: u32, message: usize, close: usize): bool {
  if ((verdict & (DROPS_AUDIT | DROPS_READ)) == 0) return false;
  if (!isSuccess() || !isEmpty(QUERY) || !isEmpty(LOCATION) || !isInTransaction()) return false;
  const last = load<i32>(slot, STATEMENT_AT);
  if (last == UNKNOWN) return false;
  const kind = payloadKind(message + 8, close);
  if (kind == 0 || (statement != last && statement != last + 1)) return false;
  if (verdict & DROPS_AUDIT) byUser++;
  else {
    if (kind != READ_CLASS || statement != last + 1 || <u32>(end - at) > LARGEST_READ || !mayForget()) return false;
    byClass++;
    store<u32>(slot, <u32>at, READ_AT);
    store<u32>(slot, <u32>end, READ_END_AT);
  }
  store<i32>(slot, statement, STATEMENT_AT);
  store<u32>(slot, <u32>at, AUDIT_AT);
  return true;
}

function skipsOther(slot: usize, verdict: u32, message: usize, close: usize, count: u32): bool {
  if ((verdict & DROPS_OTHER) == 0) return false;
  // A record of the process that brings a server up says that all sessions are over.
  if (<i32>count > BACKEND && isBackend()) return false;
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
function isBackend(): bool {
  const at = startOf(BACKEND);
  return endOf(BACKEND) - at == 9 && load<u64>(at) == 0x7075747261747322;
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
