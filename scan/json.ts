/**
 * Reads one JSON object, strictly: keys of a table, none twice, and values without anything within them, but for the
 * objects that a table allows and what is within the values of unknown keys. Values are left where they are: `VALUES`
 * says where, of a slot whose bit in `present` is set. Of others it has what an earlier object left.
 */

import { BACKSLASH, CLOSE, COLON, COMMA, isDigit, MINUS, OPEN, QUOTE, SPACE, ZERO } from './bytes';
import { KEY_SIZE, KEYS, KEYS_END, MOST_SLOTS, TABLE_END_AT, VALUES } from './memory';

const LIST: u32 = 0x5b;
const LIST_END: u32 = 0x5d;

/** How a value is written: not at all; a string; one with escapes; a number or a word. */
export const ABSENT: u32 = 0;
export const PLAIN: u32 = 1;
export const ESCAPED: u32 = 2;
export const BARE: u32 = 3;
/** In place of a slot: the object of the next table follows. */
export const OBJECT: u32 = 0x100;
/** A slot of a value that nobody needs. */
const NO_SLOT: u32 = OBJECT - 1;
/** In place of a table: no key is known. */
const NO_TABLE: usize = 0;
/** How deep objects and lists may be within an unknown key's value: the stack is small. */
const DEEPEST: u32 = 32;

let keys: usize = KEYS;
/** The first key of the table that is being written. */
let table: usize = KEYS;

/** Begins the list of all tables' keys. */
export function clearKeys(): void {
  keys = KEYS;
  table = KEYS;
}

/** Address to write a key's bytes to, of which there are `length`; a key of length 0 ends a table. */
export function addKey(length: u32, slot: u32): usize {
  if (keys + KEY_SIZE > KEYS_END) unreachable();
  store<u32>(keys, length);
  store<u32>(keys, slot, 4);
  if (length == 0) {
    store<u32>(table, <u32>keys, TABLE_END_AT);
    table = keys + KEY_SIZE;
  }
  keys += KEY_SIZE;
  return keys - KEY_SIZE + 8;
}

/** Bit `i` is set if slot `i` has a value, and if that has escapes. */
let present: u64 = 0;
export let withEscapes: u64 = 0;

// @ts-ignore: decorators are AssemblyScript's
@inline
export function howOf(slot: u32): u32 {
  return (present >> slot) & 1 ? load<u32>(VALUES + (<usize>slot << 4), 8) : ABSENT;
}

// @ts-ignore: decorators are AssemblyScript's
@inline
export function valueAt(slot: u32): usize {
  return load<u32>(VALUES + (<usize>slot << 4));
}

// @ts-ignore: decorators are AssemblyScript's
@inline
export function valueEnd(slot: u32): usize {
  return load<u32>(VALUES + (<usize>slot << 4), 4);
}

export function clearValues(): void {
  present = 0;
  withEscapes = 0;
}

let hasEscape: bool = false;

/** The closing quote of a string from behind its opening one; 0 if it does not end before `end`, as in all that follows. */
function endOfString(at: usize, end: usize): usize {
  const Q = i8x16.splat(0x22);
  const B = i8x16.splat(0x5c);
  const S = i8x16.splat(0x20);
  hasEscape = false;
  for (let i = at; i < end; ) {
    const bytes = v128.load(i);
    const marks = i8x16.bitmask(
      v128.or(v128.or(i8x16.eq(bytes, Q), i8x16.eq(bytes, B)), i8x16.lt_u(bytes, S)),
    );
    if (marks == 0) {
      i += 16;
      continue;
    }
    i += <usize>ctz(marks);
    if (i >= end) return 0;
    const byte = <u32>load<u8>(i);
    if (byte == QUOTE) return i;
    if (byte != BACKSLASH) return 0;
    hasEscape = true;
    i += 2;
  }
  return 0;
}

