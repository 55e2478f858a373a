/**
 * Records that were read in another format. After the log's format has changed, files of the new one may also hold what
 * was read in the old one: both were written for a while. A record's row is the same in both, but for its number.
 */

import { hash } from 'node:crypto';
import { COLUMN } from '../../lib/csvlog.js';
import type { LogFormat } from '../../lib/log-format.js';
import { createFramer } from '../frame/framers.js';
import type { RawRecord } from '../record.js';
import { openFile } from './open-file.js';

/**
 * Bytes at the end of the old format's files that are looked at. What is older is shipped once more rather than taken for
 * read: a time in a log proves nothing.
 */
const MOST = 256 * 1024 * 1024;
const CHUNK = 512 * 1024;
/** Characters of a SHA-256 in base64: 96 bits. */
const DIGEST = 16;
/** Milliseconds: a server with several processes writes times out of order. */
export const DISORDER = 5000;

export interface OldFile {
  readonly path: string;
  readonly format: LogFormat;
  /** Bytes of it that were read. */
  readonly size: number;
}

export class Twins {
  readonly #rows = new Set<string>();
  /** log_time of the last record that was looked at, in milliseconds since the epoch. */
  #until = Number.NEGATIVE_INFINITY;
  readonly #read: (time: string) => number | null;

  private constructor(read: (time: string) => number | null) {
    this.#read = read;
  }

  /** @param files of the old format, in the order in which they were written */
  static async of(
    files: readonly OldFile[],
    maxRecordSize: number,
    read: (time: string) => number | null,
    now: number,
  ): Promise<Twins> {
    const twins = new Twins(read);
    let left = MOST;
    for (const file of files.toReversed()) {
      if (left <= 0) break;
      await twins.#add(file, Math.min(left, file.size), maxRecordSize);
      left -= file.size;
    }
    // Nothing was logged after now, whatever a log says.
    twins.#until = Math.min(twins.#until, now);
    return twins;
  }

  async #add({ path, format, size }: OldFile, most: number, maxRecordSize: number): Promise<void> {
    const file = await openFile(path);
    if (file === null) return;
    const from = size - most;
    const framer = createFramer({
      format,
      offset: from,
      maxRecordSize,
      ...(from > 0 ? { doubtFrom: from } : {}),
    });
    try {
      for (let at = from; at < size; ) {
        const room = framer.space(CHUNK);
        const { bytesRead } = await file.read(room, 0, Math.min(CHUNK, size - at), at);
        if (bytesRead === 0) break;
        framer.filled(bytesRead);
        at += bytesRead;
        for (let frame = framer.next(); frame !== null; frame = framer.next())
          if (frame.kind === 'record') this.#note(frame);
      }
    } finally {
      framer.close();
      await file.close();
    }
  }

  #note(record: RawRecord): void {
    const time = this.#read(record.text(COLUMN.logTime));
    if (time === null) return;
    this.#until = Math.max(this.#until, time);
    this.#rows.add(keyOf(record));
  }

  /** Whether the record was read in the old format. */
  has(record: RawRecord): boolean {
    return this.#rows.has(keyOf(record));
  }

  /** Whether a file may hold one of them, of which this is the latest log_time that was read. */
  mayHave(lastTime: string): boolean {
    const time = this.#read(lastTime);
    return time === null || time <= this.#until + DISORDER;
  }
}

/** Without the number of the line, which each format has its own of. */
function keyOf(record: RawRecord): string {
  const { bytes } = record;
  const before = bytes.subarray(0, record.endOf(COLUMN.sessionId));
  const behind = bytes.subarray(record.endOf(COLUMN.sessionLine));
  return hash('sha256', Buffer.concat([before, behind]), 'base64').slice(0, DIGEST);
}
