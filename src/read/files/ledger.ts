/** Contents that are gone for long: a copy that appears years later, such as a restored backup, is not read again. */

import { readFile } from 'node:fs/promises';
import { positionSchema, type SourcePosition } from '../../event/position.js';
import type { Disk } from '../../lib/disk.js';
import { hasCode } from '../../lib/errors.js';
import { parseJson } from '../../lib/json.js';

/**
 * A file with one position per line. These positions are no longer in the checkpoint. They are written before the
 * checkpoint that leaves them out, so a crash in between leaves them in both.
 */
export class Ledger {
  readonly #path: string;
  readonly #disk: Disk;

  constructor(path: string, disk: Disk) {
    this.#path = path;
    this.#disk = disk;
  }

  /** The position in a content; `null` if it is not known. */
  async find(contentId: string): Promise<SourcePosition | null> {
    const mark = `"contentId":${JSON.stringify(contentId)}`;
    const line = (await this.#lines()).findLast(one => one.includes(mark));
    const parsed = positionSchema.safeParse(line === undefined ? null : parseJson(line));
    return parsed.success ? parsed.data : null;
  }

  /** Resolves when they are durable. */
  async keep(positions: readonly SourcePosition[]): Promise<void> {
    const before = await this.#lines();
    const end = before.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
    const lines = positions.map(position => Buffer.from(`${JSON.stringify(position)}\n`));
    await this.#disk.writeAt(this.#path, end, lines);
  }

  /** Whole lines. Nothing relies on an incomplete line at the end; the next write overwrites it. */
  async #lines(): Promise<string[]> {
    try {
      return (await readFile(this.#path, 'utf8')).split('\n').slice(0, -1);
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    }
  }
}
