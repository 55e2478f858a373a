import { join } from 'node:path';
import type { NewChain } from '../event/lifecycle.js';
import type { ChainEnd } from '../event/seal.js';
import type { Clock } from '../lib/clock.js';
import type { Disk } from '../lib/disk.js';
import type { SealLimits } from './state.js';

export interface JournalOptions extends SealLimits {
  /** The state folder; segments lie in `journal` below it. */
  readonly directory: string;
  /** For a chain that begins; another keeps the one it has. */
  readonly node: string;
  /** The sinks' cursor files. */
  readonly cursors: readonly string[];
  /** Bytes of segments on disk at which the source has to wait. */
  readonly maxJournalSize: number;
  /** Asked where there is no state: the chain's end, or why a new one has to begin. */
  readonly findChain: () => Promise<ChainEnd | NewChain>;
  readonly disk: Disk;
  readonly clock: Clock;
}

export function segmentFolder({ directory }: JournalOptions): string {
  return join(directory, 'journal');
}

export function checkpointPath({ directory }: JournalOptions): string {
  return join(directory, 'checkpoint.json');
}
