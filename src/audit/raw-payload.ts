/**
 * Checks pgAudit's payload where it stands in the log, without making a text of it: `parsePayload` for those who only
 * want to know that it is genuine.
 *
 * In the column of the message every quote is doubled. So `""` is one quote of the payload, `""""` one within a
 * quoted field of it, or one of the parameters', and the first odd one closes the message.
 */

import { COLUMN } from '../lib/csvlog.js';
import type { RawRecord } from '../read/record.js';
import { Phrases } from './phrases.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const ZERO = 0x30;

/** Four characters as they stand in the log. */
export function word(text: string): number {
  return Buffer.from(text).readInt32LE();
}

const SESS = word('SESS');
const ION_ = word('ION,');
const OBJE = word('OBJE');
const ECT_ = word('ECT,');
const READ = word('READ');
const WRIT = word('WRIT');
const ITE_ = word('ITE,');
const FUNC = word('FUNC');
const TION = word('TION');
const DDL_ = word('DDL,');
const MISC = word('MISC');

/** Fields between class and parameters: command, object type, object name and statement. */
const TEXTS = 4;
/** Of a whole number, as `parsePayload` reads them. */
const MOST_DIGITS = 15;
/** Bytes; more than any look goes behind the place that it is at. */
const SHORT_MESSAGE = 256;
/** Bytes that are looked at before a search. */
const NEAR = 8;

/**
 * Returns where the quote stands that closes the message; -1 where the payload is not genuine, or that cannot be told
 * in passing: also for class ROLE, after which roles are looked up anew.
 *
 * @param start after `AUDIT: `
 * @param stop where a newline stands, at or behind `start`, beyond which nothing is looked at but for a few bytes
 */
export function endOfPayload(
  bytes: Buffer,
  view: DataView,
  start: number,
  stop: number,
  phrases: Phrases,
): number {
  let at = afterType(view, start);
  if (at !== -1) at = afterNumber(view, at);
  if (at !== -1) at = afterNumber(view, at);
  if (at === -1) return -1;
  const known = phrases.endAt(view, at);
  const parameters = known !== -1 ? known : afterStatement(bytes, view, at, stop);
  if (parameters === -1) return -1;
  if (known === -1) phrases.add(bytes, view, at, parameters);
  return endOfMessage(view, parameters, stop);
}

/**
 * The number of the statement; -1 where none can be told in passing.
 *
 * @param start after `AUDIT: `
 */
export function statementAt(view: DataView, start: number): number {
  const at = afterType(view, start);
  const end = at === -1 ? -1 : endOfDigits(view, at);
  if (end === -1) return -1;
  let number = 0;
  for (let i = at; i < end; i++) number = number * 10 + view.getUint8(i) - ZERO;
  return number;
}

/** The statement's number where the payload of a record whose message begins with `AUDIT: ` is certain to be genuine; else `null`. */
export function statementOfGenuine(record: RawRecord): number | null {
  const { bytes } = record;
  const before = record.endOf(COLUMN.message - 1);
  // A look at a short one might go behind the record.
  if (record.endOf(COLUMN.message) - before < SHORT_MESSAGE) return null;
  const start = before + ',"AUDIT: '.length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = endOfPayload(bytes, view, start, bytes.length, new Phrases());
  return end === record.endOf(COLUMN.message) - 1 ? statementAt(view, start) : null;
}

/** From the parameters on. */
function endOfMessage(view: DataView, at: number, stop: number): number {
  const end = startsQuoted(view, at) ? endOfParameters(view, at + 2, stop) : endOfPlain(view, at);
  return end === -1 || view.getUint8(end) === QUOTE ? end : endOfRows(view, end);
}

/** From the class to the statement's end. */
function afterStatement(bytes: Buffer, view: DataView, start: number, stop: number): number {
  let at = afterClass(view, start);
  for (let field = 0; field < TEXTS && at !== -1; field++) {
    const end = endOfField(bytes, view, at, stop);
    at = end !== -1 && view.getUint8(end) === COMMA ? end + 1 : -1;
  }
  return at;
}

function afterType(view: DataView, at: number): number {
  const first = view.getInt32(at, true);
  if (first === SESS && view.getInt32(at + 4, true) === ION_) return at + 'SESSION,'.length;
  if (first === OBJE && view.getInt32(at + 3, true) === ECT_) return at + 'OBJECT,'.length;
  return -1;
}

function afterClass(view: DataView, at: number): number {
  switch (view.getInt32(at, true)) {
    case READ:
    case MISC:
      return view.getUint8(at + 4) === COMMA ? at + 5 : -1;
    case WRIT:
      return view.getInt32(at + 2, true) === ITE_ ? at + 6 : -1;
    case DDL_:
      return at + 4;
    case FUNC:
      return view.getInt32(at + 4, true) === TION && view.getUint8(at + 8) === COMMA ? at + 9 : -1;
    default:
      return -1;
  }
}

