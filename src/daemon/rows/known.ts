/**
 * The rows that were read lately, by their uuids: after a failover or a restore the last day of the history is read again,
 * and only this shows which rows are new.
 *
 * Two files of 16 bytes a row, after the time at which each was begun. A page's rows are written, and synced, before they
 * are committed: after a crash in between, what follows the committed position counts for nothing.
 */

import { readFile } from 'node:fs/promises';
import type { RowPosition } from '../../event/row.js';
import type { Disk } from '../../lib/disk.js';
import { hasCode } from '../../lib/errors.js';

const ONE_DAY = 24 * 60 * 60 * 1000;
const SIZE = 16;
/** Before the first row: the time in milliseconds since the epoch, and room. */
const HEAD = 16;
/** Rows of one file: 16 MiB. Of more, the oldest are forgotten before a day is over. */
const MOST = 1024 * 1024;

interface CurrentFile {
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly begun: number;
  count: number;
}

interface KnownFile extends CurrentFile {
  /** The uuids, one after the other. */
  readonly rows: Buffer;
}

export class KnownRows {
  readonly #disk: Disk;
  readonly #paths: readonly [string, string];
  #current: CurrentFile | null = null;

  /** @param paths of two files that belong to nobody else */
  constructor(disk: Disk, paths: readonly [string, string]) {
    this.#disk = disk;
    this.#paths = paths;
  }

  /** To be called once, before `add`. Rejects if a file that exists cannot be read. */
  async open(position: RowPosition | null): Promise<void> {
    const { path, begun, count } = (await this.#files(position)).at(-1) ?? { path: '', begun: 0, count: 0 };
    this.#current = path === '' ? null : { path, begun, count };
  }

  /**
   * Rows of a page, in its order, before they are committed.
   *
   * @param now milliseconds since the epoch
   */
  async add(ids: readonly string[], now: number): Promise<void> {
    const file = this.#fileFor(ids.length, now);
    const rows = Buffer.concat(ids.map(bytesOf));
    if (file.count === 0) await this.#disk.replace(file.path, headOf(file.begun));
    await this.#disk.writeAt(file.path, HEAD + file.count * SIZE, [rows]);
    file.count += ids.length;
  }

  /** Of the last day, at least, up to a committed position. */
  async read(position: RowPosition): Promise<ReadonlySet<string>> {
    const known = new Set<string>();
    for (const { rows, count } of await this.#files(position))
      for (let at = 0; at < count; at += 1) known.add(idAt(rows, at));
    return known;
  }

  #fileFor(more: number, now: number): CurrentFile {
    const current = this.#current;
    const isFull = current === null || now >= current.begun + ONE_DAY || current.count + more > MOST;
    if (!isFull) return current;
    const [first, second] = this.#paths;
    const next = { path: current?.path === first ? second : first, begun: now, count: 0 };
    this.#current = next;
    return next;
  }

  /** The older one first. What was written and not committed is not in it. */
  async #files(position: RowPosition | null): Promise<KnownFile[]> {
    const read = await Promise.all(this.#paths.map(readKnown));
    const files = read.filter(file => file !== null).sort((a, b) => a.begun - b.begun);
    for (let newest = files.at(-1); newest !== undefined; newest = files.at(-1)) {
      newest.count = committedOf(newest, position);
      if (newest.count > 0) break;
      files.pop();
    }
    return files;
  }
}

async function readKnown(path: string): Promise<KnownFile | null> {
  try {
    const bytes = await readFile(path);
    if (bytes.length < HEAD) return null;
    const rows = bytes.subarray(HEAD);
    return {
      path,
      begun: Number(bytes.readBigUInt64BE()),
      rows,
      count: Math.floor(rows.length / SIZE),
    };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/** How many rows are before the end of the committed position, which is always the row that was read last. */
function committedOf({ rows, count }: KnownFile, position: RowPosition | null): number {
  if (position === null) return 0;
  const last = bytesOf(position.id);
  for (let at = count - 1; at >= 0; at -= 1)
    if (rows.subarray(at * SIZE, (at + 1) * SIZE).equals(last)) return at + 1;
  return 0;
}

function headOf(begun: number): Buffer {
  const head = Buffer.alloc(HEAD);
  head.writeBigUInt64BE(BigInt(begun));
  return head;
}

function bytesOf(id: string): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}

function idAt(rows: Buffer, at: number): string {
  const hex = rows.toString('hex', at * SIZE, (at + 1) * SIZE);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
