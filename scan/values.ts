/**
 * A record's columns where its JSON has them, for those that are skipped: they are not written down. That is only where
 * the values are as plain as csvlog would have them; others are written down (row.ts).
 */

import { areDigits, COMMA, numberAt, QUOTE } from './bytes';
import {
  COMMAND,
  FIELD,
  IN_QUOTES,
  INTERNAL_POSITION,
  LEADER,
  MESSAGE,
  OBJECT_TYPE,
  PARAMETER,
  POSITION,
  QUERY_ID,
  ROWS,
  SESSION_START,
  SEVERITY,
  STATEMENT,
  VIRTUAL,
} from './columns';
import { ABSENT, howOf, PLAIN, valueAt, valueEnd, withEscapes } from './json';
import { classOf, endOfLast, endsPrepared } from './payload';
import { isThere, writeField, writeQuoted } from './row';

/** Values that may have escapes. */
const MAY_ESCAPE: u64 = ((<u64>1) << MESSAGE) | ((<u64>1) << STATEMENT) | ((<u64>1) << PARAMETER);

/** Whether a value that is empty was not NULL. */
let keepsEmpty: bool = false;
/** Whether the message is in pgAudit's fields. */
export let areParts: bool = false;
/** Where a text may be written. */
let scratch: usize = 0;
/** The message with its quotes, each within it doubled. */
export let messageAt: usize = 0;
export let messageEnd: usize = 0;

// @ts-ignore: decorators are AssemblyScript's
@inline
export function isGiven(column: u32): bool {
  return howOf(column) != ABSENT && (keepsEmpty || valueAt(column) != valueEnd(column));
}

/** Where a column begins and ends, with its quotes, if it has any; 0 for both if it is empty. */
// @ts-ignore: decorators are AssemblyScript's
@inline
export function columnAt(column: u32): usize {
  return isGiven(column) ? valueAt(column) - ((IN_QUOTES >> column) & 1) : 0;
}

// @ts-ignore: decorators are AssemblyScript's
@inline
export function columnEnd(column: u32): usize {
  return isGiven(column) ? valueEnd(column) + ((IN_QUOTES >> column) & 1) : 0;
}

/** PostgreSQL writes none into a column without quotes. */
function hasComma(column: u32): bool {
  if (!isGiven(column)) return false;
  const C = i8x16.splat(<u8>COMMA);
  const end = valueEnd(column);
  for (let i = valueAt(column); i < end; i += 16) {
    const marks = i8x16.bitmask(i8x16.eq(v128.load(i), C));
    if (marks && i + <usize>ctz(marks) < end) return true;
  }
  return false;
}

/**
 * Whether the values that were read are plain enough to be looked at where they are.
 *
 * @param at where a text with escapes may be written
 */
export function arePlain(keeps: bool, parts: bool, at: usize): bool {
  scratch = at;
  keepsEmpty = keeps;
  areParts = parts;
  if (withEscapes & ~MAY_ESCAPE) return false;
  // Other columns without quotes are compared, or read as numbers.
  if (hasComma(SESSION_START) || hasComma(VIRTUAL) || hasComma(SEVERITY) || hasComma(INTERNAL_POSITION)) return false;
  if (hasComma(POSITION) || hasComma(LEADER) || hasComma(QUERY_ID)) return false;
  return parts || findMessage();
}

function findMessage(): bool {
  if (!isGiven(MESSAGE)) return false;
  if ((withEscapes >> MESSAGE) & 1) {
    messageAt = scratch;
    messageEnd = writeQuoted(scratch, MESSAGE);
    return messageEnd != 0;
  }
  messageAt = columnAt(MESSAGE);
  messageEnd = columnEnd(MESSAGE);
  return howOf(MESSAGE) == PLAIN;
}

/** Of the parts that were looked at last: the statement's number. */
export let partsStatement: i32 = 0;

/** As `payloadKind`, of the parts. An empty one is left out. */
export function partsKind(): u32 {
  for (let field = FIELD; field < STATEMENT; field++) {
    const how = howOf(field);
    if (how != PLAIN && (how != ABSENT || field < OBJECT_TYPE)) return 0;
  }
  if (!isType(valueAt(FIELD), valueEnd(FIELD))) return 0;
  partsStatement = numberAt(valueAt(FIELD + 1), valueEnd(FIELD + 1));
  if (partsStatement < 0 || !isNumber(FIELD + 2) || endsPrepared(valueEnd(COMMAND))) return 0;
  if (!isText(STATEMENT) || !areParameters() || (isThere(ROWS) && !isNumber(ROWS))) return 0;
  return classOf(valueAt(FIELD + 3), <u32>(valueEnd(FIELD + 3) - valueAt(FIELD + 3)));
}

/** Of at most nine digits. */
function isNumber(slot: u32): bool {
  const at = valueAt(slot);
  const end = valueEnd(slot);
  return howOf(slot) == PLAIN && end - at <= 9 && areDigits(at, end);
}

/** An escape may be none. */
function isText(slot: u32): bool {
  return howOf(slot) == PLAIN || (((withEscapes >> slot) & 1) == 1 && writeQuoted(scratch, slot) != 0);
}

/** Without escapes they have neither quotes nor line breaks: JSON has no control character as it is. */
function areParameters(): bool {
  if (!isThere(PARAMETER)) return false;
  if (howOf(PARAMETER) == PLAIN) return true;
  const end = ((withEscapes >> PARAMETER) & 1) == 1 ? writeField(scratch, PARAMETER) : 0;
  if (end == 0) return false;
  // What follows in a message.
  store<u8>(end, QUOTE);
  return endOfLast(scratch, end) == end;
}

/** `SESSION` or `OBJECT` */
function isType(at: usize, end: usize): bool {
  const first = load<u64>(at);
  if (end - at == 7) return (first << 8) == 0x4e4f495353455300;
  return end - at == 6 && (first << 16) == 0x5443454a424f0000;
}
