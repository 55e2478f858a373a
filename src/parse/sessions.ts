/**
 * PostgreSQL numbers the lines of each session from 1 without holes (its manual, `session_line_num`; measured):
 * a number that is missing is a line that is missing.
 */

import { dirname } from 'node:path';
import { z } from 'zod';
import { hasPassed } from '../clock.js';
import { COLUMN, type Gap, type MissingLines, type RawRecord, type SourceFile } from '../record.js';
import type { TimeReader } from './time.js';

const savedFile = z.object({ fileId: z.string(), path: z.string() });
const missingLines = z.object({
  session: z.string(),
  user: z.string(),
  firstLine: z.number(),
  lastLine: z.number(),
  after: z.string().nullable(),
  before: z.string(),
  file: savedFile,
  record: z.object({ offset: z.number(), length: z.number() }),
});
export const savedSessions = z.object({
  /** Session, its last line, log_time of that line, `torn` then; the session read last comes last. */
  known: z.array(z.tuple([z.string(), z.number(), z.string(), z.number()])),
  torn: z.number(),
  since: z.array(z.tuple([z.string(), z.number()])),
  forgotten: z.number(),
  missing: z.array(z.object({ foundAt: z.number(), lines: missingLines })),
});
export type SavedSessions = z.infer<typeof savedSessions>;

/** A session, for as long as it is remembered. */
export interface Known {
  readonly id: string;
  /** The highest number seen; not a number when the session was forgotten. */
  line: number;
  /** log_time of that line, as it stands in the log. */
  time: string;
  /** How many bytes had been torn when it was read. */
  torn: number;
}

/** Sessions that are remembered; those that were quiet longest are forgotten first. */
const MOST_SESSIONS = 2000;
/** Bytes that a record takes at least: so many lines a tear may hold. */
const SHORTEST_RECORD = 100;
/** Holes that wait for files which cannot be read. */
const MOST_POSTPONED = 1000;
/** Milliseconds in which a file that appears late may still bring what is missing. */
const PATIENCE = 10_000;

/**
 * What is missing is told where it is certain: in a session whose earlier lines were read, and at the start of one
 * that began after the first record of its folder was. Lines for which there is room in a tear are not told again.
 */
export class Sessions {
  readonly #times: TimeReader;
  readonly #known = new Map<string, Known>();
  /** For each folder, when its first record was written: older sessions were met half-way. */
  readonly #since = new Map<string, number>();
  /** Sessions that began until then may have been forgotten; milliseconds since the epoch, as everywhere. */
  #forgotten: number;
  /** Bytes of all tears so far. */
  #torn: number;
  #missing: { foundAt: number; lines: MissingLines }[];

  /** @param forgotten where nothing is saved: sessions that began until then may have been read. */
  constructor(times: TimeReader, saved: SavedSessions | undefined, forgotten = 0) {
    this.#times = times;
    for (const [session, line, time, torn] of saved?.known ?? [])
      this.#known.set(session, { id: session, line, time, torn });
    for (const [folder, time] of saved?.since ?? []) this.#since.set(folder, time);
    this.#forgotten = saved?.forgotten ?? forgotten;
    this.#torn = saved?.torn ?? 0;
    this.#missing = saved?.missing ?? [];
  }

