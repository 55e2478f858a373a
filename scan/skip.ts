/**
 * Which records can be skipped: those that are certain to be dropped, and of which nothing but numbers has to be
 * remembered. What the raw bytes of one record say is enough for that, together with two tables that the other side
 * keeps: login roles with what becomes of their records, and sessions with the numbers that come next.
 *
 * It skips
 * - genuine records of pgAudit's by roles whose records are dropped whatever their class (but for class ROLE, after which
 *   roles are looked up again, and for the end of a prepared transaction, which may be somebody else's), and records of
 *   class READ by roles of which only these are dropped;
 * - records that are not pgAudit's and say nothing of their session that is needed.
 *
 * Each is whole and well-formed, has as many columns and the same zone as those before, and the line (and the statement)
 * that comes next in its session. At any other record the run ends, and the slow way decides. It may end where it
 * likes; what it skips, the slow way must drop for the same reason, with the same effect on what is remembered.
 */

import {
  LATEST,
  LONGEST_ZONE,
  MOST_TOUCHED,
  MOST_USERS,
  NAMES,
  NAMES_END,
  ROW,
  SESSION_SIZE,
  SESSIONS,
  SLOTS,
  SPARE,
  TOUCHED,
  USERS,
  ZONE,
} from './memory';

export { LATEST, NAMES, SESSIONS, TOUCHED, ZONE };

/** Columns (src/lib/csvlog.ts). */
const USER = 1;
const PID = 3;
const SESSION = 5;
const LINE = 6;
const STARTED = 8;
const VIRTUAL = 9;
const TRANSACTION = 10;
const STATE = 12;
const MESSAGE = 13;
const CONTEXT = 18;
const QUERY = 19;
const LOCATION = 21;
const BACKEND = 23;
const QUERY_ID = 25;

const QUOTE: u32 = 0x22;
const COMMA: u32 = 0x2c;
const NEWLINE: u32 = 0x0a;
const RETURN: u32 = 0x0d;
const SLASH: u32 = 0x2f;
const ZERO: u32 = 0x30;
const MINUS: u32 = 0x2d;
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

/** Classes, as far as a record of them may be skipped. */
const OTHER_CLASS: u32 = 1;
const READ_CLASS: u32 = 2;

/** Of the records before: how many columns, and the bytes of their zone. */
export let expected: u32 = 0;
export let zoneLength: u32 = 0;
/** Bytes; a longer record is not skipped. */
export let longest: u32 = 0;
/** Records skipped since `begin`: of pgAudit's by user, by class, and others. */
export let byUser: u32 = 0;
export let byClass: u32 = 0;
export let others: u32 = 0;
/** How many sessions are in TOUCHED, and where the latest log_time is (0: where it was before). */
export let touched: u32 = 0;
export let latestAt: usize = 0;

let latest0: u64 = 0;
let latest1: u64 = 0;
let latest2: u64 = 0;

