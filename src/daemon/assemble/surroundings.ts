import type { Clock } from '../../lib/clock.js';
import type { Disk } from '../../lib/disk.js';
import type { WatchGlobs } from '../../read/files/watch.js';
import type { RelationParser } from '../../relations/relations.js';
import type { Telemetry } from '../telemetry/telemetry.js';

/** What a daemon needs beside its configuration. */
export interface Surroundings {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly watch: WatchGlobs | null;
  readonly telemetry: Telemetry;
  /** It belongs to who made it. */
  readonly parser: RelationParser;
  /** Ends the wait for the archive, and then reading. */
  readonly stop: AbortSignal;
  /** Ends what goes on in the background. */
  readonly abort: AbortSignal;
}
