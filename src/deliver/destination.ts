/** What a sink writes to: entries for searching, objects for keeping. Each exists in the cloud and as a folder. */

export type JsonPayload = Readonly<Record<string, unknown>>;

/** A LogEntry of Cloud Logging, as JSON. */
export interface LogEntry {
  readonly insertId: string;
  readonly timestamp: string;
  readonly severity: Severity;
  readonly labels: Readonly<Record<string, string>>;
  readonly operation?: { readonly id: string; readonly producer: string };
  /** This is part `index` of `totalSplits` of the entry `uid`. */
  readonly split?: { readonly uid: string; readonly index: number; readonly totalSplits: number };
  readonly jsonPayload: JsonPayload;
  /**
   * jsonPayload in JSON, where it is at hand: then it is not parsed unless somebody reads it. Its bytes, and what is
   * parsed of them, are the entry's only until it is delivered.
   */
  readonly line?: Buffer;
}

export type Severity = 'DEBUG' | 'INFO' | 'NOTICE' | 'WARNING' | 'CRITICAL';

/** An object of the archive. The same segment always makes the same object. */
export interface ArchiveObject {
  readonly name: string;
  /** The compressed NDJSON. */
  readonly body: Buffer;
  /** CRC-32C of the body: four bytes, the highest first, in base64, as Cloud Storage has it. */
  readonly crc32c: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** An entry that the destination will never take. */
export interface RejectedEntry {
  readonly insertId: string;
  readonly code: string;
}

/** What came of entries: all are stored but for these. */
export interface Written {
  readonly rejected: readonly RejectedEntry[];
  /** To be given again. */
  readonly left: readonly LogEntry[];
  /** Why. */
  readonly error?: unknown;
}

/**
 * Takes entries. It resolves when all of them are stored, but for those it names; a repeated entry (same
 * insertId and timestamp) shows once. Where it throws, any number of them may be stored, and all are to be given
 * again. Once the signal has aborted, it sends nothing new.
 */
export interface EntryDestination {
  /** So many writes may be under way at once. */
  readonly mostAtOnce: number;
  /** So many lines of the journal, or bytes of them, are best read at once; a write gets no more entries than that. */
  readonly portion: { readonly lines: number; readonly bytes: number };
  write(entries: readonly LogEntry[], signal: AbortSignal): Promise<Written>;
  readonly close: () => Promise<void>;
}

/**
 * Takes objects, each whole or not at all. It resolves when the object is stored or was already there
 * with the same content. A name that holds something else is an error, and is never overwritten.
 */
export interface ObjectDestination {
  put(object: ArchiveObject, signal: AbortSignal): Promise<'stored' | 'was-there'>;
  readonly close: () => Promise<void>;
}
