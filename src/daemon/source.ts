/** One server's log among others: its failures do not affect the others. */

import type { ReportEvent } from '../database/settings-watch.js';
import type { SourcePosition } from '../event/position.js';
import { type Clock, sleep } from '../lib/clock.js';
import { StateError } from '../lib/errors.js';
import type { FormatChange } from '../read/files/format-choice.js';
import type { Tail } from '../read/files/tail.js';
import type { Detection } from './detect/detection.js';
import type { LargeReader } from './large/reader.js';
import type { Deciders } from './records/outcome.js';
import type { RowReader } from './rows/reader.js';
import type { RowWatch } from './rows/watch.js';
import type { Telemetry } from './telemetry/telemetry.js';

/** One server's log. */
export interface Source {
  /** The server's instance, as in its events. */
  readonly instance: string;
  /** Its name in the journal. */
  readonly name: string;
  readonly telemetry: Telemetry;
  /** Positions in its files. */
  readonly positions: readonly SourcePosition[];
  /** Bytes in its files that were not read yet. */
  readonly unread: number;
  /** Since when bytes may be waiting, in milliseconds since the epoch; `null` if none are. */
  readonly behindSince: number | null;
  /** Continues from the journal's checkpoint, once its database allows it. Throws the signal's reason if it aborts first. */
  open(until: AbortSignal): Promise<OpenSource>;
  close(): Promise<void>;
}

export interface OpenSource extends Deciders {
  readonly name: string;
  readonly large: LargeReader | null;
  readonly tail: Tail;
  /** Changes of the log's format since the last call, which are still to be recorded. */
  readonly takeFormatChanges: () => readonly FormatChange[];
  /** Reports who is audited, and changes of that; `null` if no database is configured. */
  readonly auditSettings: {
    follow(stop: AbortSignal, reportEvent: ReportEvent): Promise<void>;
    /** Once. */
    look(reportEvent: ReportEvent): Promise<void>;
  } | null;
  /** Sends heartbeats until the signal aborts; `null` if no database is configured, and with `--once`. */
  readonly beat: ((stop: AbortSignal) => Promise<void>) | null;
  /** The server's history of rows; `null` if it is not configured. */
  readonly rows: { readonly reader: RowReader; readonly watch: RowWatch } | null;
  readonly now: () => number;
  /** Raises alerts; `null` if it is not configured. */
  readonly detection: Pick<Detection, 'watch'> | null;
}

/** Milliseconds before the log of one of several servers is opened again. */
const REOPEN_AFTER = 10_000;

interface Surroundings {
  readonly sources: readonly Source[];
  /** Others may come. */
  readonly discovery: object | null;
  readonly once: boolean;
  readonly clock: Clock;
}

/**
 * Calls `read` until it ends. If it fails, it is called again, and continues after the source's last entry in the
 * journal; other sources are not affected. With `once` a failure ends it. If there are no other sources, it rejects. A
 * damaged state concerns all sources, so it always rejects.
 */
export async function keepReading(
  { telemetry }: Source,
  { sources, discovery, once, clock }: Surroundings,
  stop: AbortSignal,
  read: () => Promise<void>,
): Promise<void> {
  while (!stop.aborted) {
    try {
      return await read();
    } catch (error) {
      if (stop.aborted && error === stop.reason) return;
      const isOnly = sources.length === 1 && discovery === null;
      if (error instanceof StateError || isOnly) throw error;
      telemetry.sourceFailed(error, once);
      if (once) return;
    }
    await sleep(clock, REOPEN_AFTER, stop);
  }
}
