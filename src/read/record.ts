/** The results of reading: pieces of log files, each with its position. */

import type { Gap } from '../event/gap.js';
import { COLUMN } from '../lib/csvlog.js';
import type { Found, Scan } from './frame/scan.js';

/**
 * One record, as a row of csvlog: other formats are written down again as one. It is valid only until the next frame is
 * read.
 */
export interface RawRecord {
  readonly kind: 'record';
  readonly offset: number;
  /** Bytes in the file, the final newline included. */
  readonly length: number;
  /** The row's bytes without its final newline. */
  readonly bytes: Buffer;
  /** How many columns it has: 23 (PostgreSQL 12 and before), 24 (13) or 26 (14 and later). */
  readonly columns: number;
  /** Each newline is written as CR LF, also inside texts. */
  readonly hasReturn: boolean;
  /** A column's text without its quotes; without `decode` it is UTF-8, and other bytes become U+FFFD. */
  text(column: number, decode?: ((bytes: Buffer) => string) | null): string;
  isEmpty(column: number): boolean;
  /** The end of a column in `bytes`: the offset of the comma after it, or the end of the record. */
  endOf(column: number): number;
  /** A column as it is in the log, with its quotes. */
  column(column: number): Buffer;
  /**
   * pgAudit's number of the statement, if the payload is certain to be genuine, and neither of class ROLE nor the end of a
   * prepared transaction, as far as that shows without making a text of it; else `null`.
   */
  readonly auditStatement: number | null;
  /** Whether a column's content starts with `ascii`, which must not contain a quote. */
  startsWith(column: number, ascii: Buffer): boolean;
}

/** A path of the source that could not be read, with the operating system's code (ENOENT, EACCES, …). */
export interface SourceFault {
  readonly path: string;
  readonly code: string;
}

/** Why a file that the globs name is not read at all. */
export type UnsupportedReason = 'not-a-file' | 'compressed' | 'zone' | 'columns' | 'format' | 'other-format';

/** @param sha256 of the record's bytes, in hex */
export function unreadable(record: RawRecord, sha256: string): Gap {
  const known = {
    user: record.text(COLUMN.user),
    session: record.text(COLUMN.sessionId),
    line: record.text(COLUMN.sessionLine),
    sha256,
  };
  const { offset, length } = record;
  return {
    kind: 'gap',
    reason: 'unreadable',
    offset,
    length,
    record: known,
    after: record.text(COLUMN.logTime),
  };
}

export type Frame = RawRecord | Gap;

/** What is known of the records before some bytes. */
export interface Before {
  /** How many columns they have. */
  readonly columns: number;
  /** Their latest log_time, as the log has it; empty before the first. */
  readonly lastTime: string;
  /** Bytes; a longer record is not skipped. */
  readonly maxRecordSize: number;
}

/** Passes over whole records that are dropped, and of which nothing but numbers has to be remembered. */
export interface Skip {
  /**
   * Lets the scanner look at the bytes before `to`. Returns what it found after the records that were skipped, and
   * the latest log_time.
   */
  run(scan: Scan, to: number, before: Before): { found: Found; lastTime: string };
  /** Is given each frame after it was decided and before the next one: it may have changed what is remembered. */
  learn(frame: Frame): void;
}
