/** With what a log file begins, and which format that is. */

import type { LogFormat } from '../../lib/log-format.js';
import { criTime } from '../frame/cri.js';
import { findHead, isHead } from '../frame/record-head.js';

export interface Beginning {
  readonly format: LogFormat;
  /** Where the first record begins; before it may be the end of a torn one. */
  readonly at: number;
  /** Its log_time as the log has it, or when its line was written, in milliseconds since the epoch. */
  readonly time: string | number;
}

const JSON_HEAD = /\{ *"timestamp" *: *"(\d{4}-\d\d-\d\d [^"\\]{1,64})"/;
/** Each line of CloudNativePG's instance manager names its logger. */
const LOGGER = Buffer.from('"logger"');

/** The first record's beginning in a file's first bytes; `null` if there is none. */
export function beginningOf(bytes: Buffer): Beginning | null {
  return cnpg(bytes) ?? first(jsonlog(bytes), csvlog(bytes));
}

/** Whether these first bytes begin with a record. */
export function isBeginning(bytes: Buffer): boolean {
  return (
    (cnpg(bytes) ?? jsonlog(bytes) ?? (isHead(bytes, 0, bytes.length) === true ? { at: 0 } : null))?.at === 0
  );
}

function first(a: Beginning | null, b: Beginning | null): Beginning | null {
  if (a === null || b === null) return a ?? b;
  return a.at < b.at ? a : b;
}

/** Any container's lines have this form: only the logger shows that they are an instance manager's. */
function cnpg(bytes: Buffer): Beginning | null {
  const time = criTime(bytes);
  return time === null || !bytes.includes(LOGGER) ? null : { format: 'cnpg', at: 0, time };
}

function jsonlog(bytes: Buffer): Beginning | null {
  const match = JSON_HEAD.exec(bytes.toString('latin1'));
  return match?.[1] === undefined ? null : { format: 'jsonlog', at: match.index, time: match[1] };
}

function csvlog(bytes: Buffer): Beginning | null {
  const at = findHead(bytes, 0, bytes.length);
  if (isHead(bytes, at, bytes.length) !== true) return null;
  return { format: 'csvlog', at, time: bytes.toString('latin1', at, bytes.indexOf(',', at)) };
}
