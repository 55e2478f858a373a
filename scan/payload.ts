/** pgAudit's payload, as it is in the log: in the column of the message every quote is doubled. */

import { areDigits, COMMA, NEWLINE, numberAt, QUOTE, RETURN } from './bytes';

/** Classes, as far as a record of them may be skipped. */
export const OTHER_CLASS: u32 = 1;
export const READ_CLASS: u32 = 2;

/** `"AUDIT: ` */
// @ts-ignore: decorators are AssemblyScript's
@inline
export function isAudit(at: usize, end: usize): bool {
  return end - at >= 9 && load<u64>(at) == 0x203a544944554122;
}

/** Of the payload that was read last: the statement's number, and where object name and statement are. */
export let statement: i32 = 0;
let nameAt: usize = 0;
let textAt: usize = 0;
let textEnd: usize = 0;

/** The class of a genuine payload from `at` to the quote at `end` that closes the message; 0 if it is not certain. */
export function payloadKind(start: usize, end: usize): u32 {
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
  const last = endOfLast(at, end);
  if (last == 0) return 0;
  return last == end || (end - last <= 10 && areDigits(last + 1, end)) ? kind : 0;
}

/** Where the field of the parameters ends. */
export function endOfLast(at: usize, end: usize): usize {
  return isQuoted(at, end) ? endOfParameters(at + 2, end) : endOfPlain(at, end);
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

export function classOf(at: usize, length: u32): u32 {
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
export function endsPrepared(end: usize): bool {
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

/** Whether a field is empty: pgAudit does not quote it then, but the parser would take that, too. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function isNothing(at: usize): bool {
  return load<u8>(at) == COMMA || (load<u32>(at) == 0x22222222 && load<u8>(at, 4) == COMMA);
}

/** Whether the text of the payload read last is there, and has no word of a text that changes data. */
export function mayForget(): bool {
  const first = load<u8>(textAt) == QUOTE ? textAt + 2 : textAt;
  // `<not logged>`, `<previously logged>`
  if (isNothing(textAt) || load<u8>(first) == 0x3c) return false;
  if (!isNothing(nameAt)) return true;
  const CASE = i8x16.splat(0x20);
  for (let i = textAt; i + 5 <= textEnd; i += 16) {
    const letters = v128.or(v128.load(i), CASE);
    const next = v128.or(v128.load(i, 1), CASE);
    // `in`, `up`, `de`, `me`
    const insert = v128.and(i8x16.eq(letters, i8x16.splat(0x69)), i8x16.eq(next, i8x16.splat(0x6e)));
    const update = v128.and(i8x16.eq(letters, i8x16.splat(0x75)), i8x16.eq(next, i8x16.splat(0x70)));
    const other = v128.or(i8x16.eq(letters, i8x16.splat(0x64)), i8x16.eq(letters, i8x16.splat(0x6d)));
    const both = v128.or(v128.or(insert, update), v128.and(other, i8x16.eq(next, i8x16.splat(0x65))));
    for (let marks = i8x16.bitmask(both); marks != 0; marks &= marks - 1) {
      const at = i + <usize>ctz(marks);
      if (at + 5 <= textEnd && isWriteWord(at)) return false;
    }
  }
  return true;
}

function isWriteWord(at: usize): bool {
  switch (load<u8>(at) | 0x20) {
    case 0x69: // insert
      return isWord(at, 0x7265736e, 0x74);
    case 0x75: // update
      return isWord(at, 0x74616470, 0x65);
    case 0x64: // delete
      return isWord(at, 0x74656c65, 0x65);
    default: // merge
      return (load<u32>(at, 1) | 0x20202020) == 0x65677265;
  }
}

/** Whether these five letters follow. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function isWord(at: usize, four: u32, last: u32): bool {
  return (load<u32>(at, 1) | 0x20202020) == four && (<u32>load<u8>(at, 5) | 0x20) == last;
}
