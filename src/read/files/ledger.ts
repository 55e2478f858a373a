/** Contents that are gone for long: a copy that appears years later, such as a restored backup, is not read again. */

import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { positionSchema, type SourcePosition } from '../../event/position.js';
import type { Disk } from '../../lib/disk.js';
import { hasCode } from '../../lib/errors.js';
import { parseJson } from '../../lib/json.js';
import { baseFolder } from './discover.js';
import { LineIndex } from './line-index.js';

/** From this many contents on, those that no glob can name any more are dropped, and then the oldest above the limit. */
const MANY = 100_000;
export const MOST_KEPT = 1_000_000;
/** Bytes that are copied at once. */
const PIECE = 1 << 20;

/**
 * A file with one position per line. These positions are no longer in the checkpoint. They are written before the
 * checkpoint that leaves them out, so a crash in between leaves them in both. Only an index is in memory.
 */
export class Ledger {
  readonly #path: string;
  readonly #disk: Disk;
  readonly #folders: readonly string[];
  readonly #many: number;
  #index: LineIndex | null = null;
  /** The file as the index knows it. */
  #version = '';
  /** Lines after the last time that some were dropped. */
  #kept = 0;

  /** @param patterns the globs of the source, absolute */
  constructor(path: string, disk: Disk, patterns: readonly string[] = [], many = MANY) {
    this.#path = path;
    this.#disk = disk;
    this.#folders = patterns.map(baseFolder);
    this.#many = many;
  }

  /** The position in a content; `null` if it is not known. */
  async find(contentId: string): Promise<SourcePosition | null> {
    const index = await this.#read();
    const lines = index.linesOf(contentId);
    if (lines.length === 0) return null;
    const file = await open(this.#path);
    try {
      for (const line of lines) {
        const position = await positionAt(file, index.placeOf(line));
        if (position?.contentId === contentId) return position;
      }
      return null;
    } finally {
      await file.close();
    }
  }

  /** Resolves when they are durable. */
  async keep(positions: readonly SourcePosition[]): Promise<void> {
    const index = await this.#pruned(await this.#read());
    const lines = positions.map(position => Buffer.from(`${JSON.stringify(position)}\n`));
    // After a failure half-way the file has another version, and is read again.
    await this.#disk.writeAt(this.#path, index.end, lines);
    for (const line of lines) index.add(line);
    this.#version = await versionOf(this.#path);
  }

  async #read(): Promise<LineIndex> {
    const version = await versionOf(this.#path);
    if (this.#index !== null && version === this.#version) return this.#index;
    this.#index = version === NONE ? new LineIndex() : await LineIndex.of(this.#path);
    this.#version = version;
    return this.#index;
  }

  /** Drops contents that nobody will ask for, if there are many, and many are new since the last time. */
  async #pruned(index: LineIndex): Promise<LineIndex> {
    if (index.count < this.#many || index.count < 1.5 * this.#kept) return index;
    await this.#disk.replace(this.#path, this.#worthKeeping(index));
    const left = await this.#read();
    this.#kept = left.count;
    return left;
  }

  /** Their lines, in pieces. */
  async *#worthKeeping(index: LineIndex): AsyncGenerator<Buffer> {
    const file = await open(this.#path);
    try {
      for (let line = Math.max(0, index.count - MOST_KEPT); line < index.count; ) {
        const { start } = index.placeOf(line);
        const first = line;
        while (line < index.count && index.placeOf(line).start < start + PIECE) line += 1;
        const bytes = await bytesAt(file, { start, end: index.placeOf(line - 1).end });
        const lines = Array.from({ length: line - first }, (_, at) => index.placeOf(first + at));
        const kept = lines.map(place => bytes.subarray(place.start - start, place.end - start));
        yield Buffer.concat(kept.filter(one => this.#isNameable(one)));
      }
    } finally {
      await file.close();
    }
  }

  /** Whether its path is below a folder where the globs look: there it may appear again, by whatever name. */
  #isNameable(line: Buffer): boolean {
    const parsed = positionSchema.pick({ path: true }).safeParse(parseJson(line));
    if (!parsed.success) return false;
    const folder = `${dirname(parsed.data.path)}${sep}`;
    return this.#folders.some(base => folder.startsWith(base.endsWith(sep) ? base : `${base}${sep}`));
  }
}

async function positionAt(
  file: FileHandle,
  place: { start: number; end: number },
): Promise<SourcePosition | null> {
  const parsed = positionSchema.safeParse(parseJson(await bytesAt(file, place)));
  return parsed.success ? parsed.data : null;
}

async function bytesAt(file: FileHandle, { start, end }: { start: number; end: number }): Promise<Buffer> {
  const bytes = Buffer.alloc(end - start);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
  return bytes.subarray(0, bytesRead);
}

const NONE = 'none';

/** Differs after each change of the file. */
async function versionOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return NONE;
    throw error;
  }
}
