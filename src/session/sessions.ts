/**
 * PostgreSQL numbers the lines of each session from 1 without holes (its manual, `session_line_num`; measured), and
 * pgAudit the statements that it logs of each (pgaudit.c, log_audit_event; measured): a number that is missing is a
 * line, or a statement, that is missing. One that was kept out of the log, as by `SET log_min_messages`, took no line.
 */

import { dirname } from 'node:path';
import { z } from 'zod';
import type { TimeReader } from '../audit/time.js';
import type { Gap, Missing } from '../event/gap.js';
import type { SourceFile } from '../event/position.js';
import { COLUMN } from '../lib/csvlog.js';
import type { RawRecord } from '../read/record.js';
import { Holes, savedHoles } from './missing.js';

export const savedSessions = z.object({
  /** Session, its last line, log_time of that line, `torn` then; the session read last comes last. */
  known: z.array(z.tuple([z.string(), z.number(), z.string(), z.number()])),
  torn: z.number(),
  since: z.array(z.tuple([z.string(), z.number()])),
  forgotten: z.number(),
  ...savedHoles,
  /** Of the same sessions, if it is known: the last statement, log_time of its record, lines since that were not read.
   * A state of version 0.1 lacks it. */
  statements: z.array(z.tuple([z.string(), z.number(), z.string(), z.number()])).default([]),
});
export type SavedSessions = z.input<typeof savedSessions>;

/** A session whose numbers are remembered. */
export interface Known {
  readonly id: string;
  /** The highest number seen; `UNKNOWN` if its lines were numbered otherwise then. */
  line: number;
  /** log_time of that line, as it is in the log. */
  time: string;
  /** How many bytes had been torn when it was read. */
  torn: number;
  /** pgAudit's highest number; 0 before the first, `UNKNOWN` if the session was seen from the middle. */
  statement: number;
  /** log_time of its record, or of the session's first line. */
  statementTime: string;
  /** Lines since then that were not read, or tell no number: each may hold a statement. */
  unread: number;
  /**
   * pgAudit's highest number when the server last logged a statement or its duration; not a number before that. A
   * restart forgets it.
   */
  between: number;
}

export const UNKNOWN = -1;

/** Sessions that are remembered; of more, those that were quiet longest are forgotten, until so many are left. */
const MOST_SESSIONS = 2500;
const KEPT_SESSIONS = 2000;
/** Bytes of the shortest record: a tear has at most as many lines as these fit into it. */
const SHORTEST_RECORD = 100;

/**
 * Missing numbers are reported only if they are certain: in a session whose earlier lines were read, and at the start of
 * one that began after the first record of its folder. Lines that may be in a tear are not reported again, nor statements
 * that may be in lines that were not read.
 */
export class Sessions {
  readonly #times: TimeReader;
  readonly #known = new Map<string, Known>();
  /** When the first record of each folder was written: older sessions are seen from the middle. */
  readonly #since = new Map<string, number>();
  /** Sessions that began until then may have been forgotten; milliseconds since the epoch, as everywhere. */
  #forgotten: number;
  /** Bytes of all tears so far. */
  #torn: number;
  readonly #holes: Holes;
  /** Folder of the record that was noted last. */
  #folder = '';
  /** Records and gaps that were noted. */
  noted = 0;
  /** No session that was noted began later. */
  latestStart = 0;
  /** Called with a session that is not remembered any more. */
  onForget: ((session: string) => void) | null = null;

  /** @param forgotten if nothing is saved: sessions that began until then may have been read. */
  constructor(times: TimeReader, saved: SavedSessions | undefined, forgotten = 0) {
    this.#times = times;
    for (const [id, line, time, torn] of saved?.known ?? [])
      this.#known.set(id, { ...this.#met(id), line, time, torn });
    for (const [session, statement, statementTime, unread] of saved?.statements ?? []) {
      const known = this.#known.get(session);
      if (known !== undefined) Object.assign(known, { statement, statementTime, unread });
    }
    for (const [folder, time] of saved?.since ?? []) this.#since.set(folder, time);
    this.#forgotten = saved?.forgotten ?? forgotten;
    this.#torn = saved?.torn ?? 0;
    this.#holes = new Holes(saved);
  }

