/** Writes the row of csvlog that PostgreSQL would have written of the values that were read (write_csvlog in csvlog.c). */

import { BACKSLASH, COMMA, NEWLINE, QUOTE, RETURN, ZERO } from './bytes';
import {
  APPLICATION,
  AUDIT,
  BACKEND,
  CONNECTION,
  FIELD,
  FIELDS,
  FILE,
  FILE_LINE,
  FUNCTION,
  HOST,
  IN_QUOTES,
  LOCATION,
  MESSAGE,
  PORT,
  QUERY_ID,
  ROWS,
  STATE,
} from './columns';
import { ABSENT, ESCAPED, howOf, valueAt, valueEnd } from './json';
import { ROW } from './memory';

/** Where the row begins and ends, without a newline; how many columns it has, and which of them are in quotes. */
export let rowAt: usize = 0;
export let rowEnd: usize = 0;
export let rowColumns: u32 = 0;
export let rowQuoted: u32 = 0;

/** Where the next byte is written. */
let out: usize = 0;

// @ts-ignore: decorators are AssemblyScript's
@inline
function put(byte: u32): void {
  store<u8>(out++, byte);
}

/** Bytes behind `out` up to 16 may be written over. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function copy(at: usize, end: usize): void {
  let to = out;
  for (let i = at; i < end; i += 16, to += 16) v128.store(to, v128.load(i));
  out += end - at;
}

/** A value that has no quotes in csvlog, as it is; false if PostgreSQL would not write it so. */
function putBare(slot: u32): bool {
  if (howOf(slot) == ESCAPED) return false;
  const C = i8x16.splat(0x2c);
  const at = valueAt(slot);
  const end = valueEnd(slot);
  for (let i = at; i < end; i += 16) {
    const marks = i8x16.bitmask(i8x16.eq(v128.load(i), C));
    if (marks && i + <usize>ctz(marks) < end) return false;
  }
  copy(at, end);
  return true;
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function putQuotes(count: u32): void {
  for (let i: u32 = 0; i < count; i++) put(QUOTE);
}

/** A value's text, each quote as so many; nothing if there is none, false if an escape is none. */
function putText(slot: u32, quotes: u32): bool {
  if (howOf(slot) == ABSENT) return true;
  const at = valueAt(slot);
  const end = valueEnd(slot);
  if (howOf(slot) != ESCAPED) {
    copy(at, end);
    return true;
  }
  const B = i8x16.splat(0x5c);
  for (let i = at; i < end; ) {
    const bytes = v128.load(i);
    v128.store(out, bytes);
    const marks = i8x16.bitmask(i8x16.eq(bytes, B));
    const left = end - i;
    const plain: usize = marks == 0 ? 16 : <usize>ctz(marks);
    if (plain >= left) {
      out += left;
      return true;
    }
    out += plain;
    i += plain;
    if (marks == 0) continue;
    i = putEscape(i, end, quotes);
    if (i == 0) return false;
  }
  return true;
}

/** One past the escape; 0 if it is none. */
function putEscape(at: usize, end: usize, quotes: u32): usize {
  const byte = escaped(at);
  if (byte == QUOTE) putQuotes(quotes);
  else if (byte != 0) put(byte);
  else return at + 6 <= end ? putUnicode(at, end, quotes) : 0;
  return at + 2;
}

/** What a backslash and a letter mean; 0 for `\u` and for what is no escape. */
function escaped(at: usize): u32 {
  const byte = <u32>load<u8>(at, 1);
  switch (byte) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f:
      return byte;
    case 0x6e:
      return NEWLINE;
    case 0x72:
      return RETURN;
    case 0x74:
      return 0x09;
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    default:
      return 0;
  }
}

/** The number of `\u00e5`; -1 if it is none. */
function unicodeAt(at: usize): i32 {
  if (load<u16>(at) != 0x755c) return -1;
  let code: i32 = 0;
  for (let i = at + 2; i < at + 6; i++) {
    const byte = <u32>load<u8>(i);
    const letter = (byte | 0x20) - 0x61;
    if (byte - ZERO < 10) code = (code << 4) | <i32>(byte - ZERO);
    else if (letter < 6) code = (code << 4) | <i32>(letter + 10);
    else return -1;
  }
  return code;
}

/** As UTF-8. Half a pair becomes U+FFFD; a NUL is in no text of PostgreSQL's. */
function putUnicode(at: usize, end: usize, quotes: u32): usize {
  let code = unicodeAt(at);
  if (code <= 0) return 0;
  let next = at + 6;
  if (code >> 10 == 0x36 && next + 6 <= end) {
    const low = unicodeAt(next);
    if (low >> 10 == 0x37) {
      code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
      next += 6;
    }
  }
  if (code >> 11 == 0x1b) code = 0xfffd;
  if (code == <i32>QUOTE) putQuotes(quotes);
  else if (code < 0x80) put(code);
  else if (code < 0x800) {
    put(0xc0 | (code >> 6));
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3f));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  }
  return next;
}

// @ts-ignore: decorators are AssemblyScript's
@inline
export function isThere(slot: u32): bool {
  return howOf(slot) != ABSENT && valueAt(slot) != valueEnd(slot);
}

