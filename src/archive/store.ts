/** What is read of an archive, wherever it lies. */
export interface ArchiveStore {
  /**
   * The names right below `folder` (empty, or ending in `/`), sorted; those of folders end in `/`. An archive that
   * does not exist is empty. Throws a ShipperError where it cannot be read.
   */
  list(folder: string): Promise<string[]>;
  read(name: string): Promise<Buffer>;
  readonly close: () => void;
}
