/** When a log file was last written to, by its own records. */

import type { LogFormat } from '../../lib/log-format.js';
import { criTime } from '../frame/cri.js';
import type { LogTimes } from './identify.js';
import { openFile } from './open-file.js';

/** Bytes at a file's end in which a record is sought. */
const END = 64 * 1024;

const CSV_TIME = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [^,"\s]+),/;
const JSON_TIME = /^\{ *"timestamp" *: *"([^"\\]{1,64})"/;

/** log_time of the last record near its end, in milliseconds since the epoch; `null` if there is none. */
export async function lastTimeIn(path: string, format: LogFormat, times: LogTimes): Promise<number | null> {
  const file = await openFile(path);
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    const at = Math.max(0, size - END);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(END), 0, END, at);
    const lines = buffer.toString('latin1', 0, bytesRead).split('\n');
    const found = lines.map(line => timeOf(line, format, times)).filter(time => time !== null);
    return found.at(-1) ?? null;
  } finally {
    await file.close();
  }
}

function timeOf(line: string, format: LogFormat, times: LogTimes): number | null {
  if (format === 'cnpg') return criTime(Buffer.from(line, 'latin1'));
  const [, time] = (format === 'csvlog' ? CSV_TIME : JSON_TIME).exec(line) ?? [];
  return time === undefined ? null : times.read(time);
}
