/**
 * Finds the records of logs that have one a line: jsonlog, and what CloudNativePG prints, as a node keeps it
 * (`2026-11-29T12:00:00.000000000Z stdout F {…}`). Most records are skipped where they are (values.ts). Each other one is
 * written down again as a row of csvlog (row.ts), so that all that comes after reads one kind of record.
 *
 * Rows go to the output, which each run begins again: those that were skipped are there until the next run.
 */

import { NEWLINE, OPEN, SPACE } from './bytes';
import { AUDIT, LOGGER, MESSAGE, RECORD as RECORD_SLOT } from './columns';
import { ABSENT, clearValues, howOf, PLAIN, readObject, valueAt, valueEnd } from './json';
import { INPUT, KEYS } from './memory';
import { mostOf, rowAt, rowColumns, rowEnd, rowQuoted, writeRow } from './row';
import { skips, skipsValues } from './skip';
import { arePlain } from './values';

export { rowAt, rowColumns, rowEnd, rowQuoted };
export { addKey, clearKeys } from './json';

/** What ended a run: all bytes were looked at; a line is a record; the line is none, or not plain; the output is full. */
const MORE: i32 = 0;
const RECORD: i32 = 1;
const BREACH: i32 = 2;
const FULL: i32 = 3;
/** Of a text: it is a line of something else, or a record that was skipped. */
const OTHER: i32 = 4;

/** The line that is being looked at. */
export let lineAt: usize = INPUT;
/** One past the newline of the line that ended the last run. */
export let lineEnd: usize = INPUT;
/** No newline is before this. */
let looked: usize = INPUT;
let isTaken: bool = false;

let output: usize = 0;
let outputEnd: usize = 0;
let free: usize = 0;

/** Whether lines are CloudNativePG's. */
export let isWrapped: bool = false;
/** Whether records may be skipped. */
export let areSkipped: bool = false;

/** Says where rows may be written: behind the end, 16 bytes more. */
export function setOutput(at: usize, end: usize): void {
  output = at;
  outputEnd = end;
  free = at;
}

/** Begins at an address, where a line begins. */
export function restartLines(at: usize): void {
  lineAt = at;
  lineEnd = at;
  looked = at;
  isTaken = false;
}

/** The bytes were moved towards the start of memory. */
export function movedLines(by: usize): void {
  lineAt -= by;
  lineEnd -= by;
  looked -= by;
}

/** The place of the next newline; `end` if there is none. */
function newlineFrom(at: usize, end: usize): usize {
  const N = i8x16.splat(0x0a);
  for (let i = at; i < end; i += 16) {
    const marks = i8x16.bitmask(i8x16.eq(v128.load(i), N));
    if (marks) return min(end, i + <usize>ctz(marks));
  }
  return end;
}

/** Looks at the lines before `to`, behind which 64 more bytes can be read. */
export function runLines(to: usize): i32 {
  if (isTaken) restartLines(lineEnd);
  free = output;
  while (lineAt < to) {
    const found = readLine(to);
    if (found == MORE || found == BREACH || found == FULL) return found;
    if (found == RECORD) {
      if (!areSkipped || !skips(rowAt, rowEnd + 1, rowColumns, 0, valueAt(0), <u32>(lineEnd - lineAt))) {
        isTaken = true;
        return RECORD;
      }
      free = rowEnd + 1;
    }
    restartLines(lineEnd);
  }
  return MORE;
}

function readLine(to: usize): i32 {
  // A line that goes on behind `to` is not read again and again.
  if (looked == lineAt) {
    const found = isWrapped ? readWrapped(lineAt, to, false) : read(lineAt, to, false);
    if (found != BREACH) return found;
  }
  const newline = newlineFrom(looked, to);
  looked = newline;
  if (newline == to) return MORE;
  lineEnd = newline + 1;
  return isWrapped ? readWrapped(lineAt, newline, true) : read(lineAt, newline, true);
}

/** One text, which nothing is around any more; as a run, its row begins the output. */
export function readText(at: usize, end: usize): i32 {
  free = output;
  areSkipped = false;
  return isWrapped ? readLogger(at, end, true) : read(at, end, true);
}