/** One past the comma behind a whole number; -1 where there is none. */
function afterNumber(view: DataView, at: number): number {
  const end = endOfDigits(view, at);
  return end !== -1 && view.getUint8(end) === COMMA ? end + 1 : -1;
}

function endOfDigits(view: DataView, at: number): number {
  let i = at;
  while (isDigit(view.getUint8(i))) i++;
  return i > at && i - at <= MOST_DIGITS ? i : -1;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** With `pgaudit.log_rows`: `,12` and the end. */
function endOfRows(view: DataView, at: number): number {
  const end = endOfDigits(view, at + 1);
  return end !== -1 && closesMessage(view, end) ? end : -1;
}

function closesMessage(view: DataView, at: number): boolean {
  return view.getUint8(at) === QUOTE && view.getUint8(at + 1) !== QUOTE;
}

function startsQuoted(view: DataView, at: number): boolean {
  return view.getUint8(at) === QUOTE && view.getUint8(at + 1) === QUOTE;
}

/** Where the comma stands, or the quote that closes the message; -1 where the field is not as pgAudit writes it. */
function endOfField(bytes: Buffer, view: DataView, at: number, stop: number): number {
  if (view.getUint8(at) === COMMA) return at;
  return startsQuoted(view, at) ? endOfQuoted(bytes, view, at + 2, stop) : endOfPlain(view, at);
}

/** A field without quotes holds no quote and no line break. */
function endOfPlain(view: DataView, at: number): number {
  for (let i = at; ; i += 4) {
    const marks = marksIn(view.getInt32(i, true));
    if (marks === 0) continue;
    const end = i + ((31 - Math.clz32(marks & -marks)) >> 3);
    return view.getUint8(end) === COMMA || closesMessage(view, end) ? end : -1;
  }
}

/** Of four bytes, the lowest set bit is in the first that is a comma, a quote or a line break; 0 where none is. */
function marksIn(bytes: number): number {
  return (
    (zeroIn(bytes ^ 0x2c2c2c2c) |
      zeroIn(bytes ^ 0x22222222) |
      zeroIn(bytes ^ 0x0a0a0a0a) |
      zeroIn(bytes ^ 0x0d0d0d0d)) &
    0x80808080
  );
}

/** Its top bit is set in the first byte that is zero; behind that the bits say nothing. */
function zeroIn(bytes: number): number {
  return ((bytes - 0x01010101) | 0) & ~bytes;
}

/** @param at after the quotes that open the field */
function endOfQuoted(bytes: Buffer, view: DataView, at: number, stop: number): number {
  for (let i = at; ; ) {
    i = nextQuote(bytes, view, i);
    if (i === -1 || i >= stop) return -1;
    const run = quotesAt(view, i);
    const pairs = run >> 1;
    i += pairs * 2;
    if ((pairs & 1) === 1) return isEnd(view, i) ? i : -1;
    if ((run & 1) === 1) return -1;
  }
}

/** To search costs as much as to look at some bytes: a large record may hold a quote in every few. */
function nextQuote(bytes: Buffer, view: DataView, at: number): number {
  const near = Math.min(at + NEAR, bytes.length);
  for (let i = at; i < near; i++) if (view.getUint8(i) === QUOTE) return i;
  return bytes.indexOf(QUOTE, near);
}

/** After a run of pairs: a quote that is left is not one of two. */
function isEnd(view: DataView, at: number): boolean {
  const byte = view.getUint8(at);
  return byte === COMMA || byte === QUOTE;
}

function quotesAt(view: DataView, at: number): number {
  let i = at;
  while (view.getUint8(i) === QUOTE) i++;
  return i - at;
}

/** Where a parameter may stand. */
const AT_START = 0;
const PLAIN = 1;
const QUOTED = 2;
const CLOSED = 3;

/** Parameters are CSV once more. `at`: after the quotes that open the field. */
function endOfParameters(view: DataView, at: number, stop: number): number {
  let state = AT_START;
  for (let i = at; i < stop; ) {
    const byte = view.getUint8(i);
    if (byte === QUOTE) {
      const run = quotesAt(view, i);
      const pairs = run >> 1;
      i += pairs * 2;
      state = afterQuotes(state, pairs >> 1);
      if (state === -1) return -1;
      if ((pairs & 1) === 1) return state !== QUOTED && isEnd(view, i) ? i : -1;
      if ((run & 1) === 1) return -1;
    } else {
      i++;
      if (state === QUOTED) continue;
      if (byte === COMMA) state = AT_START;
      else if (state === CLOSED || byte === NEWLINE || byte === RETURN) return -1;
      else state = PLAIN;
    }
  }
  return -1;
}

/** The state after so many quotes of the parameters' own; -1 where they break the rule. */
function afterQuotes(state: number, quotes: number): number {
  if (quotes === 0) return state;
  if (state === AT_START) return (quotes & 1) === 1 ? QUOTED : CLOSED;
  if (state !== QUOTED) return -1;
  return (quotes & 1) === 1 ? CLOSED : QUOTED;
}
