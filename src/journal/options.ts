import { join } from 'node:path';
import type { NewChain } from '../event/lifecycle.js';
import type { ChainEnd } from '../event/seal.js';
import type { Clock } from '../lib/clock.js';
import type { Disk } from '../lib/disk.js';
import type { IntakeReport } from './intake.js';
import type { SealLimits } from './state.js';

export interface JournalOptions extends SealLimits {
  /** The state folder; segments are in its subfolder `journal`. */
  readonly directory: string;
  /** Name of the node for a new chain; an existing chain keeps its own. */
  readonly node: string;
  /** The sinks' cursor files. */
  readonly cursors: readonly string[];
  /** Of them, those of sinks that may be added later: what the others had by then is gone. */
  readonly laterCursors?: readonly string[];
  /** Bytes of segments on disk at which reading the log pauses. */
  readonly maxJournalSize: number;
  /** Called if there is no state: returns the end of the archive's chain, or why a new chain begins. */
  readonly findChain: () => Promise<ChainEnd | NewChain>;
  readonly disk: Disk;
  readonly clock: Clock;
}

export interface LastSeal {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** SHA-256 (hex) of its line. */
  readonly hash: string;
  readonly lastSeq: number;
}

/** What the journal needs of a reader. */
export interface AttachedReader {
  /** Seq of the last delivered event. */
  readonly seq: number;
  wake(): void;
}

export interface JournalReport extends IntakeReport {
  /** Lines and bytes that became durable. */
  committed(events: number, bytes: number): void;
  /** Milliseconds from the log time of a commit's first statement until it was durable; once for each commit. */
  statementDurable(latency: number): void;
  sealed(): void;
  /** Nothing is lost: the same commit is retried. */
  commitFailed(code: string): void;
  commitRecovered(): void;
  journalFull(isFull: boolean): void;
}

export function segmentFolder({ directory }: JournalOptions): string {
  return join(directory, 'journal');
}

export function checkpointPath({ directory }: JournalOptions): string {
  return join(directory, 'checkpoint.json');
}