/** @param isEndKnown whether the line ends at `end`; else the record ends it before that */
function read(at: usize, end: usize, isEndKnown: bool): i32 {
  clearValues();
  const behind = readObject(at, end, KEYS, false);
  if (!isWhole(behind, end, isEndKnown)) return BREACH;
  if (free + mostOf(behind - at, isWrapped) > outputEnd) return FULL;
  if (isSkipped(KEEPS_EMPTY, !IN_PARTS)) return OTHER;
  return isRow(writeRow(free, !IN_PARTS, true, KEEPS_EMPTY));
}

/** Whether the object up to `behind` is all of the text: to its end, or to a newline that ends the line. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function isWhole(behind: usize, end: usize, isEndKnown: bool): bool {
  if (isEndKnown) return behind == end;
  if (behind == 0 || behind >= end || load<u8>(behind) != NEWLINE) return false;
  lineEnd = behind + 1;
  return true;
}

/** PostgreSQL writes empty values, and CloudNativePG leaves them out. */
const KEEPS_EMPTY: bool = true;
const IN_PARTS: bool = true;

/** Whether the record is skipped without its row. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function isSkipped(keepsEmpty: bool, areParts: bool): bool {
  return areSkipped && arePlain(keepsEmpty, areParts, free) && skipsValues(<u32>(lineEnd - lineAt));
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function isRow(isWritten: bool): i32 {
  if (!isWritten) return BREACH;
  store<u8>(rowEnd, NEWLINE);
  return RECORD;
}

/** Where the text of a line begins that is whole: behind time, stream and `F`; 0 if it is not that. */
function textAt(at: usize, end: usize): usize {
  const near = min(end, at + 64);
  let i = at;
  while (i < near && load<u8>(i) != SPACE && load<u8>(i) != NEWLINE) i++;
  // ` stdout F `, ` stderr F `
  if (i + 10 > end || i == at || load<u8>(i, 7) != SPACE || load<u16>(i, 8) != 0x2046) return 0;
  const stream = load<u64>(i) & 0x00ffffffffffffff;
  return stream == 0x74756f64747320 || stream == 0x72726564747320 ? i + 10 : 0;
}

function readWrapped(at: usize, end: usize, isEndKnown: bool): i32 {
  const text = textAt(at, end);
  return text == 0 ? BREACH : readLogger(text, end, isEndKnown);
}

/** A line of the instance manager's: of its loggers, `postgres` and `pgaudit` have the records. */
function readLogger(at: usize, end: usize, isEndKnown: bool): i32 {
  if (at == end || load<u8>(at) != OPEN) return isEndKnown ? OTHER : BREACH;
  clearValues();
  const behind = readObject(at, end, KEYS, true);
  if (!isWhole(behind, end, isEndKnown)) return BREACH;
  if (free + mostOf(behind - at, isWrapped) > outputEnd) return FULL;
  if (howOf(RECORD_SLOT) == ABSENT) return OTHER;
  const isAudit = isLogger(0x74696475616770, 7);
  if (!isAudit && !isLogger(0x7365726774736f70, 8)) return OTHER;
  const hasAudit = howOf(AUDIT) != ABSENT;
  if (!isAudit && !hasAudit) {
    if (isSkipped(!KEEPS_EMPTY, !IN_PARTS)) return OTHER;
    return isRow(writeRow(free, !IN_PARTS, true, !KEEPS_EMPTY));
  }
  const hasMessage = howOf(MESSAGE) != ABSENT && valueAt(MESSAGE) != valueEnd(MESSAGE);
  const doAgree = isAudit && hasAudit && !hasMessage;
  if (doAgree && isSkipped(!KEEPS_EMPTY, IN_PARTS)) return OTHER;
  return isRow(writeRow(free, IN_PARTS, doAgree, !KEEPS_EMPTY));
}

/** Whether the logger has this name, given as its bytes from the last to the first. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function isLogger(name: u64, length: usize): bool {
  if (howOf(LOGGER) != PLAIN || valueEnd(LOGGER) - valueAt(LOGGER) != length) return false;
  const bytes = load<u64>(valueAt(LOGGER));
  return length == 8 ? bytes == name : (bytes << 8) == (name << 8);
}
