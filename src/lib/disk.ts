import * as nodeFs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasCode } from './errors.js';

/** Bytes. */
const LARGE = 256 * 1024;

/** The calls that change something, as `node:fs/promises` has them. */
export interface FileSystem {
  open(path: string, flags: string, mode?: number): Promise<nodeFs.FileHandle>;
  rename(from: string, to: string): Promise<void>;
  link(from: string, to: string): Promise<void>;
  rm(path: string, options: { force: boolean }): Promise<void>;
  mkdir(path: string, options: { recursive: true; mode: number }): Promise<string | undefined>;
}

/**
 * The few ways in which this program writes. Each returns only when the bytes, and the name under
 * which they are found, would survive a power cut; a removal may come undone. Files are 0600, folders 0700.
 */
export class Disk {
  readonly #fs: FileSystem;
  readonly #durableFolders = new Set<string>();

  /** Tests pass a file system whose nth call fails. */
  constructor(fs: FileSystem = nodeFs) {
    this.#fs = fs;
  }

  /** Replaces a whole file: a crash leaves the old or the new content, and perhaps a `.tmp` beside it. */
  async replace(path: string, data: string | Buffer): Promise<void> {
    const temporary = `${path}.tmp`;
    await this.#write(temporary, data);
    await this.#fs.rename(temporary, path);
    // Nobody may act on a checkpoint or a cursor before this: a power cut would bring the one before back (I1, I4).
    await this.syncFolder(dirname(path));
  }

  /**
   * Writes a file that must not exist yet; returns false where it does. A crash leaves either no
   * file or the whole one, and perhaps a hidden `.tmp` beside it.
   */
  async create(path: string, data: Buffer): Promise<boolean> {
    const temporary = join(dirname(path), `.${basename(path)}.tmp`);
    await this.#write(temporary, data);
    const isNew = await this.#link(temporary, path);
    await this.#fs.rm(temporary, { force: true });
    // Also where it was there: a crash may have come between its link and its sync.
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
   * Makes the file end with `chunks`, beginning at byte `position`; whatever stood there is cut off.
   * Calling it again after a failure repeats the same write. A crash leaves a part of it.
   */
  async writeAt(path: string, position: number, chunks: readonly Buffer[]): Promise<void> {
    const file = await this.#fs.open(path, position === 0 ? 'w' : 'r+', 0o600);
    try {
      await file.truncate(position);
      let end = position;
      for (const chunk of inLargeChunks(chunks)) end = await writeAll(file, chunk, end);
      // The journal's lines are durable from here, and with the sync of a new segment's name, before any sink sees them (I4).
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
   * Makes a folder, and those above it that are missing. Those from `top` on are made durable once in this
   * process also where they are there: a crash may have come between their making and their sync. With them all
   * names in the folders above `path` are durable: at its start the journal counts on that (I1, I4, I6).
   *
   * @param path must be absolute, and `top` be or hold it.
   */
  async makeFolder(path: string, top = path): Promise<void> {
    const first = await this.#fs.mkdir(path, { recursive: true, mode: 0o700 });
    if (first === undefined && this.#durableFolders.has(path)) return;
    const highest = Math.min(top.length, first?.length ?? top.length);
    for (let made = path; made.length >= highest; made = dirname(made)) await this.syncFolder(dirname(made));
    this.#durableFolders.add(path);
  }

  /** Makes durable what another process has written, if it has not. */
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

  async #write(path: string, data: string | Buffer): Promise<void> {
    const file = await this.#fs.open(path, 'w', 0o600);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

/** Many small ones are put together; large ones are not copied. */
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

/** Returns where the data ends. */
async function writeAll(file: nodeFs.FileHandle, data: Buffer, position: number): Promise<number> {
  for (let done = 0; done < data.length; ) {
    const { bytesWritten } = await file.write(data, done, data.length - done, position + done);
    done += bytesWritten;
  }
  return position + data.length;
}

/** Bytes of the file system that holds `path`, and those of them that are free to us; `NaN` where it does not tell. */
export async function diskRoom(path: string): Promise<{ size: number; free: number }> {
  try {
    const { bsize, blocks, bavail } = await nodeFs.statfs(path);
    return { size: bsize * blocks, free: bsize * bavail };
  } catch {
    // A page of metrics that fails with the disk would hide what is wrong with it.
    return { size: Number.NaN, free: Number.NaN };
  }
}

/** Bytes; 0 where there is no such file. */
export async function fileSize(path: string): Promise<number> {
  try {
    return (await nodeFs.stat(path)).size;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0;
    throw error;
  }
}
