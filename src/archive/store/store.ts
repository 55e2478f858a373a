/** What is read of an archive, wherever it lies. */
export interface ArchiveStore {
  /**
   * The names right below `folder` (empty, or ending in `/`), sorted; those of folders end in `/`. An archive that
   * does not exist is empty. Throws a ShipperError where it cannot be read.
   */
  list(folder: string): Promise<string[]>;
  /** The object's bytes as they are stored, in pieces; iterating throws a ShipperError where it cannot be read. */
  open(name: string): AsyncIterable<Buffer>;
  /** What the store keeps beside the bytes; a folder keeps nothing. */
  describe(name: string): Promise<StoredObject>;
  readonly close: () => void;
}

export interface StoredObject {
  /** Bytes. */
  readonly size: number;
  /** As Cloud Storage computed it: base64; `null` where the store does not. */
  readonly crc32c: string | null;
  /** As it was given at the upload; `null` where the store keeps none. */
  readonly metadata: Readonly<Record<string, string>> | null;
}
