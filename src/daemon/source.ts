/** One server's log among others: what goes wrong with it is not theirs. */

import type { Tell } from '../database/settings-watch.js';
import type { SourcePosition } from '../event/position.js';
import { type Clock, sleep } from '../lib/clock.js';
import { StateError } from '../lib/errors.js';
import type { Tail } from '../read/files/tail.js';
import type { LargeReader } from './large/reader.js';
import type { Judges } from './records/outcome.js';
import type { Telemetry } from './telemetry/telemetry.js';

/** One server's log. */
export interface Source {
  /** The server's, in its events. */
  readonly instance: string;
  /** Under which the journal knows it. */
  readonly name: string;
  readonly telemetry: Telemetry;
  /** How far its files were read. */
  readonly positions: readonly SourcePosition[];
  /** Bytes of its files that are there and were not read yet. */
  readonly unread: number;
  /** Since when they may wait, in milliseconds since the epoch; `null` where none do. */
  readonly behindSince: number | null;
  /** Goes on where the journal says, once its database allows it. Throws the signal's reason when it aborts before. */
  open(until: AbortSignal): Promise<OpenSource>;
  close(): Promise<void>;
}

export interface OpenSource extends Judges {
  readonly name: string;
  readonly large: LargeReader | null;
  readonly tail: Tail;
  /** Tells who is audited, and when somebody changes it; `null` where no database is configured. */
  readonly auditSettings: {
    follow(stop: AbortSignal, tell: Tell): Promise<void>;
    /** Once. */
    look(tell: Tell): Promise<void>;
  } | null;
  /** Sends heartbeats until the signal aborts; `null` where no database is configured, and in a single run. */
  readonly beat: ((stop: AbortSignal) => Promise<void>) | null;
  readonly now: () => number;
}

/** Milliseconds until the log of one of several servers is opened anew. */
const REOPEN_AFTER = 10_000;

interface Surroundings {
  readonly sources: readonly Source[];
  readonly once: boolean;
  readonly clock: Clock;
}

/**
 * Calls `read` until it ends. Where it fails, it begins anew behind the source's last entry in the journal, and the other
 * sources do not notice; with `once` it ends there. Where there are no others it rejects. A damaged state is everybody's.
 */
export async function keepReading(
  { telemetry }: Source,
  { sources, once, clock }: Surroundings,
  stop: AbortSignal,
  read: () => Promise<void>,
): Promise<void> {
  while (!stop.aborted) {
    try {
      return await read();
    } catch (error) {
      if (stop.aborted && error === stop.reason) return;
      if (error instanceof StateError || sources.length === 1) throw error;
      telemetry.sourceFailed(error, once);
      if (once) return;
    }
    await sleep(clock, REOPEN_AFTER, stop);
  }
}