/** Begins a run; LATEST and ZONE were written. */
export function begin(columnCount: u32, zone: u32, maxRecordSize: u32): void {
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

// ---- login roles

let users: u32 = 0;
let names: usize = NAMES;

export function clearUsers(): void {
  users = 0;
  names = NAMES;
  memory.fill(USERS, 0, MOST_USERS << 4);
}

function hashOf(at: usize, length: u32): u32 {
  let hash: u32 = 0x811c9dc5 ^ length;
  for (let i: u32 = 0; i < length; i++) hash = (hash ^ load<u8>(at + i)) * 0x01000193;
  return hash | 1;
}

function areSame(a: usize, b: usize, length: u32): bool {
  for (let i: u32 = 0; i < length; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false;
  return true;
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function userAt(i: u32): usize {
  return USERS + <usize>((i & (MOST_USERS - 1)) << 4);
}

/** The slot of a role; it is free if the role is not there. */
function userSlot(at: usize, length: u32): usize {
  const hash = hashOf(at, length);
  let i = hash;
  let slot = userAt(i);
  for (let known = load<u32>(slot); known != 0; known = load<u32>(slot)) {
    if (known == hash && load<u32>(slot, 8) == length && areSame(load<u32>(slot, 4), at, length)) break;
    slot = userAt(++i);
  }
  return slot;
}

/** Sets what becomes of a role, whose column is at this address as it is in the log. If there are too many roles, the table starts again. */
export function setUser(at: usize, length: u32, verdict: u32): void {
  if (users >= MOST_USERS / 2 || names + length > NAMES_END) clearUsers();
  if (length > 256) return;
  const slot = userSlot(at, length);
  if (load<u32>(slot) == 0) {
    memory.copy(names, at, length);
    store<u32>(slot, hashOf(at, length));
    store<u32>(slot, <u32>names, 4);
    store<u32>(slot, length, 8);
    names += length;
    users++;
  }
  store<u32>(slot, verdict, 12);
}

// ---- sessions: key, line, statement, flags, its last record and its last of pgAudit's, index, its last READ

let live: u32 = 0;
let used: u32 = 0;
const FREE: u64 = 0;
const REMOVED: u64 = 1;

export function clearSessions(): void {
  live = 0;
  used = 0;
  memory.fill(SESSIONS, 0, SLOTS * SESSION_SIZE);
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function slotOf(base: usize, key: u64): usize {
  let i = <u32>((key * 0x9e3779b97f4a7c15) >> 51);
  let slot = base + <usize>(i * SESSION_SIZE);
  for (let known = load<u64>(slot); known != key && known != FREE; known = load<u64>(slot)) {
    i = (i + 1) & (SLOTS - 1);
    slot = base + <usize>(i * SESSION_SIZE);
  }
  return slot;
}

/** The address of a session, which is begun if it is not there. */
export function session(start: u32, pid: u32): usize {
  const key = ((<u64>start) << 32) | pid;
  let slot = slotOf(SESSIONS, key);
  if (load<u64>(slot) == key) return slot;
  if (used >= (SLOTS >> 2) * 3) {
    rebuild();
    slot = slotOf(SESSIONS, key);
  }
  memory.fill(slot, 0, SESSION_SIZE);
  store<u64>(slot, key);
  live++;
  used++;
  return slot;
}

/** A session is not remembered any more. */
export function forget(start: u32, pid: u32): void {
  const key = ((<u64>start) << 32) | pid;
  const slot = slotOf(SESSIONS, key);
  if (load<u64>(slot) != key) return;
  store<u64>(slot, REMOVED);
  live--;
}

/** Without those that were removed. If nearly all are live, the table starts again: each is learnt again. */
function rebuild(): void {
  if (live >= SLOTS >> 1) return clearSessions();
  memory.copy(SPARE, SESSIONS, SLOTS * SESSION_SIZE);
  memory.fill(SESSIONS, 0, SLOTS * SESSION_SIZE);
  for (let i: u32 = 0; i < SLOTS; i++) {
    const from = SPARE + <usize>(i * SESSION_SIZE);
    const key = load<u64>(from);
    if (key <= REMOVED) continue;
    memory.copy(slotOf(SESSIONS, key), from, SESSION_SIZE);
  }
  used = live;
}

// ---- one record

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

// @ts-ignore: decorators are AssemblyScript's
@inline
function isDigit(byte: u32): bool {
  return byte - ZERO < 10;
}

/** Whether one or more digits are there, and nothing else. */
function areDigits(at: usize, end: usize): bool {
  if (at >= end) return false;
  for (let i = at; i < end; i++) if (!isDigit(load<u8>(i))) return false;
  return true;
}

/** The number of at most nine digits; -1 if it is none. */
function numberAt(at: usize, end: usize): i32 {
  if (at >= end || end - at > 9) return -1;
  let number: i32 = 0;
  for (let i = at; i < end; i++) {
    const digit = <u32>load<u8>(i) - ZERO;
    if (digit > 9) return -1;
    number = number * 10 + <i32>digit;
  }
  return number;
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
  // Two of these mean other things in the table.
  return dots == 1 && length > 0 && key >> 32 != 0 ? key : 0;
}

/** `2026-11-24 07:50:05.791`: digits, but for their separators. */
function isTime(at: usize): bool {
  for (let i: usize = 0; i < TIME; i++) {
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
  if (isEmpty(STARTED)) return false;
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
  const slot = slotOf(SESSIONS, key);
  if (load<u64>(slot) != key || touched >= MOST_TOUCHED) return false;
  if (<u32>numberAt(startOf(LINE), endOf(LINE)) != load<u32>(slot, 8) + 1) return false;
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
  note(at, slot);
  return true;
}

/** `"AUDIT: ` */
// @ts-ignore: decorators are AssemblyScript's
@inline
function isAudit(at: usize, end: usize): bool {
  return end - at >= 9 && load<u64>(at) == 0x203a544944554122;
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
  const known = load<i32>(slot, 12);
  if (known == UNKNOWN) return false;
  const kind = payloadKind(message + 8, close);
  if (kind == 0 || (statement != known && statement != known + 1)) return false;
  if (verdict & DROPS_AUDIT) byUser++;
  else {
    if (kind != READ_CLASS || statement != known + 1 || <u32>(end - at) > LARGEST_READ || !mayForget()) return false;
    if (load<u32>(slot, 16) & HAS_TRANSACTION) return false;
    byClass++;
    store<u32>(slot, <u32>at, 32);
    store<u32>(slot, <u32>end, 36);
  }
  store<i32>(slot, statement, 12);
  store<u32>(slot, <u32>at, 24);
  return true;
}

// ---- pgAudit's payload: in the column of the message every quote is doubled

/** Of the payload that was read last: the statement's number, and where object name, statement and parameters are. */
let statement: i32 = 0;
let nameAt: usize = 0;
let textAt: usize = 0;
let textEnd: usize = 0;

/** The class of a genuine payload from `at` to the quote at `end` that closes the message; 0 if it is not certain. */
function payloadKind(start: usize, end: usize): u32 {
  let at = afterType(start, end);
  if (at == 0) return 0;
  let stop = comma(at, end);
  if (stop == 0) return 0;
  statement = numberAt(at, stop);
  if (statement < 0) return 0;
  at = stop + 1;
  stop = comma(at, end);
  if (stop == 0 || stop - at > 9 || !areDigits(at, stop)) return 0;
  at = stop + 1;
  stop = comma(at, end);
  if (stop == 0) return 0;
  const kind = classOf(at, <u32>(stop - at));
  if (kind == 0) return 0;
  at = stop + 1;
  for (let field = 0; field < 4; field++) {
    if (field == 2) nameAt = at;
    if (field == 3) textAt = at;
    const last = endOfField(at, end);
    if (last == 0 || last == end) return 0;
    if (field == 0 && endsPrepared(last)) return 0;
    if (field == 3) textEnd = last;
    at = last + 1;
  }
  const last = isQuoted(at, end) ? endOfParameters(at + 2, end) : endOfPlain(at, end);
  if (last == 0) return 0;
  return last == end || (end - last <= 10 && areDigits(last + 1, end)) ? kind : 0;
}

/** One past `SESSION,` or `OBJECT,`; 0 for none, as in all that follows. */
function afterType(at: usize, end: usize): usize {
  if (end - at < 16) return 0;
  const first = load<u64>(at);
  if (first == 0x2c4e4f4953534553) return at + 8;
  return (first & 0x00ffffffffffffff) == 0x002c5443454a424f ? at + 7 : 0;
}

/** Where the next comma is. */
function comma(at: usize, end: usize): usize {
  const near = min(end, at + 16);
  for (let i = at; i < near; i++) if (load<u8>(i) == COMMA) return i;
  return 0;
}

function classOf(at: usize, length: u32): u32 {
  const first = load<u32>(at);
  if (length == 4 && first == 0x44414552) return READ_CLASS;
  if (length == 4 && first == 0x4353494d) return OTHER_CLASS;
  if (length == 5 && first == 0x54495257 && load<u8>(at, 4) == 0x45) return OTHER_CLASS;
  if (length == 3 && (first & 0xffffff) == 0x4c4444) return OTHER_CLASS;
  return length == 8 && load<u64>(at) == 0x4e4f4954434e5546 ? OTHER_CLASS : 0;
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function isQuoted(at: usize, end: usize): bool {
  return end - at >= 4 && load<u16>(at) == 0x2222;
}

/** Whether the command that ends there may be COMMIT PREPARED or ROLLBACK PREPARED: another session's transaction ends. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function endsPrepared(end: usize): bool {
  const last = load<u8>(end - 1) == QUOTE ? end - 2 : end;
  return load<u64>(last - 8) == 0x4445524150455250;
}

function endOfField(at: usize, end: usize): usize {
  if (load<u8>(at) == COMMA) return at;
  return isQuoted(at, end) ? endOfQuoted(at + 2, end) : endOfPlain(at, end);
}

/** A field without quotes has no quote and no line break. Ends at a comma, or at the message's end. */
function endOfPlain(at: usize, end: usize): usize {
  const Q = i8x16.splat(0x22);
  const C = i8x16.splat(0x2c);
  const N = i8x16.splat(0x0a);
  const R = i8x16.splat(0x0d);
  for (let i = at; i <= end; i += 16) {
    const bytes = v128.load(i);
    const marks = i8x16.bitmask(
      v128.or(v128.or(i8x16.eq(bytes, Q), i8x16.eq(bytes, C)), v128.or(i8x16.eq(bytes, N), i8x16.eq(bytes, R))),
    );
    if (marks == 0) continue;
    const first = i + <usize>ctz(marks);
    return first == end || (first < end && load<u8>(first) == COMMA) ? first : 0;
  }
  return 0;
}

/** Where the next quote is, at most at the message's end. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function quoteAt(at: usize, end: usize): usize {
  const Q = i8x16.splat(0x22);
  for (let i = at; i < end; i += 16) {
    const marks = i8x16.bitmask(i8x16.eq(v128.load(i), Q));
    if (marks) return min(end, i + <usize>ctz(marks));
  }
  return end;
}

/** How many quotes follow each other. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function quotesAt(at: usize, end: usize): usize {
  let i = at;
  while (i < end && load<u8>(i) == QUOTE) i++;
  return i - at;
}

/** Whether a field may end there. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function ends(at: usize, end: usize): bool {
  return at == end || load<u8>(at) == COMMA;
}

function endOfQuoted(start: usize, end: usize): usize {
  for (let i = quoteAt(start, end); i < end; i = quoteAt(i, end)) {
    const run = quotesAt(i, end);
    i += run;
    if (run & 1) return 0;
    if ((run >> 1) & 1) return ends(i, end) ? i : 0;
  }
  return 0;
}

const AT_START = 0;
const PLAIN = 1;
const IN_QUOTES = 2;
const CLOSED = 3;

/** Parameters are CSV once more. */
function endOfParameters(start: usize, end: usize): usize {
  let state = AT_START;
  for (let i = start; i < end; ) {
    const byte = <u32>load<u8>(i);
    if (byte == QUOTE) {
      const run = quotesAt(i, end);
      if (run & 1) return 0;
      i += run;
      const own = run >> 2;
      if (own > 0) {
        const isOdd = (own & 1) == 1;
        if (state == AT_START) state = isOdd ? IN_QUOTES : CLOSED;
        else if (state != IN_QUOTES) return 0;
        else state = isOdd ? CLOSED : IN_QUOTES;
      }
      if ((run >> 1) & 1) return state != IN_QUOTES && ends(i, end) ? i : 0;
    } else {
      i++;
      if (state == IN_QUOTES) continue;
      if (byte == COMMA) state = AT_START;
      else if (state == CLOSED || byte == NEWLINE || byte == RETURN) return 0;
      else state = PLAIN;
    }
  }
  return 0;
}

/**
 * The statement's number if the message column from `at` (its quote) to `end` (one past its closing quote) is certain to
 * be genuine, and neither of class ROLE nor the end of a prepared transaction; else -1.
 */
export function statementIn(at: usize, end: usize): i32 {
  return isAudit(at, end) && payloadKind(at + 8, end - 1) != 0 ? statement : -1;
}

// ---- what a READ says besides

/** Whether a field is empty: pgAudit does not quote it then, but the parser would take that, too. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function isNothing(at: usize): bool {
  return load<u8>(at) == COMMA || (load<u32>(at) == 0x22222222 && load<u8>(at, 4) == COMMA);
}

/** Whether the text of the payload read last is there, and has no word of a text that changes data. */
function mayForget(): bool {
  const first = load<u8>(textAt) == QUOTE ? textAt + 2 : textAt;
  // `<not logged>`, `<previously logged>`
  if (isNothing(textAt) || load<u8>(first) == 0x3c) return false;
  if (!isNothing(nameAt)) return true;
  for (let i = textAt; i + 5 <= textEnd; i++) {
    switch (load<u8>(i) | 0x20) {
      case 0x69: // insert
        if (isWord(i, 0x7265736e, 0x74)) return false;
        break;
      case 0x75: // update
        if (isWord(i, 0x74616470, 0x65)) return false;
        break;
      case 0x64: // delete
        if (isWord(i, 0x74656c65, 0x65)) return false;
        break;
      case 0x6d: // merge
        if ((load<u32>(i, 1) | 0x20202020) == 0x65677265) return false;
        break;
      default:
    }
  }
  return true;
}

/** Whether these five letters follow. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function isWord(at: usize, four: u32, last: u32): bool {
  return (load<u32>(at, 1) | 0x20202020) == four && (<u32>load<u8>(at, 5) | 0x20) == last;
}

// ---- records that are not pgAudit's

function skipsOther(slot: usize, verdict: u32, message: usize, close: usize, count: u32): bool {
  if ((verdict & DROPS_OTHER) == 0) return false;
  const flags = load<u32>(slot, 16);
  if (flags & HAS_TRANSACTION && !isSuccess()) return false;
  // A record of the process that brings a server up says that all sessions are over.
  if (<i32>count > BACKEND && isBackend()) return false;
  if (close - message > 16) {
    const first = load<u64>(message);
    // `"disconn`
    if (first == 0x6e6e6f6373696422 && flags) return false;
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

// ---- what is noted

function note(at: usize, slot: usize): void {
  store<u32>(slot, load<u32>(slot, 8) + 1, 8);
  if (load<u32>(slot, 20) == 0) {
    store<u32>(TOUCHED + (<usize>touched << 2), <u32>slot);
    touched++;
  }
  store<u32>(slot, <u32>at, 20);
  const a = bswap(load<u64>(at));
  const b = bswap(load<u64>(at, 8));
  const c = bswap(load<u64>(at, 15));
  if (a < latest0 || (a == latest0 && (b < latest1 || (b == latest1 && c <= latest2)))) return;
  latest0 = a;
  latest1 = b;
  latest2 = c;
  latestAt = at;
}
