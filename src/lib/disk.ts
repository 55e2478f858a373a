import * as nodeFs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasCode } from './errors.js';

/** Bytes of a chunk that is written without copying. */
const LARGE = 256 * 1024;

/** The calls of `node:fs/promises` that change something. */
export interface FileSystem {
  open(path: string, flags: string, mode?: number): Promise<nodeFs.FileHandle>;
  rename(from: string, to: string): Promise<void>;
  link(from: string, to: string): Promise<void>;
  rm(path: string, options: { force: boolean }): Promise<void>;
  mkdir(path: string, options: { recursive: true; mode: number }): Promise<string | undefined>;
}

/**
 * The few ways in which this program writes files. Each returns only after the bytes, and the name of the file, would
 * survive a power cut; a removal may be undone. Files are 0600, folders 0700.
 */
export class Disk {
  readonly #fs: FileSystem;
  readonly #durableFolders = new Set<string>();

  /** Tests pass a file system whose nth call fails. */
  constructor(fs: FileSystem = nodeFs) {
    this.#fs = fs;
  }

  /** Replaces a whole file. A crash leaves the old or the new content, and perhaps a `.tmp` beside it. */
  async replace(path: string, data: string | Buffer | AsyncIterable<Buffer>): Promise<void> {
    const temporary = `${path}.tmp`;
    await this.#write(temporary, data);
    await this.#fs.rename(temporary, path);
    // Nobody may act on a checkpoint or a cursor before this: a power cut would bring the old one back (I1, I4).
    await this.syncFolder(dirname(path));
  }

  /**
   * Writes a file that must not exist yet; returns false if it exists. A crash leaves no file or the whole one, and
   * perhaps a hidden `.tmp` beside it.
   */
  async create(path: string, data: Buffer): Promise<boolean> {
    const temporary = join(dirname(path), `.${basename(path)}.tmp`);
    await this.#write(temporary, data);
    const isNew = await this.#link(temporary, path);
    await this.#fs.rm(temporary, { force: true });
    // Also if it existed: a crash may have come between its link and its sync.
    await this.syncFolder(dirname(path));
    return isNew;
  }

  async #link(from: string, to: string): Promise<boolean> {
    try {
      await this.#fs.link(from, to);
      return true;
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false;
      throw error;
    }
  }

  /**
   * Writes `chunks` at byte `position`, and truncates the file after them. Calling it again after a failure repeats the
   * same write. A crash leaves a part of it.
   */
  async writeAt(path: string, position: number, chunks: readonly Buffer[]): Promise<void> {
    const file = await this.#fs.open(path, position === 0 ? 'w' : 'r+', 0o600);
    try {
      await file.truncate(position);
      let end = position;
      for (const chunk of inLargeChunks(chunks)) end = await writeAll(file, chunk, end);
      // Lines of the journal are durable from here on, with the sync of a new segment's name below, before any sink
      // sees them (I4).
      await file.datasync();
    } finally {
      await file.close();
    }
    if (position === 0) await this.syncFolder(dirname(path));
  }

  async remove(path: string): Promise<void> {
    await this.#fs.rm(path, { force: true });
  }

  /**
   * Makes a folder, and missing ones above it. Those from `top` on are synced once in this process even if they exist:
   * a crash may have come between their creation and their sync. Then all names in the folders above `path` are
   * durable, which the journal relies on at its start (I1, I4, I6).
   *
   * @param path must be absolute, and `top` be or contain it.
   */
  async makeFolder(path: string, top = path): Promise<void> {
    const first = await this.#fs.mkdir(path, { recursive: true, mode: 0o700 });
    if (first === undefined && this.#durableFolders.has(path)) return;
    const highest = Math.min(top.length, first?.length ?? top.length);
    for (let made = path; made.length >= highest; made = dirname(made)) await this.syncFolder(dirname(made));
    this.#durableFolders.add(path);
  }

  /** Makes durable what another process has written. */
  async syncFile(path: string): Promise<void> {
    const file = await this.#fs.open(path, 'r+');
    try {
      await file.datasync();
    } finally {
      await file.close();
    }
    await this.syncFolder(dirname(path));
  }

  /** Makes names in the folder durable: creations, renames and removals. */
  async syncFolder(path: string): Promise<void> {
    const folder = await this.#fs.open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  async #write(path: string, data: string | Buffer | AsyncIterable<Buffer>): Promise<void> {
    const file = await this.#fs.open(path, 'w', 0o600);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

/** Joins small chunks; large ones are not copied. */
function* inLargeChunks(chunks: readonly Buffer[]): Generator<Buffer> {
  let small: Buffer[] = [];
  for (const chunk of chunks) {
    if (chunk.length < LARGE) small.push(chunk);
    else {
      if (small.length > 0) yield Buffer.concat(small);
      small = [];
      yield chunk;
    }
  }
  if (small.length > 0) yield Buffer.concat(small);
}

/** Returns the offset after the data. */
async function writeAll(file: nodeFs.FileHandle, data: Buffer, position: number): Promise<number> {
  for (let done = 0; done < data.length; ) {
    const { bytesWritten } = await file.write(data, done, data.length - done, position + done);
    done += bytesWritten;
  }
  return position + data.length;
}

/** Size of the file system of `path`, and what is free to us, in bytes; `NaN` if it cannot be read. */
export async function diskRoom(path: string): Promise<{ size: number; free: number }> {
  try {
    const { bsize, blocks, bavail } = await nodeFs.statfs(path);
    return { size: bsize * blocks, free: bsize * bavail };
  } catch {
    // Metrics must not fail together with the disk: they would hide what is wrong with it.
    return { size: Number.NaN, free: Number.NaN };
  }
}

/** Bytes; 0 if there is no such file. */
export async function fileSize(path: string): Promise<number> {
  try {
    return (await nodeFs.stat(path)).size;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0;
    throw error;
  }
}