  /** Whether a record of a file that is read anew was read before its bytes changed. */
  wasRead(record: RawRecord, { rereadUntil }: SourceFile): boolean {
    if (rereadUntil === undefined) return false;
    const [time, until] = [record.text(COLUMN.logTime), rereadUntil].map(this.#times.read);
    if (time == null || until == null || time > until) return false;
    const session = record.text(COLUMN.sessionId);
    const known = this.#known.get(session);
    if (known === undefined) return sessionStart(session) <= this.#forgotten;
    return Number(record.text(COLUMN.sessionLine)) <= known.line;
  }

  /** Notes one record, in the order of the log. */
  note(record: RawRecord, file: SourceFile, now: number): void {
    const session = record.text(COLUMN.sessionId);
    const line = Number(record.text(COLUMN.sessionLine));
    const known = this.#known.get(session);
    if (known !== undefined && line <= known.line) {
      this.#arrived(session, line);
      return;
    }
    const time = record.text(COLUMN.logTime);
    const next = known === undefined ? 1 : known.line + 1;
    if (line > next && this.#isCertain(known, record, file, line - next)) {
      this.#missing.push({
        foundAt: now,
        lines: {
          session,
          user: record.text(COLUMN.user),
          firstLine: next,
          lastLine: line - 1,
          after: known?.time || null,
          before: time,
          file: { fileId: file.fileId, path: file.path },
          record: { offset: record.offset, length: record.length },
        },
      });
    }
    if (known === undefined) this.#begin(file, time);
    this.#remember(known ?? { id: session, line, time, torn: 0 }, line, time);
  }

  /** A session by its id, if it is remembered. */
  known(session: string): Known | undefined {
    return this.#known.get(session);
  }

  /** Notes a session's further lines, up to `line` at `time`, among which none is missing. */
  noteLines(known: Known, line: number, time: string): void {
    this.#remember(known, line, time);
  }

  /** Notes a gap: a line that is known to be in it is accounted for, and so are as many as a tear may hold. */
  noteGap({ reason, length, record }: Gap, file: SourceFile): void {
    if (reason === 'torn') {
      this.#torn += length;
      this.#since.clear();
      // The torn end of a file is told only after the next file was begun.
      const isElsewhere = ({ lines }: { lines: MissingLines }): boolean =>
        dirname(lines.file.path) !== dirname(file.path) ||
        lines.lastLine - lines.firstLine >= length / SHORTEST_RECORD;
      this.#missing = this.#missing.filter(isElsewhere);
    }
    if (record?.session === undefined) return;
    const line = Number(record.line);
    const known = this.#known.get(record.session) ?? { id: record.session, line: 0, time: '', torn: 0 };
    if (line <= known.line) this.#arrived(known.id, line);
    if (line === known.line + 1) this.#remember(known, line, '');
  }

  /** Takes what has been missing for so long that it will not come any more. */
  takeOverdue(now: number): MissingLines[] {
    const isOverdue = (hole: { foundAt: number }): boolean => hasPassed(hole.foundAt, now, PATIENCE);
    const overdue = this.#missing.filter(isOverdue);
    if (overdue.length > 0) this.#missing = this.#missing.filter(hole => !isOverdue(hole));
    return overdue.map(({ lines }) => lines);
  }

  /** Takes all that is missing: nothing more will come. */
  takeAll(): MissingLines[] {
    const all = this.#missing;
    this.#missing = [];
    return all.map(({ lines }) => lines);
  }

  /** Some files cannot be read at the moment: what is missing may stand in them. Too much does not wait for them. */
  postpone(now: number): void {
    if (this.#missing.length > MOST_POSTPONED) return;
    for (const hole of this.#missing) hole.foundAt = now;
  }

  /** Plain data for the checkpoint. */
  get saved(): SavedSessions {
    return {
      known: [...this.#known].map(([session, { line, time, torn }]) => [session, line, time, torn]),
      torn: this.#torn,
      since: [...this.#since],
      forgotten: this.#forgotten,
      // Copies: what is found later must not get into a checkpoint that does not have its position.
      missing: this.#missing.map(hole => ({ ...hole })),
    };
  }

  #isCertain(known: Known | undefined, record: RawRecord, file: SourceFile, lines: number): boolean {
    if (known === undefined) return this.#isNew(record, file);
    return lines > (this.#torn - known.torn) / SHORTEST_RECORD;
  }

  /** Whether the session began after its folder's first record was written, and cannot have been forgotten. */
  #isNew(record: RawRecord, file: SourceFile): boolean {
    const since = this.#since.get(dirname(file.path));
    if (since === undefined) return false;
    const start = sessionStart(record.text(COLUMN.sessionId));
    const written = this.#times.read(record.text(COLUMN.sessionStart)) ?? 0;
    return Math.min(start, written) > Math.max(since, this.#forgotten);
  }

  #begin(file: SourceFile, time: string): void {
    const folder = dirname(file.path);
    if (this.#since.has(folder)) return;
    const since = this.#times.read(time);
    if (since !== null) this.#since.set(folder, since);
  }

  #remember(known: Known, line: number, time: string): void {
    known.line = line;
    known.time = time;
    known.torn = this.#torn;
    this.#known.delete(known.id);
    this.#known.set(known.id, known);
    if (this.#known.size <= MOST_SESSIONS) return;
    for (const oldest of this.#known.values()) {
      this.#known.delete(oldest.id);
      oldest.line = Number.NaN;
      this.#forgotten = Math.max(this.#forgotten, sessionStart(oldest.id));
      return;
    }
  }

  /** A file that appeared late brought the line: what is still missing lies before and behind it. */
  #arrived(session: string, line: number): void {
    if (this.#missing.length === 0) return;
    this.#missing = this.#missing.flatMap(hole => {
      const { lines } = hole;
      const { firstLine, lastLine } = lines;
      if (lines.session !== session || line < firstLine || line > lastLine) return [hole];
      const parts = [
        { ...lines, lastLine: line - 1 },
        { ...lines, firstLine: line + 1 },
      ];
      return parts
        .filter(part => part.firstLine <= part.lastLine)
        .map(part => ({ foundAt: hole.foundAt, lines: part }));
    });
  }
}

/** A session's id begins with its start, in whole seconds and hexadecimal. */
function sessionStart(session: string): number {
  return Number.parseInt(session, 16) * 1000;
}
