/** Up to when all that the log held has been read: what a seal says of its server (I12). */

import { hasPassed } from '../../lib/clock.js';
import { newestInOtherFormat, type ReasonOf } from './formats.js';
import type { Surveyed } from './survey.js';

/** Milliseconds after which a goal that is not reached gives way to a newer one. */
const PATIENCE = 30_000;

interface Goal {
  /** When the look began that found these sizes, in milliseconds since the epoch. */
  readonly at: number;
  readonly files: readonly Surveyed[];
  /** Bytes of each content that was not read as far yet, by its id. */
  readonly sizes: Map<string, number>;
}

/**
 * Each complete look at the folders sets a goal: the sizes of the files at that moment. Once all of them are read as far,
 * everything that the log held then has been read, however much is written meanwhile.
 */
export class ReadUntil {
  #goal: Goal | null = null;
  #time: number | null = null;

  /** Milliseconds since the epoch; `null` before the first goal is reached. */
  get time(): number | null {
    return this.#time;
  }

  /** What was read is not all, whatever the goal was. */
  doubt(): void {
    this.#goal = null;
  }

  /** @param files all that the globs name, as a look without faults found them that began at `at` */
  looked(files: readonly Surveyed[], at: number): void {
    if (this.#goal !== null && !hasPassed(this.#goal.at, at, PATIENCE)) return;
    this.#goal = isWholeLog(files) ? { at, files, sizes: sizesOf(files) } : null;
  }

  /**
   * @param offsetOf how far a content was read; `null` where nothing of it will be
   * @param reasonOf why a path is not read, which may show only when it is read
   */
  read(offsetOf: (contentId: string) => number | null, reasonOf: ReasonOf): void {
    if (this.#goal === null) return;
    const { at, files, sizes } = this.#goal;
    for (const [contentId, size] of sizes) if ((offsetOf(contentId) ?? size) >= size) sizes.delete(contentId);
    if (sizes.size > 0) return;
    this.#goal = null;
    if (newestInOtherFormat(files, reasonOf) === null) this.#time = at;
  }
}

/** Whether the log can be read: there is some, nothing waits to be known as a log file, and no newer file is in another format. */
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
