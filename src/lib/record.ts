/** What travels from `tail` to `parse`: pieces of log files, each with its position. */

/** The columns that anything is made of, by number (PostgreSQL's manual, 20.8.4). */
export const COLUMN = {
  logTime: 0,
  user: 1,
  database: 2,
  pid: 3,
  connectionFrom: 4,
  sessionId: 5,
  sessionLine: 6,
  commandTag: 7,
  sessionStart: 8,
  virtualTransactionId: 9,
  transactionId: 10,
  severity: 11,
  sqlState: 12,
  message: 13,
  context: 18,
  query: 19,
  location: 21,
  application: 22,
  /** Since PostgreSQL 13. */
  backendType: 23,
  /** Since PostgreSQL 14. */
  leaderPid: 24,
  queryId: 25,
} as const;

/** A log file, named by what it holds. */
export interface SourceFile {
  /** A hash over the file's first line; another one where its bytes changed after they were read. */
  readonly fileId: string;
  readonly path: string;
  /** It is read anew since its bytes changed: records up to this log_time were read before. */
  readonly rereadUntil?: string;
}

/** How far a file has been read: everything before byte `offset` is done with. */
export interface SourcePosition extends SourceFile {
  /** A hash over the file's first line. */
  readonly contentId: string;
  /** log_time of the first record in milliseconds since the epoch, for the order of files. */
  readonly firstTime: number | null;
  /** The latest log_time that was read, as it stands there; empty before the first. */
  readonly lastTime: string;
  /** How many columns that record had; 0 before the first. */
  readonly columns: number;
  readonly offset: number;
  /** How large the file has been seen: what lies between `offset` and here must not vanish in silence. */
  readonly size: number;
  /** SHA-256 (hex) of the `length` bytes before `offset`, to tell whether they are still the same. */
  readonly tail: { readonly length: number; readonly sha256: string };
}

/** One csvlog record in raw bytes. It is valid only until the next frame is asked for. */
export interface RawRecord {
  readonly kind: 'record';
  readonly offset: number;
  /** Bytes in the file, the final newline included. */
  readonly length: number;
  /** The record's bytes without the final newline. */
  readonly bytes: Buffer;
  /** How many columns it has: 23 (PostgreSQL 12 and before), 24 (13) or 26 (14 and later). */
  readonly columns: number;
  /** Each newline was written as a carriage return and a newline, also those inside of texts. */
  readonly hasReturn: boolean;
  /** A column's text without its quotes; without `decode` it is UTF-8, and other bytes become U+FFFD. */
  text(column: number, decode?: ((bytes: Buffer) => string) | null): string;
  isEmpty(column: number): boolean;
  /** Where in `bytes` a column ends: the place of the comma behind it, or the end. */
  endOf(column: number): number;
  /** Whether a column's content starts with `ascii`, which must not hold a quote. */
  startsWith(column: number, ascii: Buffer): boolean;
}

/** A path of the source that could not be looked at, with the operating system's code (ENOENT, EACCES, …). */
export interface SourceFault {
  readonly path: string;
  readonly code: string;
}

/** Why a file among the globs is not read at all. */
export type UnsupportedReason = 'not-a-file' | 'compressed' | 'zone' | 'columns' | 'format';

/**
 * Why bytes of a log file could not be read as records. `truncated`: the file holds something else now;
 * `vanished`: it is gone; `changed`: bytes before these are not what they were when they were read; `time`: it
 * cannot be told when it was; `unreadable`: a record that ended whatever read or encrypted it; `unwatched`: while nobody
 * read the log, the file that was being read was removed, and nobody knows what else was written to it.
 */
export const GAP_REASONS = [
  'torn',
  'oversize',
  'truncated',
  'vanished',
  'changed',
  'time',
  'unreadable',
  'unwatched',
] as const;
export type GapReason = (typeof GAP_REASONS)[number];

/** Bytes that were in the file and are not in the archive. */
export interface Gap {
  readonly kind: 'gap';
  readonly reason: GapReason;
  readonly offset: number;
  readonly length: number;
  /** What is known of the record that they begin with. */
  readonly record?: KnownRecord;
  /** The latest log_time before it, as it stands there. */
  readonly after?: string;
  /** When the log goes on, in milliseconds since the epoch. */
  readonly before?: number;
}

export interface KnownRecord {
  readonly user?: string;
  readonly session?: string;
  readonly line?: string;
  /** Of its bytes, where it is whole and was too large to hold, or could not be read. */
  readonly sha256?: string;
}

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

/** Numbers of a session's lines, or of its statements as pgAudit counts them, that are in no file. */
export interface Missing {
  readonly of: 'lines' | 'statements';
  readonly session: string;
  readonly user: string;
  readonly first: number;
  readonly last: number;
  /** log_time of the session's numbers before and after, as they stand in the log; `null` where none was read before. */
  readonly after: string | null;
  readonly before: string;
  /** The record that showed it. */
  readonly file: SourceFile;
  readonly record: Pick<RawRecord, 'offset' | 'length'>;
}

/** Reasons of gaps that no record of a file is counted for: numbers that are missing. */
export const MISSING_REASONS: ReadonlySet<string> = new Set(['missing-lines', 'missing-statements']);

/** As events and the daemon's log name what is missing. */
export function rangeOf({ of, first, last }: Missing): {
  firstLine?: number;
  lastLine?: number;
  firstStatement?: number;
  lastStatement?: number;
} {
  if (of === 'lines') return { firstLine: first, lastLine: last };
  return { firstStatement: first, lastStatement: last };
}

export type Frame = RawRecord | Gap;

/** What is known of the records before some bytes. */
export interface Before {
  /** How many columns they have. */
  readonly columns: number;
  /** Their latest log_time, as it stands there; empty before the first. */
  readonly lastTime: string;
  /** Bytes; a longer record is not passed over. */
  readonly maxRecordSize: number;
}

/** Passes over whole records that are dropped, and of which nothing but their number has to be told. */
export interface Skim {
  /** Looks at `bytes` from `start`, where a record begins, to `end`; returns where it stopped, and the latest log_time. */
  pass(bytes: Buffer, start: number, end: number, before: Before): { end: number; lastTime: string };
}

/** Records by outcome; read = shipped + all dropped + all rejected (I3). */
export interface RecordCounts {
  read: number;
  shipped: number;
  dropped: Record<string, number>;
  rejected: Record<string, number>;
}

export type Outcome = 'shipped' | 'dropped' | 'rejected';

export function noRecords(): RecordCounts {
  return { read: 0, shipped: 0, dropped: {}, rejected: {} };
}

export function countRecord(counts: RecordCounts, outcome: Outcome, reason: string): void {
  counts.read += 1;
  if (outcome === 'shipped') counts.shipped += 1;
  else counts[outcome][reason] = (counts[outcome][reason] ?? 0) + 1;
}

/** Both counts together, as a new object. */
export function addRecords(a: RecordCounts, b: RecordCounts): RecordCounts {
  return {
    read: a.read + b.read,
    shipped: a.shipped + b.shipped,
    dropped: addByReason(a.dropped, b.dropped),
    rejected: addByReason(a.rejected, b.rejected),
  };
}

function addByReason(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  const sum = { ...a };
  for (const [reason, count] of Object.entries(b)) sum[reason] = (sum[reason] ?? 0) + count;
  return sum;
}
