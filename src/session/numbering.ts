/**
 * Which format of the log is read, and since when: PostgreSQL numbers a session's lines in csvlog and in jsonlog apart
 * (measured). A session that began under one format and continues under another has its lines named with a letter.
 */

import { z } from 'zod';
import { LOG_FORMATS, type LogFormat } from '../lib/log-format.js';

export const savedNumbering = z.object({
  format: z.enum(LOG_FORMATS),
  /** When the format was changed, in milliseconds since the epoch; 0 if it never was. */
  since: z.number(),
});
export type SavedNumbering = z.infer<typeof savedNumbering>;

/** CloudNativePG's lines are of csvlog. */
const LETTERS: Readonly<Record<LogFormat, string>> = { csvlog: 'c', jsonlog: 'j', cnpg: 'c' };

export class Numbering {
  #saved: SavedNumbering | null;

  constructor(saved: SavedNumbering | null) {
    this.#saved = saved;
  }

  /** `null` before the first file was found. */
  get format(): LogFormat | null {
    return this.#saved?.format ?? null;
  }

  get saved(): SavedNumbering | null {
    return this.#saved;
  }

  /** @param since in milliseconds since the epoch; 0 for the first format */
  begin(format: LogFormat, since: number): void {
    this.#saved = { format, since };
  }

  /** A line of a session as ids of events name it. @param start when the session began, in milliseconds since the epoch */
  lineOf(start: number, line: number): string {
    if (this.#saved === null || start > this.#saved.since) return String(line);
    return `${LETTERS[this.#saved.format]}${line}`;
  }
}
