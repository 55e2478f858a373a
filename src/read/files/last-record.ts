/** The last record of a log file, by its own words. */

import type { LogFormat } from '../../lib/log-format.js';
import { criTime } from '../frame/cri.js';
import type { LogTimes } from './identify.js';
import { openFile } from './open-file.js';

/** Bytes at a file's end in which a record is sought. */
const END = 64 * 1024;

/** Its log_time, and its session. */
const CSV =
  /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [^,"\s]+),(?:"(?:[^"]|"")*"|),(?:"(?:[^"]|"")*"|),\d*,(?:"[^"]*"|),([0-9a-f.]+),/;
const JSON_TIME = /^\{ *"timestamp" *: *"([^"\\]{1,64})"/;
const JSON_SESSION = /[{,] *"session_id" *: *"([0-9a-f.]{1,32})"/;

export interface LastRecord {
  /** log_time, in milliseconds since the epoch. */
  readonly time: number;
  /** `null` if it is not known. */
  readonly session: string | null;
}

/** The last record near the file's end; `null` if there is none. */
export async function lastRecordIn(
  path: string,
  format: LogFormat,
  times: LogTimes,
): Promise<LastRecord | null> {
  const file = await openFile(path);
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    const at = Math.max(0, size - END);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(END), 0, END, at);
    const lines = buffer.toString('latin1', 0, bytesRead).split('\n');
    return lines.map(line => recordOf(line, format, times)).findLast(record => record !== null) ?? null;
  } finally {
    await file.close();
  }
}

function recordOf(line: string, format: LogFormat, times: LogTimes): LastRecord | null {
  if (format === 'cnpg') {
    const time = criTime(Buffer.from(line, 'latin1'));
    return time === null ? null : { time, session: null };
  }
  const csv = format === 'csvlog' ? CSV.exec(line) : null;
  const written = csv?.[1] ?? (format === 'jsonlog' ? JSON_TIME.exec(line)?.[1] : undefined);
  const time = written === undefined ? null : times.read(written);
  if (time === null) return null;
  return { time, session: (csv === null ? JSON_SESSION.exec(line)?.[1] : csv[2]) ?? null };
}
