/** The progress of a search, on a terminal only. */

import cliProgress from 'cli-progress';
import { oneLine } from '../../lib/terminal-text.js';

export class Progress {
  readonly #bar: cliProgress.SingleBar;
  #isShown = false;

  /** Writes nothing if the stream is not a terminal. */
  constructor(stream: NodeJS.WritableStream) {
    this.#bar = new cliProgress.SingleBar({
      stream,
      format: 'searching {day} {bar} {percentage} %',
      barsize: 30,
      clearOnComplete: true,
      // Ctrl-C must end the search, and nothing has to be restored.
      gracefulExit: false,
      hideCursor: false,
      linewrap: true,
      emptyOnZero: true,
    });
  }

  /** @param share from 0 to 1 */
  show(day: string, share: number): void {
    const at = Math.min(1000, Math.floor(share * 1000));
    if (this.#isShown) this.#bar.update(at, { day: oneLine(day) });
    else this.#bar.start(1000, at, { day: oneLine(day) });
    this.#isShown = true;
  }

  /** Clears the line until the next show. */
  hide(): void {
    if (this.#isShown) this.#bar.stop();
    this.#isShown = false;
  }
}
