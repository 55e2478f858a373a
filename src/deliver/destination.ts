/** What a sink writes to: entries for searching, objects for keeping. Each exists in the cloud and as a folder. */

/** A LogEntry of Cloud Logging, as JSON. */
export interface LogEntry {
  readonly insertId: string;
  readonly timestamp: string;
  readonly severity: Severity;
  readonly labels: Readonly<Record<string, string>>;
  readonly operation?: { readonly id: string; readonly producer: string };
  /** This is part `index` of `totalSplits` of the entry `uid`. */
  readonly split?: { readonly uid: string; readonly index: number; readonly totalSplits: number };
  readonly jsonPayload: Readonly<Record<string, unknown>>;
}

export type Severity = 'DEBUG' | 'INFO' | 'NOTICE' | 'WARNING' | 'CRITICAL';

/** An object of the archive. The same segment always makes the same object. */
export interface ArchiveObject {
  readonly name: string;
  /** The compressed NDJSON. */
  readonly body: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
}

/** An entry that the destination will never take, by its place in what was given to `write`. */
export interface RejectedEntry {
  readonly index: number;
  readonly code: string;
}

/**
 * Takes entries, in order. It resolves when all of them are stored, but for those it names as
 * rejected; a repeated entry (same insertId and timestamp) shows once. Where it throws, any number of
 * them may be stored, and all are to be given again. Once the signal has aborted, it sends nothing new.
 */
export interface EntryDestination {
  write(entries: readonly LogEntry[], signal: AbortSignal): Promise<readonly RejectedEntry[]>;
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
