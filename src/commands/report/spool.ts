/** Rows of a page that are too many for memory, in a file that has no name. */

import { type FileHandle, open, rm } from 'node:fs/promises';

/** Characters that are kept until they are written. */
const MOST_KEPT = 256 * 1024;
const PIECE = 256 * 1024;

export class Spool {
  readonly #file: FileHandle;
  #kept: string[] = [];
  #characters = 0;
  #size = 0;
  count = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** The file is nameless at once: whatever ends this process leaves nothing. Only its owner could read it. */
  static async beside(path: string): Promise<Spool> {
    const name = `${path}.rows.tmp`;
    await rm(name, { force: true });
    const file = await open(name, 'wx+', 0o600);
    await rm(name);
    return new Spool(file);
  }

  add(row: string): void {
    this.#kept.push(row);
    this.#characters += row.length;
    this.count += 1;
  }

  /** Writes what is kept, as soon as it is much. */
  async relieve(): Promise<void> {
    if (this.#characters >= MOST_KEPT) await this.#flush();
  }

  /** All rows, in pieces. */
  async *pieces(): AsyncGenerator<Buffer> {
    await this.#flush();
    for (let at = 0; at < this.#size; ) {
      const { bytesRead, buffer } = await this.#file.read(Buffer.alloc(PIECE), 0, PIECE, at);
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.from(this.#kept.join(''));
    this.#kept = [];
    this.#characters = 0;
    for (let done = 0; done < bytes.length; )
      done += (await this.#file.write(bytes, done, bytes.length - done, this.#size + done)).bytesWritten;
    this.#size += bytes.length;
  }
}