/** `"127.0.0.1:5000"`: one column of what jsonlog has in two. */
function putConnection(): bool {
  put(QUOTE);
  if (!putText(HOST, 2)) return false;
  if (isThere(PORT)) {
    put(0x3a);
    if (!putText(PORT, 2)) return false;
  }
  put(QUOTE);
  return true;
}

/** `"exec_simple_query, postgres.c:1078"` */
function putLocation(): bool {
  put(QUOTE);
  if (isThere(FUNCTION)) {
    if (!putText(FUNCTION, 2)) return false;
    put(COMMA);
    put(0x20);
  }
  if (!putText(FILE, 2)) return false;
  if (isThere(FILE_LINE)) {
    put(0x3a);
    if (!putText(FILE_LINE, 2)) return false;
  }
  put(QUOTE);
  return true;
}

/** Whether pgAudit puts a field in quotes (append_valid_csv in pgaudit.c). */
function needsQuotes(slot: u32): bool {
  const end = valueEnd(slot);
  const isEscaped = howOf(slot) == ESCAPED;
  for (let i = valueAt(slot); i < end; i++) {
    const byte = <u32>load<u8>(i);
    if (byte == COMMA) return true;
    if (!isEscaped || byte != BACKSLASH) continue;
    const meant = escaped(i);
    if (meant == QUOTE || meant == NEWLINE || meant == RETURN) return true;
    if (meant == 0) {
      const code = unicodeAt(i);
      if (code == 0x22 || code == 0x2c || code == 0x0a || code == 0x0d) return true;
    }
    i++;
  }
  return false;
}

function putField(slot: u32): bool {
  if (howOf(slot) == ABSENT) return true;
  if (!needsQuotes(slot)) return putText(slot, 2);
  putQuotes(2);
  if (!putText(slot, 4)) return false;
  putQuotes(2);
  return true;
}

/** `AUDIT: ` */
function putTag(): void {
  store<u64>(out, 0x203a5449445541);
  out += 7;
}

/**
 * The message that CloudNativePG took apart. If the record's parts disagree, it is written so that nobody takes it for
 * pgAudit's: behind a second `AUDIT: `.
 */
function putMessage(doParts: bool): bool {
  put(QUOTE);
  putTag();
  if (!doParts) putTag();
  if (howOf(AUDIT) == ABSENT) {
    if (!putText(MESSAGE, 2)) return false;
  } else {
    for (let field: u32 = 0; field < FIELDS; field++) {
      if (field > 0) put(COMMA);
      if (!putField(FIELD + field)) return false;
    }
    if (isThere(ROWS)) {
      put(COMMA);
      if (!putField(ROWS)) return false;
    }
  }
  put(QUOTE);
  return true;
}

function putColumn(column: u32, keepsEmpty: bool): bool {
  if (isThere(column) || (keepsEmpty && howOf(column) != ABSENT)) {
    if (((IN_QUOTES >> column) & 1) == 0) return putBare(column);
    put(QUOTE);
    if (!putText(column, 2)) return false;
    put(QUOTE);
    return true;
  }
  if (column == CONNECTION) return !isThere(HOST) || putConnection();
  if (column == LOCATION) return !isThere(FILE) || putLocation();
  if (column == STATE) {
    store<u64>(out, 0x3030303030);
    out += 5;
  }
  // It is never NULL, and the only column that is empty and in quotes.
  if (column == APPLICATION) putQuotes(2);
  return true;
}

/** How many columns the row has. */
// @ts-ignore: decorators are AssemblyScript's
@inline
export function countColumns(): u32 {
  return isThere(QUERY_ID) ? 26 : isThere(BACKEND) ? 24 : 23;
}

/** Writes a column's text to `at`, with quotes around it; returns one past it, 0 if an escape is none. */
export function writeQuoted(at: usize, slot: u32): usize {
  out = at;
  put(QUOTE);
  if (!putText(slot, 2)) return 0;
  put(QUOTE);
  return out;
}

/** Writes one of pgAudit's fields to `at` as it is in its message; otherwise as `writeQuoted`. */
export function writeField(at: usize, slot: u32): usize {
  out = at;
  return putField(slot) ? out : 0;
}

/** Bytes that a row takes at most, of a line of this length: a quote in pgAudit's field becomes four. */
export function mostOf(length: usize, isSplit: bool): usize {
  return (isSplit ? length << 1 : length) + 256;
}

/**
 * Writes the row to `at`.
 *
 * @param isSplit whether the message is to be put together of pgAudit's fields
 * @param doAgree whether it may be pgAudit's then
 * @param keepsEmpty whether a value that is empty was not NULL
 */
export function writeRow(at: usize, isSplit: bool, doAgree: bool, keepsEmpty: bool): bool {
  rowColumns = countColumns();
  rowAt = at;
  out = at;
  let quoted: u32 = 0;
  for (let column: u32 = 0; column < rowColumns; column++) {
    if (column > 0) put(COMMA);
    const from = out;
    const isWritten = column == MESSAGE && isSplit ? putMessage(doAgree) : putColumn(column, keepsEmpty);
    if (!isWritten) return false;
    if (out > from && load<u8>(from) == QUOTE) quoted |= 1 << column;
    store<u32>(ROW + (<usize>column << 2), <u32>(out - at));
  }
  rowQuoted = quoted;
  rowEnd = out;
  return true;
}
