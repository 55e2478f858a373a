/**
 * Records in which the server itself logs a statement. `log_statement` logs it before it runs: `statement: UPDATE …`,
 * with the first word translated by lc_messages, or `execute <unnamed>: UPDATE …`. Durations log it afterwards:
 * `duration: 0.3 ms  statement: UPDATE …`.
 */

import { COLUMN } from '../lib/csvlog.js';
import type { RawRecord } from '../read/record.js';
import type { Decode } from './encodings.js';

const SUCCESS = Buffer.from('00000');
/**
 * Command tag of a session without a running statement. With `update_process_title` off, it stays what it was: whoever
 * sets that in a session can choose any.
 */
const IDLE = Buffer.from('idle');
/** `statement: ` in the languages that PostgreSQL is translated to (its po files): no tag is needed to know these. */
const STATEMENT =
  /^"?(?:statement|Anweisung|sentencia|instruction |istruzione|sats|оператор|ოპერატორი|文|语句|명령 구문): /;
const EXECUTE = Buffer.from('execute ');
/** `execute fetch from <unnamed>/C_1: …`: fetches more rows of a statement that was logged before. */
const FETCH = /^(?:[^\s:]+\s?: [\d.,]+ ms {2})?execute fetch from /;
/** `statement: `; French has a space before the colon. */
const WORD = /^"?[^\s:"]+\s?: /;
const DURATION = /^"?[^\s:"]+\s?: [\d.,]+ ms(?: {2}|"|$)/;
/** The statement ran; it was not only parsed or bound. */
const RAN = /^[^\s:]+\s?: [\d.,]+ ms {2}(?:execute |[^\s:]+\s?: )/;
/** Bytes of the message within which these expressions must match. */
const LONGEST_START = 100;
/** Bytes of a message; PostgreSQL's parser is not given a longer text. */
const LARGEST = 256 * 1024;

/**
 * `before`: the server logs a statement that it is about to run, or something between two statements, like
 * `disconnection: `. `after`: how long one took. In both cases all records of the statement before it were read.
 * `null`: neither.
 */
export function lineAround(record: RawRecord): 'before' | 'after' | null {
  if (!record.startsWith(COLUMN.sqlState, SUCCESS)) return null;
  if (!record.isEmpty(COLUMN.context) || !record.isEmpty(COLUMN.query)) return null;
  if (record.startsWith(COLUMN.message, EXECUTE)) return 'before';
  const start = startOf(record);
  if (DURATION.test(start)) return 'after';
  if (STATEMENT.test(start)) return 'before';
  return record.startsWith(COLUMN.commandTag, IDLE) && WORD.test(start) ? 'before' : null;
}

function startOf(record: RawRecord): string {
  const start = record.endOf(COLUMN.message - 1) + 1;
  const end = Math.min(record.endOf(COLUMN.message), start + LONGEST_START);
  return record.bytes.toString('utf8', start, end);
}

/** The SQL of such a record; `null` if it has no SQL that runs, or too much. */
export function statementIn(
  record: RawRecord,
  around: 'before' | 'after',
  decode: Decode | null,
): string | null {
  if (record.endOf(COLUMN.message) - record.endOf(COLUMN.message - 1) > LARGEST) return null;
  const message = record.text(COLUMN.message, decode);
  if (FETCH.test(message) || (around === 'after' && !RAN.test(message))) return null;
  const text = message.slice(message.indexOf(': ') + 2);
  return around === 'before' ? text : text.slice(text.indexOf(': ') + 2);
}
