/** When to watch the folders. */

import { hasPassed } from '../../lib/clock.js';
import type { Watch } from './watch.js';

/** Milliseconds of news in every look, after which the watcher rests, and without any, after which it watches again. */
const BUSY = 300;
const QUIET = 2000;
/** Milliseconds between two looks for another file, where nobody tells of it: it comes late, or is empty at first. */
const ELSEWHERE = 250;

/**
 * Watches while little happens. A log that is written to without a pause is looked at again and again anyway, and the
 * watcher, which looks at the file for every write, would take far more time than all the rest.
 */
export class Hints {
  readonly #open: () => Watch;
  #watch: Watch | null;
  #newsSince: number | null = null;
  #quietSince: number | null = null;
  #elsewhereAt = Number.NEGATIVE_INFINITY;

  constructor(open: () => Watch) {
    this.#open = open;
    this.#watch = open();
  }

  /** Whether what happens is told; else somebody has to look. */
  get areTold(): boolean {
    return this.#watch !== null;
  }

  /** What a look brought. Returns whether to look for other files: news have ended, and nobody tells where they go on. */
  async looked(isNews: boolean, now: number): Promise<boolean> {
    const isEnd = !isNews && this.#newsSince !== null;
    this.#newsSince = isNews ? (this.#newsSince ?? now) : null;
    this.#quietSince = isNews ? null : (this.#quietSince ?? now);
    const isElsewhere = !isNews && !this.areTold && (isEnd || hasPassed(this.#elsewhereAt, now, ELSEWHERE));
    if (isElsewhere) this.#elsewhereAt = now;
    if (this.#newsSince !== null && hasPassed(this.#newsSince, now, BUSY)) await this.close();
    if (this.#quietSince !== null && hasPassed(this.#quietSince, now, QUIET)) this.#watch ??= this.#open();
    return isElsewhere;
  }

  async close(): Promise<void> {
    const watch = this.#watch;
    this.#watch = null;
    await watch?.close();
  }
}