  /** Whether a record of a file that is read again was read before its bytes changed. */
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
    const before = this.#known.get(session);
    this.noted += 1;
    this.#folder = dirname(file.path);
    if (before?.line === UNKNOWN) {
      this.#remember(before, line, record.text(COLUMN.logTime));
      return;
    }
    if (before !== undefined && line <= before.line) {
      this.#holes.arrived('lines', session, line);
      return;
    }
    const time = record.text(COLUMN.logTime);
    const known = before ?? this.#met(session);
    const next = known.line + 1;
    if (line > next && this.#isCertain(before, record, file, line - next))
      this.#lacks({ of: 'lines', first: next, last: line - 1, after: known.time || null }, record, file, now);
    if (line > next) known.unread += line - next;
    if (before === undefined) this.#begin(known, record, file);
    this.#remember(known, line, time);
  }

  /** Notes which of its session's statements a genuine record is of, after the record itself was noted. */
  noteStatement(record: RawRecord, statement: number, file: SourceFile, now: number): void {
    const known = this.#known.get(record.text(COLUMN.sessionId));
    if (known === undefined) return;
    if (statement < known.statement) {
      this.#holes.arrived('statements', known.id, statement);
      return;
    }
    const next = known.statement + 1;
    if (known.statement !== UNKNOWN && statement - next > known.unread) {
      const hole = { first: next, last: statement - 1, after: known.statementTime || null };
      this.#lacks({ of: 'statements', ...hole }, record, file, now);
    }
    known.statement = statement;
    known.statementTime = record.text(COLUMN.logTime);
    known.unread = 0;
  }

  /** Notes that the record may be of a statement whose number it does not show. */
  noteUnread(record: RawRecord): void {
    const known = this.#known.get(record.text(COLUMN.sessionId));
    if (known !== undefined) known.unread += 1;
  }

  /** A session by its id, if it is remembered. */
  known(session: string): Known | undefined {
    return this.#known.get(session);
  }

  /**
   * Sessions of the folder read last that began after this time, in milliseconds since the epoch, and were not noted yet,
   * are new: all their lines will be read.
   */
  get newAfter(): number {
    return this.#newAfter(this.#folder);
  }

  /** How many sessions can be begun before others are forgotten. */
  get room(): number {
    return MOST_SESSIONS - this.#known.size;
  }

  /** Begins a session that is new; its lines are to be noted at once. */
  begin(session: string): Known {
    const known = this.#met(session);
    known.statement = 0;
    known.between = 0;
    return known;
  }

  /** Notes a session's further lines, up to `line` at `time`, among which none is missing. */
  noteLines(known: Known, line: number, time: string): void {
    this.#remember(known, line, time);
  }

