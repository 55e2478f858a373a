/**
 * Reads one server's history of rows beside its log: a second source of the same chain.
 *
 * A page's events, what became of its rows, and the position after it are one entry of the journal: after any crash,
 * reading continues behind the last row that is durable. Rows wait until the log was read up to them, so that their
 * statements are known.
 */

import {
  type Frontier,
  type HistoryRow,
  isSameHistory,
  type RowHistory,
} from '../../database/rows/history.js';
import { countRecord, noRecords, type RecordCounts } from '../../event/counts.js';
import type { NewEvent } from '../../event/event.js';
import type { RowPosition } from '../../event/row.js';
import type { RowProgress } from '../../journal/rows.js';
import { type Clock, sleep } from '../../lib/clock.js';
import { ShipperError } from '../../lib/errors.js';
import { SET_BACK } from '../fixes.js';
import type { RowOutcome } from './decide.js';
import type { KnownRows } from './known.js';
import type { Obstacle } from './problems.js';

/** Milliseconds between two looks for new rows, and after a failure. */
const INTERVAL = 5000;
const AFTER_FAILURE = 10_000;
/** Milliseconds between two looks at how far the log was read. */
const LOG_INTERVAL = 200;
/** Milliseconds in which the server's log has what it wrote before. */
const LOG_DELAY = 1000;
/** Milliseconds for which something may hold reading back before somebody has to know. */
const PATIENCE = 15 * 60_000;
/** Milliseconds between a statement's record and its first row, at most; a longer one's rows do not name it. */
const LONGEST_WAIT = 60 * 60_000;
const ONE_DAY = 24 * 60 * 60 * 1000;
const BEFORE_ALL = { transaction: '0', id: '00000000-0000-0000-0000-000000000000' };

export interface RowsReport {
  /** The history cannot be read; called at each failure. */
  rowsFailed(error: unknown): void;
  /** The server is a standby. */
  rowsElsewhere(): void;
  /** It was read up to this time (milliseconds since the epoch). */
  rowsReadUntil(time: number): void;
  rowsRead(records: RecordCounts): void;
  /** `null`: nothing does. */
  rowsHeldBack(by: Obstacle | null): void;
  /** Another server or timeline: a failover, or a restore. */
  rowsReadAgain(since: string): void;
}

export interface RowReaderOptions {
  readonly history: RowHistory;
  readonly known: KnownRows;
  /** `null` if nothing was read yet. */
  readonly position: RowPosition | null;
  readonly clock: Clock;
  readonly report: RowsReport;
}

/** What the rest of the server's source does for its rows. */
export interface RowSurroundings {
  /** How far its log was read, in milliseconds since the epoch; `null` before it was read to its end. */
  readUntil(): number | null;
  /** The outcome of each row. */
  decide(
    rows: readonly HistoryRow[],
    place: Pick<RowPosition, 'system' | 'timeline'>,
  ): Promise<readonly RowOutcome[]>;
  /** Resolves when they are durable; rejects if they will not be. */
  append(events: readonly NewEvent[], progress: RowProgress): Promise<void>;
  /** Resolves when there is room in the journal, to false if the signal aborts before. */
  waitForRoom(stop: AbortSignal): Promise<boolean>;
  /** The rows of all statements before this time (milliseconds since the epoch) were read. */
  forgetBefore(time: number): void;
}

export class RowReader {
  readonly #options: RowReaderOptions;
  /** What was committed last. */
  #position: RowPosition | null;
  /** Where to go on: what is before it was read, whether there was a row to commit or not. */
  #next: RowPosition | null = null;
  /** Rows of the timeline before, while the last day is read again. */
  #before: ReadonlySet<string> | null = null;
  #isOpen = false;
  #looked: { readonly at: number; readonly frontier: Frontier } | null = null;
  /** All transactions that ran at a time; until they have ended, what they did may still come. */
  #running: { readonly next: bigint; readonly at: number } | null = null;

  constructor(options: RowReaderOptions) {
    this.#options = options;
    this.#position = options.position;
  }

  /** Until the signal aborts. Failures are reported, and waited out. */
  async follow(stop: AbortSignal, around: RowSurroundings): Promise<void> {
    const { clock } = this.#options;
    while (!stop.aborted) {
      const isRead = await this.read(stop, around);
      await sleep(clock, isRead ? INTERVAL : AFTER_FAILURE, stop);
    }
  }

  /**
   * The next `read` takes what has been committed by now: the log is read in between, and may lack statements of later rows.
   * Never rejects.
   */
  async look(): Promise<void> {
    const { history, clock } = this.#options;
    const at = clock.now();
    // It is asked again, and then reported.
    const frontier = await history.frontier().catch(() => null);
    this.#looked = frontier === null ? null : { at, frontier };
  }

  /** Everything that has been committed. Returns false if that fails, which it reports. */
  async read(stop: AbortSignal, around: RowSurroundings): Promise<boolean> {
    const { report } = this.#options;
    try {
      await this.#readAll(stop, around);
      return true;
    } catch (error) {
      if (!stop.aborted) report.rowsFailed(error);
      return false;
    }
  }

  /** Disconnects. */
  async close(): Promise<void> {
    await this.#options.history.close();
  }

