/** The time until which the log was read completely: a seal states it for its server (I12). */

import { hasPassed } from '../../lib/clock.js';
import { newestInOtherFormat, type ReasonOf } from './formats.js';
import type { LastRecord } from './last-record.js';
import type { Surveyed } from './survey.js';

/** Milliseconds after which a newer goal replaces one that was not reached. */
const PATIENCE = 30_000;

interface Goal {
  /** Start of the look that found these sizes, in milliseconds since the epoch. */
  readonly at: number;
  readonly files: readonly Surveyed[];
  /** Sizes of contents that were not read that far yet, by id. */
  readonly sizes: Map<string, number>;
  /** A record that must have been read by then, too. */
  readonly beside: LastRecord | null;
}

/**
 * Each complete look at the folders sets a goal: the sizes of the files at that moment. Once all of them are read that
 * far, everything that the log had then is read, however much is written meanwhile.
 */
export class ReadUntil {
  #goal: Goal | null = null;
  #time: number | null = null;

  /** Milliseconds since the epoch; `null` before the first goal is reached. */
  get time(): number | null {
    return this.#time;
  }

  /** Drops the goal: something is missing. */
  doubt(): void {
    this.#goal = null;
  }

  /**
   * @param files all that the globs name, found by a look without faults that began at `at`
   * @param beside the last record of another format that is written at the same time: unless it was read in this one,
   * something is missing here
   */
  looked(files: readonly Surveyed[], at: number, beside: LastRecord | null = null): void {
    if (this.#goal !== null && !hasPassed(this.#goal.at, at, PATIENCE)) return;
    this.#goal = isWholeLog(files) ? { at, files, sizes: sizesOf(files), beside } : null;
  }

  /**
   * @param offsetOf the position in a content; `null` if none of it will be read
   * @param reasonOf why a path is not read, which may show only when it is read
   * @param knows whether this record was read, or a later one of its session
   */
  read(
    offsetOf: (contentId: string) => number | null,
    reasonOf: ReasonOf,
    knows: (record: LastRecord) => boolean = () => false,
  ): void {
    if (this.#goal === null) return;
    const { at, files, sizes, beside } = this.#goal;
    for (const [contentId, size] of sizes) if ((offsetOf(contentId) ?? size) >= size) sizes.delete(contentId);
    if (sizes.size > 0) return;
    this.#goal = null;
    if (beside !== null && !knows(beside)) return;
    if (newestInOtherFormat(files, reasonOf) === null) this.#time = at;
  }
}

/**
 * Whether this is the whole log: it has content, no file may still turn out to be a log file, and no newer file is in
 * another format.
 */
function isWholeLog(files: readonly Surveyed[]): boolean {
  const isInTheWay = ({ identity }: Surveyed): boolean =>
    identity.kind === 'partial' || (identity.kind === 'unsupported' && identity.reason === 'zone');
  const isThere = files.some(({ identity }) => identity.kind === 'content');
  return isThere && !files.some(isInTheWay) && newestInOtherFormat(files, () => undefined) === null;
}

function sizesOf(files: readonly Surveyed[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { identity, size } of files)
    if (identity.kind === 'content')
      sizes.set(identity.contentId, Math.max(size, sizes.get(identity.contentId) ?? 0));
  return sizes;
}
