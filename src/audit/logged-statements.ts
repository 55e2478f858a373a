/**
 * Lines in which the server logs a statement. `log_statement` logs it before it runs: `statement: UPDATE …`, the first
 * word translated by lc_messages, or `execute <unnamed>: UPDATE …`. Durations log it when it is done:
 * `duration: 0.3 ms  statement: UPDATE …`.
 */

import { COLUMN } from '../lib/csvlog.js';
import type { RawRecord } from '../read/record.js';
import type { Decode } from './encodings.js';

const SUCCESS = Buffer.from('00000');
/** Of a session that has no statement under way; with `update_process_title` off it may say so all the time. */
const IDLE = Buffer.from('idle');
const EXECUTE = Buffer.from('execute ');
/** `execute fetch from <unnamed>/C_1: …`: more rows of a statement that was logged before. */
const FETCH = /^(?:[^\s:]+\s?: [\d.,]+ ms {2})?execute fetch from /;
/** `statement: `; French has a space before the colon. */
const WORD = /^"?[^\s:"]+\s?: /;
const DURATION = /^"?[^\s:"]+\s?: [\d.,]+ ms(?: {2}|"|$)/;
/** Its text is that of a statement that ran, and not only of one that was parsed or bound. */
const RAN = /^[^\s:]+\s?: [\d.,]+ ms {2}(?:execute |[^\s:]+\s?: )/;
/** Bytes of the message in which these must end. */
const LONGEST_START = 100;
/** Bytes of a message; PostgreSQL's parser is asked of no larger text. */
const LARGEST = 256 * 1024;

/**
 * `before`: the server logs a statement that it is about to run, or something between two statements, like
 * `disconnection: `; `after`: how long one took. All records of the statement before came before it. `null`: neither.
 */
export function lineAround(record: RawRecord): 'before' | 'after' | null {
  if (!record.startsWith(COLUMN.sqlState, SUCCESS)) return null;
  if (!record.isEmpty(COLUMN.context) || !record.isEmpty(COLUMN.query)) return null;
  if (record.startsWith(COLUMN.message, EXECUTE)) return 'before';
  const start = startOf(record);
  if (DURATION.test(start)) return 'after';
  return record.startsWith(COLUMN.commandTag, IDLE) && WORD.test(start) ? 'before' : null;
}

function startOf(record: RawRecord): string {
  const start = record.endOf(COLUMN.message - 1) + 1;
  const end = Math.min(record.endOf(COLUMN.message), start + LONGEST_START);
  return record.bytes.toString('utf8', start, end);
}

/** The SQL of such a line; `null` if it has none that runs, or too much. */
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
