/** What a sink writes to: entries for searching, objects for keeping. Each exists as a cloud service and as a folder. */

export type JsonPayload = Readonly<Record<string, unknown>>;

/** A LogEntry of Cloud Logging without its payload, as JSON. */
export interface Envelope {
  readonly insertId: string;
  readonly timestamp: string;
  readonly severity: Severity;
  readonly labels: Readonly<Record<string, string>>;
  readonly operation?: { readonly id: string; readonly producer: string } | undefined;
  /** This is part `index` of `totalSplits` of the entry `uid`. */
  readonly split?: { readonly uid: string; readonly index: number; readonly totalSplits: number };
}

export interface LogEntry extends Envelope {
  /** The same at once, if each field alone is read off the line: thousands of entries may wait, and keep nothing else. */
  readonly envelope?: Envelope;
  readonly jsonPayload: JsonPayload;
  /**
   * jsonPayload as JSON, if available: it is then parsed only if somebody reads jsonPayload. Its bytes, and values
   * parsed from them, may be used only until the entry is delivered.
   */
  readonly line?: Buffer;
}

export type Severity =
  | ('DEBUG' | 'INFO' | 'NOTICE' | 'WARNING')
  | ('ERROR' | 'CRITICAL' | 'ALERT' | 'EMERGENCY');

/** An object of the archive. The same segment always makes the same object; a time stamp's is its own. */
export interface ArchiveObject {
  readonly name: string;
  /** The compressed NDJSON, or a time stamp (DER). */
  readonly body: Buffer;
  readonly contentType: string;
  /** CRC-32C of the body: four bytes, the highest first, in base64, as Cloud Storage has it. */
  readonly crc32c: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** An entry that the destination will never accept. */
export interface RejectedEntry {
  readonly insertId: string;
  readonly code: string;
}

/** The result of a write: all entries but these are stored. */
export interface Written {
  readonly rejected: readonly RejectedEntry[];
  /** To be written again. */
  readonly left: readonly LogEntry[];
  /** Why they are left. */
  readonly error?: unknown;
}

/**
 * Takes entries. It resolves when all are stored except those that it names; a repeated entry (same insertId and
 * timestamp) is shown once. If it throws, any number of them may be stored, and all must be written again. Once the
 * signal has aborted, it sends nothing new.
 */
export interface EntryDestination {
  /** Most writes in flight at once. */
  readonly mostAtOnce: number;
  /** How many lines of the journal, or bytes of them, to read at once; no write gets more entries than lines. */
  readonly portion: { readonly lines: number; readonly bytes: number };
  write(entries: readonly LogEntry[], signal: AbortSignal): Promise<Written>;
  readonly close: () => Promise<void>;
}

/**
 * Stores objects, each whole or not at all. It resolves if the object is stored or was already there with the same
 * content. If the name exists with other content, that is an error; nothing is overwritten.
 */
export interface ObjectDestination {
  put(object: ArchiveObject, signal: AbortSignal): Promise<'stored' | 'was-there'>;
  readonly close: () => Promise<void>;
}
