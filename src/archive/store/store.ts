/**
 * How an archive is read, wherever it is.
 *
 * `archive/` reads archives: `store/` gets the bytes, `verify/` proves them, `search/` finds events. It writes nothing, and trusts
 * nothing that it reads. Imports `event/`, `lib/`, and types of the stages before it.
 */
export interface ArchiveStore {
  /**
   * The names directly in `folder` (empty, or ending in `/`), sorted; names of folders end in `/`. An archive that does
   * not exist is empty. Throws a ShipperError if it cannot be read.
   */
  list(folder: string): Promise<string[]>;
  /** The same, with what the store says of each without being asked again. */
  entries(folder: string): Promise<StoredEntry[]>;
  /** The bytes of an object as they are stored, in one request; `null` if they are more than `most`. */
  read(name: string, most: number): Promise<Buffer | null>;
  /** The object's bytes as they are stored, in pieces; iterating throws a ShipperError if it cannot be read. */
  open(name: string): AsyncIterable<Buffer>;
  /** What the store knows about the object besides its bytes; nothing for a local folder. */
  describe(name: string): Promise<StoredObject>;
  readonly close: () => void;
}

export interface StoredEntry {
  readonly name: string;
  /** `null` for a folder, or if the store does not say it with the name. */
  readonly stored: StoredObject | null;
}

export interface StoredObject {
  /** Bytes. */
  readonly size: number;
  /** As Cloud Storage computed it, in base64; `null` if the store has none. */
  readonly crc32c: string | null;
  /** As given at the upload; `null` if the store keeps none. */
  readonly metadata: Readonly<Record<string, string>> | null;
}
