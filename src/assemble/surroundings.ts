import type { Clock } from '../clock.js';
import type { Disk } from '../disk.js';
import type { RelationParser } from '../objects/relations.js';
import type { WatchGlobs } from '../tail/watch.js';
import type { Telemetry } from '../telemetry.js';

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