  async #readAll(stop: AbortSignal, around: RowSurroundings): Promise<void> {
    const { history, known, clock, report } = this.#options;
    if (!this.#isOpen) await known.open(this.#position);
    this.#isOpen = true;
    const at = this.#looked?.at ?? clock.now();
    const frontier = this.#looked?.frontier ?? (await history.frontier());
    this.#looked = null;
    if (frontier === null) {
      report.rowsElsewhere();
      return;
    }
    this.#checkForward(frontier);
    const next = this.#next;
    const isKnown = next !== null && isSameHistory(next, frontier);
    const from = isKnown ? next : await this.#start(frontier, at);
    this.#next = from;
    if (!(await this.#waitForLog(at, stop, around))) return;
    const isDone = await this.#readPages(from, frontier, at, stop, around);
    if (!isDone) return;
    this.#next = { ...(this.#next ?? from), transaction: String(frontier.horizon), id: BEFORE_ALL.id };
    report.rowsReadUntil(at);
    this.#forget(frontier, at, around);
  }

  /** A server that was restored as it is, with the same timeline, uses the numbers of lost transactions again: their rows would be skipped. */
  #checkForward(frontier: Frontier): void {
    const last = this.#next ?? this.#position;
    if (last === null || !isSameHistory(last, frontier) || BigInt(last.transaction) <= frontier.next) return;
    throw new ShipperError(
      SET_BACK,
      'the server was set back to an earlier state, and has the same timeline',
    );
  }

  /** Where to begin: after a failover or a restore, with the last day once more; in another database, with all. */
  async #start(frontier: Frontier, now: number): Promise<RowPosition> {
    const { system, timeline, database } = frontier;
    const last = this.#position;
    const time = new Date(now).toISOString();
    const start = { system, timeline, ...BEFORE_ALL, database, time };
    if (last === null) return start;
    if (isSameHistory(last, frontier)) {
      if (last.again !== undefined) this.#before ??= await this.#options.known.read(last);
      return last;
    }
    this.#before = await this.#options.known.read(last);
    const isElsewhere = last.database.oid !== database.oid && last.database.name !== database.name;
    // Some of it may have been read long ago: known rows are skipped after a crash, too.
    if (isElsewhere) return { ...start, again: { ...BEFORE_ALL, since: new Date(0).toISOString() } };
    const since = new Date(Math.min(Date.parse(last.time), now) - ONE_DAY).toISOString();
    this.#options.report.rowsReadAgain(since);
    return { ...start, again: { ...furthest(last), since } };
  }

  async #readPages(
    from: RowPosition,
    frontier: Frontier,
    at: number,
    stop: AbortSignal,
    around: RowSurroundings,
  ): Promise<boolean> {
    const { history } = this.#options;
    const time = new Date(at).toISOString();
    for (let position = from; ; ) {
      if (stop.aborted || !(await around.waitForRoom(stop))) return false;
      const rows = await history.page(position, frontier);
      const last = rows.at(-1);
      if (last === undefined) return true;
      position = { ...position, transaction: last.transaction, id: last.id, time };
      await this.#take(rows, position, around);
    }
  }

  async #take(rows: readonly HistoryRow[], position: RowPosition, around: RowSurroundings): Promise<void> {
    const { known, clock, report } = this.#options;
    const records = noRecords();
    const events: NewEvent[] = [];
    const isNew = ({ id }: HistoryRow): boolean => this.#before?.has(id) !== true;
    const fresh = rows.filter(isNew);
    for (const _known of rows.slice(fresh.length)) countRecord(records, 'dropped', 'read-before');
    for (const decided of await around.decide(fresh, position)) {
      countRecord(records, decided.outcome, decided.reason);
      if (decided.outcome === 'shipped') events.push(decided.event);
    }
    await known.add(
      rows.map(({ id }) => id),
      clock.now(),
    );
    await around.append(events, { position, records });
    this.#position = position;
    this.#next = position;
    report.rowsRead(records);
  }

  /** Returns false if the signal aborts first. */
  async #waitForLog(at: number, stop: AbortSignal, { readUntil }: RowSurroundings): Promise<boolean> {
    const { clock, report } = this.#options;
    while (!stop.aborted && (readUntil() ?? 0) < at + LOG_DELAY) {
      if (clock.now() >= at + PATIENCE) report.rowsHeldBack('log');
      await sleep(clock, LOG_INTERVAL, stop);
    }
    return !stop.aborted;
  }

  /** All rows below the horizon were read: statements that are older than all that still run need not be known any more. */
  #forget({ horizon, next, preparedSince }: Frontier, at: number, around: RowSurroundings): void {
    const running = this.#running;
    const hasEnded = running !== null && horizon >= running.next;
    if (hasEnded) around.forgetBefore(running.at - LONGEST_WAIT);
    if (running === null || hasEnded) this.#running = { next, at };
    const isHeldBack = running !== null && !hasEnded && at >= running.at + PATIENCE;
    const isPrepared = preparedSince !== null && preparedSince <= at - PATIENCE;
    this.#options.report.rowsHeldBack(isPrepared ? 'prepared' : isHeldBack ? 'transaction' : null);
  }
}

/** The last row that was read, also if a failover came while the last day was read again. */
function furthest({ transaction, id, again }: RowPosition): Pick<RowPosition, 'transaction' | 'id'> {
  if (again === undefined) return { transaction, id };
  const isBeyond = BigInt(transaction) > BigInt(again.transaction);
  return isBeyond ? { transaction, id } : { transaction: again.transaction, id: again.id };
}