  /** Notes a gap: a line that is known to be in it is accounted for, and so are as many as fit into a tear. */
  noteGap({ reason, length, record }: Gap, file: SourceFile): void {
    this.noted += 1;
    if (reason === 'torn') {
      this.#torn += length;
      this.#since.clear();
      // The torn end of a file is reported only after the next file was begun.
      this.#holes.remove(
        ({ of, first, last, file: { path } }) =>
          of === 'lines' && dirname(path) === dirname(file.path) && last - first < length / SHORTEST_RECORD,
      );
    }
    if (record?.session === undefined) return;
    const line = Number(record.line);
    const known = this.#known.get(record.session) ?? this.#met(record.session);
    if (line <= known.line) this.#holes.arrived('lines', known.id, line);
    if (line !== known.line + 1) return;
    known.unread += 1;
    this.#remember(known, line, '');
  }

  /** Lines are numbered apart from now on, statements are not. */
  forgetLines(now: number): void {
    this.noted += 1;
    for (const known of this.#known.values()) known.line = UNKNOWN;
    this.#forgotten = Math.max(this.#forgotten, now);
  }

  /** Takes numbers that have been missing for so long that they will not come any more. */
  takeOverdue(now: number): Missing[] {
    return this.#holes.takeOverdue(now);
  }

  /** Takes all that is missing: nothing more will come. */
  takeAll(): Missing[] {
    return this.#holes.takeAll();
  }

  /** Some files cannot be read at the moment: what is missing may be in them. */
  postpone(now: number): void {
    this.#holes.postpone(now);
  }

  /** Plain data for the checkpoint. */
  get saved(): z.output<typeof savedSessions> {
    const known = [...this.#known.values()];
    return {
      known: known.map(({ id, line, time, torn }) => [id, line, time, torn]),
      torn: this.#torn,
      since: [...this.#since],
      forgotten: this.#forgotten,
      statements: known
        .filter(({ statement }) => statement !== UNKNOWN)
        .map(({ id, statement, statementTime, unread }) => [id, statement, statementTime, unread]),
      ...this.#holes.saved,
    };
  }

  #lacks(
    what: Pick<Missing, 'of' | 'first' | 'last' | 'after'>,
    record: RawRecord,
    { fileId, path }: SourceFile,
    now: number,
  ): void {
    const { offset, length } = record;
    const where = { file: { fileId, path }, record: { offset, length }, before: record.text(COLUMN.logTime) };
    const [session, user] = [record.text(COLUMN.sessionId), record.text(COLUMN.user)];
    this.#holes.add({ ...what, session, user, ...where }, now);
  }

  #isCertain(known: Known | undefined, record: RawRecord, file: SourceFile, lines: number): boolean {
    if (known === undefined) return this.#isNew(record, file);
    return lines > (this.#torn - known.torn) / SHORTEST_RECORD;
  }

  /** Whether the session began after its folder's first record was written, and cannot have been forgotten. */
  #isNew(record: RawRecord, file: SourceFile): boolean {
    const start = sessionStart(record.text(COLUMN.sessionId));
    const written = this.#times.read(record.text(COLUMN.sessionStart)) ?? 0;
    return Math.min(start, written) > this.#newAfter(dirname(file.path));
  }

  #newAfter(folder: string): number {
    return Math.max(this.#since.get(folder) ?? Number.POSITIVE_INFINITY, this.#forgotten);
  }

  /** A session that was not noted before. */
  #met(id: string): Known {
    this.latestStart = Math.max(this.latestStart, sessionStart(id));
    return nothingOf(id);
  }

  /** From its first line on, all statements of a session are known, unless it was logged elsewhere before. */
  #begin(known: Known, record: RawRecord, file: SourceFile): void {
    if (record.text(COLUMN.sessionLine) === '1') {
      if (this.#isNew(record, file)) {
        known.statement = 0;
        known.statementTime = record.text(COLUMN.logTime);
      }
      known.between = known.statement;
    }
    const folder = dirname(file.path);
    if (this.#since.has(folder)) return;
    const since = this.#times.read(record.text(COLUMN.logTime));
    if (since !== null) this.#since.set(folder, since);
  }

  #remember(known: Known, line: number, time: string): void {
    known.line = line;
    known.time = time;
    known.torn = this.#torn;
    this.#known.delete(known.id);
    this.#known.set(known.id, known);
    if (this.#known.size > MOST_SESSIONS) this.#forgetOldest();
  }

  /** Many at once: in between, none is forgotten while others are begun. */
  #forgetOldest(): void {
    for (const oldest of this.#known.values()) {
      if (this.#known.size <= KEPT_SESSIONS) return;
      this.#known.delete(oldest.id);
      this.onForget?.(oldest.id);
      this.#forgotten = Math.max(this.#forgotten, sessionStart(oldest.id));
    }
  }
}

function nothingOf(id: string): Known {
  return {
    id,
    line: 0,
    time: '',
    torn: 0,
    statement: UNKNOWN,
    statementTime: '',
    unread: 0,
    between: Number.NaN,
  };
}

/** A session's id begins with its start, in whole seconds and hexadecimal. */
export function sessionStart(session: string): number {
  return Number.parseInt(session, 16) * 1000;
}
