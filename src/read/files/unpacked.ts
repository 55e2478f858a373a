/**
 * Compressed files of which nothing was read: a node compresses a container's old logs. Each is listed as what it
 * unpacks to, in a folder of the state that is emptied at each start, until it is read.
 */

import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { openFile } from './open-file.js';
import type { Surveyed } from './survey.js';

/** Bytes that a file may unpack to: a node's logs have ten megabytes, unless it is told otherwise. */
const MOST = 1024 ** 3;

export interface UnpackReport {
  /** It is not read; tried again when it changes. */
  unpackFailed(path: string, error: unknown): void;
}

/** How many bytes of a content were read; `null` if it is not known. */
export type ReadOf = (contentId: string) => Promise<number | null>;

export class UnpackedFiles {
  readonly #folder: string;
  readonly #report: UnpackReport;
  /** By content: what its file is listed as. */
  readonly #listed = new Map<string, Surveyed>();
  /** Files that could not be unpacked, as they were then. */
  readonly #failed = new Map<string, string>();
  #isEmptied = false;

  constructor(folder: string, report: UnpackReport) {
    this.#folder = folder;
    this.#report = report;
  }

  /** The files as the reader should see them: those that were read are left out. */
  async see(files: readonly Surveyed[], readOf: ReadOf): Promise<Surveyed[]> {
    const seen: Surveyed[] = [];
    for (const file of files) {
      const { identity } = file;
      const packed = identity.kind === 'unsupported' ? identity.packed : undefined;
      if (packed?.format !== 'cnpg') {
        seen.push(file);
        continue;
      }
      const read = await readOf(packed.contentId);
      if (read !== null && read >= (await unpackedSize(file))) await this.#remove(packed.contentId);
      else seen.push(await this.#unpacked(file, { kind: 'content', ...packed }));
    }
    return seen;
  }

  async #unpacked(file: Surveyed, identity: Surveyed['identity'] & { kind: 'content' }): Promise<Surveyed> {
    const known = this.#listed.get(identity.contentId);
    if (known !== undefined) return { ...known, path: file.path };
    const state = `${file.ino} ${file.size} ${file.modified}`;
    if (this.#failed.get(file.path) === state) return file;
    try {
      const openAs = await this.#unpack(file.path, identity.contentId);
      const { dev, ino, size } = await stat(openAs);
      const listed = { ...file, dev, ino, size, identity, openAs };
      this.#listed.set(identity.contentId, listed);
      return listed;
    } catch (error) {
      this.#failed.set(file.path, state);
      this.#report.unpackFailed(file.path, error);
      return file;
    }
  }

  async #unpack(path: string, contentId: string): Promise<string> {
    if (!this.#isEmptied) await rm(this.#folder, { recursive: true, force: true });
    this.#isEmptied = true;
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const to = join(this.#folder, contentId);
    try {
      await pipeline(createReadStream(path), createGunzip(), limited, createWriteStream(to, { mode: 0o600 }));
    } catch (error) {
      await rm(to, { force: true });
      throw error;
    }
    return to;
  }

  /** Nothing of it stays on the disk. */
  async close(): Promise<void> {
    if (this.#isEmptied) await rm(this.#folder, { recursive: true, force: true });
  }

  async #remove(contentId: string): Promise<void> {
    const listed = this.#listed.get(contentId);
    if (listed?.openAs === undefined) return;
    this.#listed.delete(contentId);
    await rm(listed.openAs, { force: true });
  }
}

/** As gzip's last four bytes say (RFC 1952): of its last part only, which holds all that a node compresses. */
async function unpackedSize({ path, size }: Surveyed): Promise<number> {
  const file = await openFile(path);
  if (file === null) return Number.POSITIVE_INFINITY;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, Math.max(0, size - 4));
    return bytesRead === 4 ? buffer.readUInt32LE() : Number.POSITIVE_INFINITY;
  } finally {
    await file.close();
  }
}

async function* limited(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > MOST) throw new RangeError('it unpacks to more than a gigabyte');
    yield chunk;
  }
}
