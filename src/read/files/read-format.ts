/** The format that is read, and what was read in another one before. */

import type { LogFormat } from '../../lib/log-format.js';
import type { RawRecord } from '../record.js';
import type { Follower } from './follower.js';
import type { Followers } from './followers.js';
import { type FormatChange, FormatChoice } from './format-choice.js';
import type { LogTimes } from './identify.js';
import type { LastRecord } from './last-record.js';
import type { Surveyed } from './survey.js';
import { DISORDER, Twins } from './twins.js';

export interface ReadFormatOptions {
  /** Bytes; a longer record becomes a gap. */
  readonly maxRecordSize: number;
  /** Ends when everything is read, instead of waiting for more. */
  readonly once: boolean;
  readonly times: LogTimes;
  /** `configured`: as source.format; `current`: what was read last, `null` if nothing was. */
  readonly format: { readonly configured: LogFormat | 'auto'; readonly current: LogFormat | null };
  /** Is told which format is read from now on; `change` is `null` for the first. */
  readonly formatChosen: (format: LogFormat, change: FormatChange | null) => void;
}

export class ReadFormat {
  readonly #followers: Followers;
  readonly #options: ReadFormatOptions;
  readonly #choice: FormatChoice;
  /** What was read in another format; `null` if nothing of it can come again. */
  #twins: Twins | null = null;
  #hasLooked = false;

  constructor(followers: Followers, options: ReadFormatOptions) {
    this.#followers = followers;
    this.#options = options;
    this.#choice = new FormatChoice({ ...options.format, once: options.once, times: options.times });
  }

  includes({ format }: Follower): boolean {
    return format === this.#choice.current;
  }

  /** Files as the reader should see them: those of other formats are not read, unless they are known. */
  narrow(files: readonly Surveyed[], isKnown: (contentId: string) => boolean): Surveyed[] {
    return this.#choice.narrow(files, isKnown);
  }

  /** The last record of another format that is written at the same time; `null` if there is none. */
  async beside(files: readonly Surveyed[]): Promise<LastRecord | null> {
    return await this.#choice.beside(files);
  }

  /** Looks at all files, and chooses. */
  async look(files: readonly Surveyed[], now: number): Promise<void> {
    const isRead = ({ size, identity }: Surveyed): boolean => {
      const follower = 'contentId' in identity ? this.#followers.get(identity.contentId) : undefined;
      return (
        follower !== undefined && !follower.isInDoubt && follower.position.offset + follower.pending >= size
      );
    };
    const positions = this.#own.map(({ position }) => position);
    const change = await this.#choice.look(files, isRead, positions, now);
    const { current } = this.#choice;
    if (change !== null && current !== null)
      this.#options.formatChosen(current, change === 'first' ? null : change);
    if (change !== null || !this.#hasLooked) this.#twins = await this.#findTwins(now);
    this.#hasLooked = true;
  }

  get #own(): readonly Follower[] {
    return this.#followers.inOrder.filter(follower => this.includes(follower));
  }

  /** Reads the end of what was read in another format, if records of it may come again. */
  async #findTwins(now: number): Promise<Twins | null> {
    const { times, maxRecordSize } = this.#options;
    const old = this.#followers.inOrder.filter(follower => !this.includes(follower));
    const until = (followers: readonly Follower[]): number =>
      Math.max(...followers.map(({ position }) => times.read(position.lastTime) ?? 0));
    if (old.length === 0 || until(this.#own) > Math.min(until(old), now) + DISORDER) return null;
    const files = old.map(({ path, format, position }) => ({ path, format, size: position.offset }));
    return await Twins.of(files, maxRecordSize, times.read, now);
  }

  /** Records that were read in another format may come: none may be skipped. */
  get mayHaveTwins(): boolean {
    return this.#twins !== null;
  }

  isTwin(record: RawRecord): boolean {
    return this.#twins?.has(record) ?? false;
  }

  /** Notes how far a file was read. */
  read({ position: { lastTime } }: Follower): void {
    if (lastTime !== '' && this.#twins?.mayHave(lastTime) === false) this.#twins = null;
  }
}
