/** The part of the telemetry about a server's history of rows. */

import type { Logger } from 'pino';
import type { Watched } from '../../database/rows/watched.js';
import type { RecordCounts } from '../../event/counts.js';
import { codeOf } from '../../lib/errors.js';
import { messageOf } from '../fixes.js';
import type { Health, Problem } from '../health.js';
import type { Metrics } from '../metrics.js';
import { heldBack, notRecorded, type Obstacle, unreadable } from '../rows/problems.js';
import { ProofTelemetry } from './proof.js';

/** Parts of the history that have problems of their own. */
const PARTS = ['rows', 'rows-behind', 'rows-look', 'rows-watch'] as const;
type Part = (typeof PARTS)[number];

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
    this.#tell('rows', unreadable(error, 'the history of rows cannot be read'));
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
    this.#tell('rows-behind', by === null ? null : heldBack(by));
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
    this.#tell(
      'rows-look',
      unreadable(error, 'whether the triggers of tables under watch record cannot be seen'),
    );
  }

  /** What the triggers of the tables under watch do. */
  rowsWatched(watched: Watched): void {
    this.#tell('rows-look', null);
    this.#tell('rows-watch', notRecorded(watched));
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
