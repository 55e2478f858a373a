/** How a csvlog record must begin, and which columns it must have, by its raw bytes. */

import { COLUMN } from '../../lib/csvlog.js';

const DASH = 0x2d;
const SPACE = 0x20;
const COLON = 0x3a;
const DOT = 0x2e;
const COMMA = 0x2c;

/** `2026-11-21 20:40:01.123 CET,`: the time takes 23 bytes, then a blank, the zone and a comma. */
export const TIME_LENGTH = 23;
const LONGEST_ZONE = 32;

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function areDigits(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (!isDigit(bytes[i])) return false;
  return true;
}

function isZoneByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const letter = byte | 0x20;
  return (
    (letter >= 0x61 && letter <= 0x7a) || isDigit(byte) || byte === 0x2b || byte === DASH || byte === COLON
  );
}

/**
 * Whether a strict record head (log_time and its comma) begins at `at`; `null` if there are too few bytes up to `end`.
 */
export function isHead(bytes: Buffer, at: number, end: number): boolean | null {
  if (!couldBeTime(bytes, at, end)) return false;
  if (at + TIME_LENGTH + 2 >= end) return null;
  if (bytes[at + TIME_LENGTH] !== SPACE) return false;
  const zone = at + TIME_LENGTH + 1;
  for (let i = zone; i < zone + LONGEST_ZONE; i++) {
    if (i >= end) return null;
    if (bytes[i] === COMMA) return i > zone;
    if (!isZoneByte(bytes[i])) return false;
  }
  return false;
}

/** Whether `dddd-dd-dd dd:dd:dd.ddd` is at `at`, as far as there are bytes before `end`. */
function couldBeTime(bytes: Buffer, at: number, end: number): boolean {
  const stop = Math.min(end, at + TIME_LENGTH);
  for (let i = at; i < stop; i++) {
    const byte = bytes[i];
    switch (i - at) {
      case 4:
      case 7:
        if (byte !== DASH) return false;
        break;
      case 10:
        if (byte !== SPACE) return false;
        break;
      case 13:
      case 16:
        if (byte !== COLON) return false;
        break;
      case 19:
        if (byte !== DOT) return false;
        break;
      default:
        if (!isDigit(byte)) return false;
    }
  }
  return true;
}

/** The first place from `from` on where a head begins, or may begin when more bytes come; `end` if there is none. */
export function findHead(bytes: Buffer, from: number, end: number): number {
  for (let i = from; i < end; i++) {
    if (isHead(bytes, i, end) !== false) return i;
  }
  return end;
}

/** Column counts of PostgreSQL 12 and before, 13, and 14 and later. */
function isColumnCount(columns: number): boolean {
  return columns === 23 || columns === 24 || columns === 26;
}

/** Columns that PostgreSQL writes in quotes or leaves empty (write_csvlog in csvlog.c). */
const QUOTED_COLUMNS = [1, 2, 4, 7, 13, 14, 15, 16, 18, 19, 21, 22, 23].reduce(
  (mask, c) => mask | (1 << c),
  0,
);

/** A record as the framer sees it: where its columns end, and which of them are quoted or empty. */
export interface Shape {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly columns: number;
  /** Where column `i` ends, counted from `start`: the place of its comma or of the final newline. */
  readonly ends: Int32Array;
  /** Bit `i` is set if column `i` is quoted. */
  readonly quoted: number;
}

/**
 * Whether the columns that have a form of their own have it. `strict` also wants PostgreSQL's own
 * quoting: in torn text, which an attacker may have chosen, quotes are what nobody can forge.
 */
export function isWellFormed(shape: Shape, strict: boolean): boolean {
  if (!isColumnCount(shape.columns)) return false;
  if (isHead(shape.bytes, shape.start, shape.end) !== true) return false;
  if (!hasNumber(shape, COLUMN.sessionLine) || !hasNumber(shape, COLUMN.transactionId)) return false;
  if (!isEmpty(shape, COLUMN.pid) && !hasNumber(shape, COLUMN.pid)) return false;
  if (!hasSessionId(shape) || !hasSqlState(shape) || isEmpty(shape, COLUMN.sessionStart)) return false;
  if (shape.columns > COLUMN.queryId && isEmpty(shape, COLUMN.queryId)) return false;
  return !strict || hasOwnQuoting(shape);
}

/** Whether its first columns name a session and a line, whatever comes behind them. */
export function namesLine(shape: Shape): boolean {
  // The line number is only known to be whole if a comma ended it.
  if (shape.columns <= COLUMN.sessionLine + 1) return false;
  const hasHead = isHead(shape.bytes, shape.start, shape.end) === true;
  return hasHead && hasSessionId(shape) && hasNumber(shape, COLUMN.sessionLine);
}

function startOf(shape: Shape, column: number): number {
  return column === 0 ? shape.start : endOf(shape, column - 1) + 1;
}

function endOf(shape: Shape, column: number): number {
  return shape.start + (shape.ends[column] ?? 0);
}

function isEmpty(shape: Shape, column: number): boolean {
  return startOf(shape, column) === endOf(shape, column);
}

function hasNumber(shape: Shape, column: number): boolean {
  return !isEmpty(shape, column) && areDigits(shape.bytes, startOf(shape, column), endOf(shape, column));
}

/** Two hexadecimal numbers with a dot between them. */
function hasSessionId(shape: Shape): boolean {
  const start = startOf(shape, COLUMN.sessionId);
  const end = endOf(shape, COLUMN.sessionId);
  const dot = shape.bytes.indexOf(DOT, start);
  if (dot <= start || dot >= end - 1) return false;
  for (let i = start; i < end; i++) if (i !== dot && !isHexDigit(shape.bytes[i])) return false;
  return true;
}

function isHexDigit(byte: number | undefined): boolean {
  return isDigit(byte) || (byte !== undefined && byte >= 0x61 && byte <= 0x66);
}

/** Five digits or capital letters. */
function hasSqlState(shape: Shape): boolean {
  const start = startOf(shape, COLUMN.sqlState);
  if (endOf(shape, COLUMN.sqlState) !== start + 5) return false;
  for (let i = start; i < start + 5; i++) {
    const byte = shape.bytes[i];
    if (!isDigit(byte) && !(byte !== undefined && byte >= 0x41 && byte <= 0x5a)) return false;
  }
  return true;
}

function hasOwnQuoting(shape: Shape): boolean {
  for (let column = 0; column < shape.columns; column++) {
    const bit = 1 << column;
    const mustQuote = (QUOTED_COLUMNS & bit) !== 0;
    if (!mustQuote && (shape.quoted & bit) !== 0) return false;
    if (mustQuote && (shape.quoted & bit) === 0 && !isEmpty(shape, column)) return false;
  }
  return true;
}
