/**
 * Lines in which the server tells a statement before it runs it (`log_statement`): `statement: UPDATE …`, its first word
 * translated by lc_messages, and `execute <unnamed>: UPDATE …`. pgAudit's record of it comes after such a line.
 */

import { COLUMN, type RawRecord } from '../record.js';
import type { Decode } from './encodings.js';

const SUCCESS = Buffer.from('00000');
/** Of a session that has no statement under way; with `update_process_title` off it may say so all the time. */
const IDLE = Buffer.from('idle');
const EXECUTE = Buffer.from('execute ');
/** `execute fetch from <unnamed>/C_1: …`: more rows of what was told before. */
const FETCH = Buffer.from('execute fetch from ');
/** `statement: `; French has a space before the colon. */
const WORD = /^"?[^\s:"]+\s?: /;
/** Bytes of the message in which the word must end. */
const LONGEST_WORD = 100;
/** Bytes of a message; PostgreSQL's parser is asked of no larger text. */
const LARGEST = 256 * 1024;

/**
 * Whether the record is such a line, or another one that the server writes of its own accord between two statements, like
 * `disconnection: `: all records of the statement before it came before it.
 */
export function isBetweenStatements(record: RawRecord): boolean {
  if (!record.startsWith(COLUMN.sqlState, SUCCESS)) return false;
  if (!record.isEmpty(COLUMN.context) || !record.isEmpty(COLUMN.query)) return false;
  if (record.startsWith(COLUMN.message, EXECUTE)) return true;
  return record.startsWith(COLUMN.commandTag, IDLE) && WORD.test(startOf(record));
}

function startOf(record: RawRecord): string {
  const start = record.endOf(COLUMN.message - 1) + 1;
  const end = Math.min(record.endOf(COLUMN.message), start + LONGEST_WORD);
  return record.bytes.toString('utf8', start, end);
}

/** The SQL of such a line; `null` where it tells none, or too much. */
export function statementIn(record: RawRecord, decode: Decode | null): string | null {
  if (record.startsWith(COLUMN.message, FETCH)) return null;
  if (record.endOf(COLUMN.message) - record.endOf(COLUMN.message - 1) > LARGEST) return null;
  const message = record.text(COLUMN.message, decode);
  return message.slice(message.indexOf(': ') + 2);
}