/** One past a number, or one of JSON's words. */
function endOfBare(at: usize, end: usize): usize {
  const first = <u32>load<u8>(at);
  const word = load<u32>(at);
  if (word == 0x65757274 || word == 0x6c6c756e) return at + 4 <= end ? at + 4 : 0;
  if (word == 0x736c6166 && load<u8>(at, 4) == 0x65) return at + 5 <= end ? at + 5 : 0;
  return endOfNumber(first == MINUS ? at + 1 : at, end);
}

/** One past the digits, of which there must be one. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function behindDigits(at: usize, end: usize): usize {
  let i = at;
  while (i < end && isDigit(load<u8>(i))) i++;
  return i > at ? i : 0;
}

/** `0`, `1781`, `1.5e+3` */
function endOfNumber(at: usize, end: usize): usize {
  if (load<u8>(at) == ZERO && isDigit(load<u8>(at, 1))) return 0;
  let i = behindDigits(at, end);
  if (i != 0 && load<u8>(i) == 0x2e) i = behindDigits(i + 1, end);
  if (i != 0 && (load<u8>(i) | 0x20) == 0x65) {
    const sign = <u32>load<u8>(i, 1);
    i = behindDigits(sign == 0x2b || sign == MINUS ? i + 2 : i + 1, end);
  }
  return i;
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function behindSpaces(at: usize, end: usize): usize {
  let i = at;
  while (i < end && load<u8>(i) == SPACE) i++;
  return i;
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function isKey(at: usize, key: usize): bool {
  const length = load<u32>(key);
  if (load<u8>(at + length) != QUOTE) return false;
  let i: u32 = 0;
  for (; i + 8 <= length; i += 8) if (load<u64>(at + i) != load<u64>(key + i, 8)) return false;
  const left = (length - i) << 3;
  return left == 0 || ((load<u64>(at + i) ^ load<u64>(key + i, 8)) << (64 - left)) == 0;
}

/** The key at `at`, behind its quote, among those from `first` to `last`: it is `hint`, mostly, or one soon after it. */
function keyAt(at: usize, hint: usize, first: usize, last: usize): usize {
  for (let key = hint; key < last; key += KEY_SIZE) if (isKey(at, key)) return key;
  for (let key = first; key < hint; key += KEY_SIZE) if (isKey(at, key)) return key;
  return 0;
}

/**
 * One past the object's closing brace.
 *
 * @param first the first key of its table
 * @param isOpen whether other keys are allowed, with any values
 */
export function readObject(start: usize, end: usize, first: usize, isOpen: bool): usize {
  if (load<u8>(start) != OPEN) return 0;
  const last = first == NO_TABLE ? NO_TABLE : <usize>load<u32>(first, TABLE_END_AT);
  let hint = first;
  let at = behindSpaces(start + 1, end);
  if (at < end && load<u8>(at) == CLOSE) return at + 1;
  while (at < end) {
    if (load<u8>(at) != QUOTE) return 0;
    const key = keyAt(at + 1, hint, first, last);
    const plain: usize = key == 0 ? 0 : behindPlain(at + load<u32>(key) + 2, end, load<u32>(key, 4));
    if (plain != 0) {
      hint = key + KEY_SIZE;
      if (load<u16>(plain) == COMMA_QUOTE) {
        at = plain + 1;
        continue;
      }
      at = behindSpaces(plain, end);
      if (at < end && load<u8>(at) == CLOSE) return at + 1;
      at = behindComma(at, end);
      if (at == 0) return 0;
      continue;
    }
    if (key != 0) {
      hint = key + KEY_SIZE;
      at += load<u32>(key) + 2;
    } else {
      if (!isOpen) return 0;
      at = endOfString(at + 1, end);
      if (at == 0) return 0;
      at++;
    }
    at = behindSpaces(at, end);
    if (at >= end || load<u8>(at) != COLON) return 0;
    at = behindSpaces(at + 1, end);
    if (at >= end) return 0;
    const slot = key == 0 ? NO_SLOT : load<u32>(key, 4);
    if (slot >= OBJECT) {
      // Its own slot says that it is there.
      if (!isFree(slot - OBJECT)) return 0;
      present |= <u64>1 << (slot - OBJECT);
      store<u32>(VALUES + (<usize>(slot - OBJECT) << 4), BARE, 8);
      at = readObject(at, end, last + KEY_SIZE, false);
    } else at = key == 0 ? readOther(at, end) : readValue(at, end, slot);
    if (at == 0) return 0;
    at = behindSpaces(at, end);
    if (at < end && load<u8>(at) == CLOSE) return at + 1;
    at = behindComma(at, end);
    if (at == 0) return 0;
  }
  return 0;
}

/** `,"` */
const COMMA_QUOTE: u16 = 0x222c;

/**
 * What programs write: a colon at `colon`, and a string or a whole number without spaces around it. One past the value,
 * which is kept, if its slot is free.
 */
// @ts-ignore: decorators are AssemblyScript's
@inline
function behindPlain(colon: usize, end: usize, slot: u32): usize {
  if (load<u8>(colon) != COLON || slot >= MOST_SLOTS || !isFree(slot)) return 0;
  const at = colon + 1;
  const first = <u32>load<u8>(at);
  if (first == QUOTE) {
    const to = endOfString(at + 1, end);
    if (to == 0) return 0;
    keep(slot, at + 1, to, hasEscape ? ESCAPED : PLAIN);
    return to + 1;
  }
  let to = at;
  while (to < end && isDigit(load<u8>(to))) to++;
  if (to == at || (first == ZERO && to > at + 1) || (load<u8>(to) != COMMA && load<u8>(to) != CLOSE)) return 0;
  keep(slot, at, to, BARE);
  return to;
}

/** Behind a comma, and the spaces around it. */
function behindComma(from: usize, end: usize): usize {
  const at = behindSpaces(from, end);
  return at < end && load<u8>(at) == COMMA ? behindSpaces(at + 1, end) : 0;
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function keep(slot: u32, from: usize, to: usize, how: u32): void {
  present |= <u64>1 << slot;
  if (how == ESCAPED) withEscapes |= <u64>1 << slot;
  const value = VALUES + (<usize>slot << 4);
  store<u32>(value, <u32>from);
  store<u32>(value, <u32>to, 4);
  store<u32>(value, how, 8);
}

let depth: u32 = 0;

/** One past an unknown key's value. */
function readOther(at: usize, end: usize): usize {
  const byte = <u32>load<u8>(at);
  if (byte != OPEN && byte != LIST) return readValue(at, end, NO_SLOT);
  if (depth == DEEPEST) return 0;
  depth++;
  const to = byte == OPEN ? readObject(at, end, NO_TABLE, true) : readList(at, end);
  depth--;
  return to;
}

function readList(start: usize, end: usize): usize {
  let at = behindSpaces(start + 1, end);
  if (at < end && load<u8>(at) == LIST_END) return at + 1;
  while (at < end) {
    at = readOther(at, end);
    if (at == 0) return 0;
    at = behindSpaces(at, end);
    if (at >= end) return 0;
    const byte = <u32>load<u8>(at);
    if (byte == LIST_END) return at + 1;
    if (byte != COMMA) return 0;
    at = behindSpaces(at + 1, end);
  }
  return 0;
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function isFree(slot: u32): bool {
  return ((present >> slot) & 1) == 0;
}

function readValue(at: usize, end: usize, slot: u32): usize {
  const isString = load<u8>(at) == QUOTE;
  const from = isString ? at + 1 : at;
  const to = isString ? endOfString(from, end) : endOfBare(from, end);
  if (to == 0) return 0;
  if (slot < MOST_SLOTS) {
    if (!isFree(slot)) return 0;
    keep(slot, from, to, isString ? (hasEscape ? ESCAPED : PLAIN) : BARE);
  }
  return isString ? to + 1 : to;
}
