/** Looks every minute whether the triggers still record, and every hour has the owner's function keep the partitions. */

import { z } from 'zod';
import { isSameHistory, type RowHistory } from '../../database/rows/history.js';
import {
  changesOf,
  readWatched,
  type Watched,
  watchedSchema,
  withoutFaults,
} from '../../database/rows/watched.js';
import type { ConfigFields } from '../../event/config.js';
import type { RowPosition } from '../../event/row.js';
import { CacheFile, type CacheFileReport } from '../../lib/cache-file.js';
import { type Clock, hasPassed, sleep } from '../../lib/clock.js';
import type { Disk } from '../../lib/disk.js';

const INTERVAL = 60_000;
const MAINTAIN_INTERVAL = 60 * 60_000;
/** Changes in one event: a table may have thousands of partitions. */
const MOST_CHANGES = 500;

export interface RowWatchReport extends CacheFileReport {
  rowsUnwatched(error: unknown): void;
  /** The server is a standby. */
  rowsElsewhere(): void;
  rowsWatched(watched: Watched): void;
  rowsDropped(partitions: readonly string[]): void;
  rowsNotMaintained(error: unknown): void;
}

export interface RowWatchOptions {
  readonly history: RowHistory;
  /** The file that keeps the last look. */
  readonly cachePath: string;
  /** Milliseconds that rows stay in the database once they are in the archive; `null`: for ever. */
  readonly keep: number | null;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly report: RowWatchReport;
}

export interface WatchSurroundings {
  /** Resolves when the event is in the journal. */
  reportChange(fields: ConfigFields): Promise<void>;
  /** All rows up to here are sealed and in the archive; `null` if that is not known. */
  archived(): RowPosition | null;
}

/** A look is saved after its changes were journaled: after a crash in between they are recorded again, and never lost. */
export class RowWatch {
  readonly #options: RowWatchOptions;
  readonly #file: CacheFile<Watched>;
  #last: Watched | null = null;
  #hasRead = false;
  #maintainedAt = Number.NEGATIVE_INFINITY;

  constructor(options: RowWatchOptions) {
    this.#options = options;
    this.#file = new CacheFile({ ...options, path: options.cachePath, schema: watchedSchema });
  }

  async follow(stop: AbortSignal, around: WatchSurroundings): Promise<void> {
    while (!stop.aborted) {
      await this.look(around);
      await sleep(this.#options.clock, INTERVAL, stop);
    }
  }

  /** Once; never rejects. */
  async look(around: WatchSurroundings): Promise<void> {
    const { report, history, clock } = this.#options;
    try {
      if ((await history.frontier()) === null) {
        report.rowsElsewhere();
        const last = await this.#lastLook();
        if (last !== null) await this.#compare(withoutFaults(last), around);
        return;
      }
      const watched = await readWatched(history, clock.now());
      report.rowsWatched(watched);
      await this.#compare(watched, around);
    } catch (error) {
      report.rowsUnwatched(error);
      return;
    }
    await this.#maintain(around);
    // Nothing is asked for a minute.
    await history.close();
  }

  async close(): Promise<void> {
    await Promise.all([this.#file.close(), this.#options.history.close()]);
  }

  async #lastLook(): Promise<Watched | null> {
    if (!this.#hasRead) this.#last = await this.#file.read();
    this.#hasRead = true;
    return this.#last;
  }

  async #compare(now: Watched, { reportChange }: WatchSurroundings): Promise<void> {
    const last = await this.#lastLook();
    const changes = changesOf(last, now);
    const since = new Date(last?.readAt ?? now.readAt).toISOString();
    for (let start = 0; start < changes.length; start += MOST_CHANGES) {
      const some = changes.slice(start, start + MOST_CHANGES);
      await reportChange({ kind: 'config', config: { since, changes: some } });
    }
    this.#last = now;
    this.#file.scheduleNews(() => now, { ...now, readAt: 0 });
  }

  /** Partitions for the next months are needed whether old ones are dropped or not. */
  async #maintain({ archived }: WatchSurroundings): Promise<void> {
    const { clock, history, keep, report } = this.#options;
    const now = clock.now();
    if (!hasPassed(this.#maintainedAt, now, MAINTAIN_INTERVAL)) return;
    try {
      const until = keep === null ? null : await this.#inThisHistory(archived());
      const seconds = keep === null || until === null ? null : `${keep / 1000} seconds`;
      const done = await history.query(
        'SELECT partition, action FROM row_history.maintain($1::xid8, $2::uuid, $3::interval)',
        [until?.transaction ?? null, until?.id ?? null, seconds],
      );
      const dropped = actions.parse(done).filter(({ action }) => action === 'dropped');
      if (dropped.length > 0) report.rowsDropped(dropped.map(({ partition }) => partition));
      // Until something is archived, old months are asked for at each look.
      if (keep === null || until !== null) this.#maintainedAt = now;
    } catch (error) {
      report.rowsNotMaintained(error);
      this.#maintainedAt = now;
    }
  }

  /** A position on another server or timeline, or in another database, says nothing about this history. */
  async #inThisHistory(position: RowPosition | null): Promise<RowPosition | null> {
    const frontier = await this.#options.history.frontier();
    return position !== null && frontier !== null && isSameHistory(position, frontier) ? position : null;
  }
}

const actions = z.array(z.object({ partition: z.string(), action: z.string() }));
