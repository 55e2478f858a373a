/**
 * Which format of the log is read. A server may write its log in several formats at once: only one of them is read, and
 * another one only when the first is no longer written.
 */

import type { SourcePosition } from '../../event/position.js';
import { hasPassed } from '../../lib/clock.js';
import { LOG_FORMATS, type LogFormat } from '../../lib/log-format.js';
import type { Identity, LogTimes } from './identify.js';
import { type LastRecord, lastRecordIn } from './last-record.js';
import type { Surveyed } from './survey.js';

/** Milliseconds for which the files of a format do not grow before another format is read. */
const QUIET = 10_000;

export interface FormatChange {
  readonly from: LogFormat;
  readonly to: LogFormat;
}

export interface FormatChoiceOptions {
  readonly configured: LogFormat | 'auto';
  /** The format that was read last; `null` if none was. */
  readonly current: LogFormat | null;
  /** Nobody writes to the files any more. */
  readonly once: boolean;
  readonly times: LogTimes;
}

type File = Surveyed & { readonly identity: Extract<Identity, { format: LogFormat }> };

export class FormatChoice {
  readonly #options: FormatChoiceOptions;
  #current: LogFormat | null;

  constructor(options: FormatChoiceOptions) {
    this.#options = options;
    this.#current = options.current;
  }

  get current(): LogFormat | null {
    return this.#current;
  }

  /**
   * Looks at all files. Returns the change, if there is one.
   *
   * @param isRead whether all of a file was read
   * @param positions in the files of the present format
   */
  async look(
    files: readonly Surveyed[],
    isRead: (file: Surveyed) => boolean,
    positions: readonly SourcePosition[],
    now: number,
  ): Promise<FormatChange | 'first' | null> {
    const logs = files.filter(isLog);
    const next = await this.#next(logs, isRead, positions, now);
    if (next === null || next === this.#current) return null;
    const from = this.#current;
    this.#current = next;
    return from === null ? 'first' : { from, to: next };
  }

  async #next(
    files: readonly File[],
    isRead: (file: Surveyed) => boolean,
    positions: readonly SourcePosition[],
    now: number,
  ): Promise<LogFormat | null> {
    const { configured } = this.#options;
    const own = files.filter(({ identity }) => identity.format === this.#current);
    // What is left in the present format comes first, whatever the configuration says now.
    if (!own.every(isRead)) return null;
    if (configured !== 'auto')
      return files.some(({ identity }) => identity.format === configured) ? configured : null;
    if (this.#current === null) return firstOf(files);
    return await this.#successor(this.#current, files, positions, now);
  }

  /** The format that is written in place of this one. */
  async #successor(
    current: LogFormat,
    files: readonly File[],
    positions: readonly SourcePosition[],
    now: number,
  ): Promise<LogFormat | null> {
    const { once, times } = this.#options;
    const own = files.filter(({ identity }) => identity.format === current);
    const newest = newestOf(files.filter(({ identity }) => identity.format !== current));
    if (newest === null) return null;
    const written = Math.max(...own.map(({ modified }) => modified));
    if (newest.modified <= written || (!once && !hasPassed(written, now, QUIET))) return null;
    // Who may write a log file may write any time into it: a record is not later than its file.
    const read = Math.min(written, Math.max(...positions.map(({ lastTime }) => times.read(lastTime) ?? 0)));
    const last = await lastRecordIn(newest.path, newest.identity.format, times);
    return last !== null && last.time > read ? newest.identity.format : null;
  }

  /**
   * The last record of a file of another format that is written at the same time: all is well only if it was read, too, in
   * the present one. `null` if there is no such file.
   */
  async beside(files: readonly Surveyed[]): Promise<LastRecord | null> {
    const logs = files.filter(isLog);
    const isOwn = ({ identity }: File): boolean => identity.format === this.#current;
    const newest = newestOf(logs.filter(file => !isOwn(file)));
    const written = newestOf(logs.filter(isOwn))?.modified ?? 0;
    if (newest === null || newest.modified < written - QUIET) return null;
    const { path, identity } = newest;
    // One whose last record cannot be seen is not known to be read.
    const unseen = { time: newest.modified, session: null };
    return (await lastRecordIn(path, identity.format, this.#options.times)) ?? unseen;
  }

  /** Files as the reader should see them: those of other formats are not read, unless they were. */
  narrow(files: readonly Surveyed[], isKnown: (contentId: string) => boolean): Surveyed[] {
    return files.map(file => {
      if (!isLog(file) || file.identity.format === this.#current || isKnown(file.identity.contentId))
        return file;
      return { ...file, identity: { kind: 'unsupported', reason: 'other-format' } };
    });
  }
}

function isLog(file: Surveyed): file is File {
  return file.identity.kind === 'content' || file.identity.kind === 'partial';
}

function newestOf(files: readonly File[]): File | null {
  return files.toSorted((a, b) => b.modified - a.modified)[0] ?? null;
}

/** The format of the oldest file; of two with the same record at their start, the first of `LOG_FORMATS`. */
function firstOf(files: readonly File[]): LogFormat | null {
  const begun = (format: LogFormat): number =>
    Math.min(
      ...files
        .filter(({ identity }) => identity.format === format)
        .map(({ identity }) => identity.firstTime ?? Number.MAX_VALUE),
    );
  const formats = LOG_FORMATS.filter(format => files.some(({ identity }) => identity.format === format));
  return formats.toSorted((a, b) => begun(a) - begun(b))[0] ?? null;
}
