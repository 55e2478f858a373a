/** Decides when to watch the folders. */

import { hasPassed } from '../../lib/clock.js';
import type { Watch } from './watch.js';

/** Milliseconds of continuous news after which the watcher is closed, and of quiet after which it is opened again. */
const BUSY = 300;
const QUIET = 2000;
/** The same in a folder of many files, of which the watcher calls stat once when it is opened. */
const QUIET_AMONG_MANY = 30_000;
/** Milliseconds between two looks for another file while no watcher reports one: it comes late, or is empty at first. */
const ELSEWHERE = 250;

/**
 * Watches while little happens. A log that is written to all the time is polled anyway, and the watcher, which calls
 * stat for every write, would take far more time than everything else.
 */
export class Hints {
  readonly #open: () => Watch;
  readonly #areMany: () => boolean;
  #watch: Watch | null;
  #newsSince: number | null = null;
  #quietSince: number | null = null;
  #elsewhereAt = Number.NEGATIVE_INFINITY;

  constructor(open: () => Watch, areMany: () => boolean = () => false) {
    this.#open = open;
    this.#areMany = areMany;
    this.#watch = open();
  }

  /** Whether a watcher is open; otherwise the caller has to poll. */
  get isWatching(): boolean {
    return this.#watch !== null;
  }

  /**
   * Notes the result of a look. Returns whether to look for other files: news have ended, and no watcher reports where
   * they continue.
   */
  async looked(isNews: boolean, now: number): Promise<boolean> {
    const isEnd = !isNews && this.#newsSince !== null;
    this.#newsSince = isNews ? (this.#newsSince ?? now) : null;
    this.#quietSince = isNews ? null : (this.#quietSince ?? now);
    const isElsewhere =
      !isNews && !this.isWatching && (isEnd || hasPassed(this.#elsewhereAt, now, ELSEWHERE));
    if (isElsewhere) this.#elsewhereAt = now;
    if (this.#newsSince !== null && hasPassed(this.#newsSince, now, BUSY)) await this.close();
    const quiet = this.#areMany() ? QUIET_AMONG_MANY : QUIET;
    if (this.#quietSince !== null && hasPassed(this.#quietSince, now, quiet)) this.#watch ??= this.#open();
    return isElsewhere;
  }

  async close(): Promise<void> {
    const watch = this.#watch;
    this.#watch = null;
    await watch?.close();
  }
}
