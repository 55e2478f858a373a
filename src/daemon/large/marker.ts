/**
 * Names on disk the large record that is being read: the file survives a daemon that such a record kills. It is written
 * before reading begins, and removed once the result is durable. A crash between the two leaves it behind; it then
 * names a record that is not read again.
 */

import { z } from 'zod';
import type { Reading } from '../../event/make.js';
import { readStateFile } from '../../journal/statefile.js';
import type { Disk } from '../../lib/disk.js';
import { StateError } from '../../lib/errors.js';

const schema = z.strictObject({
  version: z.literal(1),
  fileId: z.string(),
  offset: z.number(),
  length: z.number(),
  /** How many daemons have begun to read it. */
  starts: z.number(),
});
type Mark = z.infer<typeof schema>;

/** Daemons that may die of a record; the next one does not try it. */
const MOST_STARTS = 2;

export class Marker {
  readonly #path: string;
  readonly #disk: Disk;
  /** The mark that this process found or wrote. */
  #mark: Mark | null = null;
  #isOwn = false;

  constructor(path: string, disk: Disk) {
    this.#path = path;
    this.#disk = disk;
  }

  /** Whether this process has begun to read a record, or given it up. */
  get isOwn(): boolean {
    return this.#isOwn;
  }

  /** Returns false if too many daemons have died of this record: it must not be tried again. */
  async begin({ file: { fileId }, record: { offset, length } }: Reading): Promise<boolean> {
    this.#mark ??= await this.#read();
    const before = this.#mark;
    const isSame = before?.fileId === fileId && before.offset === offset && before.length === length;
    const starts = isSame ? before.starts : 0;
    // This process began it before, and survived.
    if (isSame && this.#isOwn) return starts <= MOST_STARTS;
    const mark = { version: 1, fileId, offset, length, starts: starts + 1 } as const;
    const mayTry = starts < MOST_STARTS;
    // A record that is given up stays marked until its gap is durable.
    if (mayTry) await this.#write(mark);
    else this.#mark = mark;
    this.#isOwn = true;
    return mayTry;
  }

  /** A damaged mark counts no deaths; the next one replaces it. */
  async #read(): Promise<Mark | null> {
    try {
      return await readStateFile(this.#path, schema);
    } catch (error) {
      if (error instanceof StateError) return null;
      throw error;
    }
  }

  /** The record's result is durable. */
  async end(): Promise<void> {
    if (this.#mark === null) return;
    await this.#disk.remove(this.#path);
    this.#mark = null;
    this.#isOwn = false;
  }

  /** The daemon is stopped while it reads the record, and did not die of it: this start does not count. */
  async withdraw(): Promise<void> {
    if (!this.#isOwn || this.#mark === null) return;
    if (this.#mark.starts > 1) await this.#write({ ...this.#mark, starts: this.#mark.starts - 1 });
    else await this.end();
    this.#isOwn = false;
  }

  async #write(mark: Mark): Promise<void> {
    await this.#disk.replace(this.#path, `${JSON.stringify(mark)}\n`);
    this.#mark = mark;
  }
}
