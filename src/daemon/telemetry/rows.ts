/** The part of the telemetry about a server's history of rows. */

import type { Logger } from 'pino';
import type { Watched } from '../../database/rows/watched.js';
import type { RecordCounts } from '../../event/counts.js';
import { codeOf } from '../../lib/errors.js';
import { messageOf, rowsFixFor } from '../fixes.js';
import type { Health, Problem } from '../health.js';
import type { Metrics } from '../metrics.js';
import type { Obstacle } from '../rows/obstacle.js';
import { ProofTelemetry } from './proof.js';

/** Parts of the history that have problems of their own. */
const PARTS = ['rows', 'rows-behind', 'rows-look', 'rows-watch'] as const;
type Part = (typeof PARTS)[number];

/** Tables that a problem names. */
const MOST_NAMED = 10;

const HELD_BACK: Readonly<Record<Obstacle, Omit<Problem, 'code'>>> = {
  prepared: {
    what: 'a prepared transaction holds the history of rows back: later rows are read when it has ended',
    fix: 'end it with COMMIT PREPARED or ROLLBACK PREPARED; pg_prepared_xacts lists it',
  },
  transaction: {
    what: 'a transaction has been running for over 15 minutes: rows of later ones are read when it has ended',
    fix: 'wait, or end it: the oldest backend_xid in pg_stat_activity is the one',
  },
  log: {
    what: 'rows wait until the log is read up to them, so that their statements are known',
    fix: 'see why the log is not read to its end',
  },
};

export class RowTelemetry extends ProofTelemetry {
  readonly #log: Logger;
  readonly #metrics: Metrics;
  readonly #health: Health;
  readonly #source: string | null;
  /** What was told last of each part. */
  readonly #told = new Map<Part, Problem | null>();

  /** @param source one of several servers */
  constructor(log: Logger, metrics: Metrics, health: Health, source: string | null) {
    super(log, metrics, health);
    this.#log = log;
    this.#metrics = metrics;
    this.#health = health;
    this.#source = source;
  }

  rowsFailed(error: unknown): void {
    const code = codeOf(error);
    const what = `the history of rows cannot be read (${code})`;
    this.#tell('rows', { code: 'rows-unreadable', what, fix: rowsFixFor(code) });
  }

  rowsReadUntil(time: number): void {
    this.#tell('rows', null);
    this.#metrics.rowsReadUntil.set(this.#nameOf('rows'), time / 1000);
  }

  /** A standby's rows are read from its primary. */
  rowsElsewhere(): void {
    for (const part of PARTS) this.#tell(part, null);
  }

  rowsRead({ shipped, dropped }: RecordCounts): void {
    this.#metrics.rows.inc({ outcome: 'shipped', reason: 'row' }, shipped);
    for (const [reason, count] of Object.entries(dropped))
      this.#metrics.rows.inc({ outcome: 'dropped', reason }, count);
  }

  rowsHeldBack(by: Obstacle | null): void {
    this.#tell('rows-behind', by === null ? null : { code: 'rows-held-back', ...HELD_BACK[by] });
  }

  rowsReadAgain(since: string): void {
    this.#log.warn(
      { code: 'rows-read-again', since },
      'the history of rows is of another server or timeline, after a failover or a restore: its last day is read again',
    );
  }

  /** Partitions of the history that are gone, because all of their rows are in the archive. */
  rowsDropped(partitions: readonly string[]): void {
    this.#log.info({ code: 'rows-dropped', partitions }, 'months of the history of rows were dropped');
  }

  rowsNotMaintained(error: unknown): void {
    this.#log.warn(
      { code: 'rows-not-maintained', error: codeOf(error) },
      `partitions of the history of rows could not be made or dropped; it is tried again within the hour: ${messageOf(error)}`,
    );
  }

  /** Nobody knows what the triggers do. */
  rowsUnwatched(error: unknown): void {
    const code = codeOf(error);
    const what = `whether the triggers of tables under watch record cannot be seen (${code})`;
    this.#tell('rows-look', { code: 'rows-unreadable', what, fix: rowsFixFor(code) });
  }

  /** What the triggers of the tables under watch do. */
  rowsWatched({ relations }: Watched): void {
    this.#tell('rows-look', null);
    const faulty = relations.filter(({ fault }) => fault !== null);
    const names = faulty.slice(0, MOST_NAMED).map(({ name, fault }) => `${name} (${fault})`);
    const none: Problem = {
      code: 'rows-not-recorded',
      what: 'no table is under watch: no row is recorded',
      fix: "SELECT row_history.watch('schema.table'); or remove rows from the configuration",
    };
    const some: Problem = {
      code: 'rows-not-recorded',
      what: `${faulty.length} tables, or their partitions, are not recorded: ${names.join(', ')}`,
      fix: "SELECT row_history.watch('schema.table') again, or unwatch; find out who changed it in the archive",
    };
    this.#tell('rows-watch', relations.length === 0 ? none : faulty.length === 0 ? null : some);
  }

  /** Also if there never was a problem: an earlier run may have had one. */
  #tell(part: Part, problem: Problem | null): void {
    const before = this.#told.get(part);
    if (before !== undefined && before?.what === problem?.what) return;
    this.#told.set(part, problem);
    this.#health.set(this.#nameOf(part), problem);
    if (problem !== null && before?.code !== problem.code)
      this.#log.error({ code: 'problem', problem: problem.code }, `${problem.what}: ${problem.fix}`);
    if (problem === null && before)
      this.#log.info({ code: 'problem-solved', problem: before.code }, 'a problem is gone');
  }

  #nameOf(part: Part): string {
    return this.#source === null ? part : `${part} ${this.#source}`;
  }
}
