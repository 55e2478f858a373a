import type { Clock } from '../../lib/clock.js';
import type { Disk } from '../../lib/disk.js';
import type { WatchGlobs } from '../../read/files/watch.js';
import type { MarkParser } from '../../relations/relations.js';
import type { Telemetry } from '../telemetry/telemetry.js';

/** What a daemon needs besides its configuration. */
export interface Surroundings {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly watch: WatchGlobs | null;
  readonly telemetry: Telemetry;
  /** Its creator closes it. */
  readonly parser: MarkParser;
  /** Ends the wait for the archive, and reading. */
  readonly stop: AbortSignal;
  /** Ends the work in the background. */
  readonly abort: AbortSignal;
}
