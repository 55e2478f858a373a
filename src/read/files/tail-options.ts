/** What following a server's log files needs, and what it reports. */

import type { SourcePosition } from '../../event/position.js';
import type { Clock } from '../../lib/clock.js';
import type { SourceFault, UnsupportedReason } from '../record.js';
import type { Claimed } from './contested.js';
import type { Listed } from './discover.js';
import type { LastRecord } from './last-record.js';
import type { Ledger } from './ledger.js';
import type { ReadFormatOptions } from './read-format.js';
import type { UnpackReport } from './unpacked.js';
import type { WatchGlobs } from './watch.js';

export interface TailOptions extends ReadFormatOptions {
  readonly patterns: readonly string[];
  /** Positions from the checkpoint. */
  readonly positions: readonly SourcePosition[];
  readonly clock: Clock;
  /** The folder in which compressed files are unpacked that were not read. */
  readonly unpackIn: string;
  /** Keeps contents that are gone for long. */
  readonly ledger: Ledger;
  /** Notes the files that the globs name now; returns the paths that another server names. */
  readonly claim?: (files: readonly Listed[]) => Claimed;
  /** Whether this record was read, or a later one of its session. */
  readonly knows?: (record: LastRecord) => boolean;
  /** With `once`: whether something that must be read is still to be written. */
  readonly isAwaited?: () => boolean;
  /** Hints at changes, so that they are seen at once; `null`: only polls. */
  readonly watch: WatchGlobs | null;
}

/** What the operator needs to know; each thing is reported once, until it changes. */
export interface TailReport extends UnpackReport {
  /** Found by one look. */
  filesFound(files: readonly SourcePosition[]): void;
  fileReplaced(file: SourcePosition): void;
  fileUnsupported(path: string, reason: UnsupportedReason): void;
  /** What of the source cannot be read now; empty if all is well again. */
  sourceFaults(faults: readonly SourceFault[]): void;
  /** A glob that matches no file yet, or never will. */
  nothingMatches(pattern: string): void;
  watchFailed(code: string): void;
  /** Contents that are gone for long stay in memory and in the checkpoint. */
  ledgerFailed(code: string): void;
}
