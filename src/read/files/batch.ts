/** Frames that were read from one file in one go, and what the caller made of them. */

import type { SourceFile, SourcePosition } from '../../event/position.js';
import { COLUMN } from '../../lib/csvlog.js';
import type { Framer } from '../frame/framer.js';
import type { Frame, Skip } from '../record.js';
import { type LogTimes, zoneOf } from './identify.js';
import { positionAt } from './position.js';

/** Bytes after which a batch takes no more chunks, and bytes of its records that are decided one by one. */
const LARGE_BATCH = 8 * 1024 * 1024;
const MOST_DECIDED = 256 * 1024;

/** Bytes of a file that were read. */
export interface Covered {
  readonly file: SourceFile;
  /** Offset of the first byte. */
  readonly from: number;
  /** Offset after the last byte. */
  readonly end: number;
}

/** What a caller made of frames, and the bytes of the file that they cover. */
export interface Batch<T> extends Covered {
  readonly taken: T;
  /** The end of another file, with which its first record begins. */
  readonly carried?: Covered;
}

/** Makes something of frames. */
export interface Taker<T> {
  /** Skips records before they are frames; not in a file that is read again. */
  readonly skip: Skip | null;
  /** Is given the frames of one file in their order. It takes all of them or none: then they are read again. */
  take(frames: Iterable<Frame>, file: SourceFile): T | Promise<T>;
}

/** The taker failed, and not the file. */
export class TakeFailed extends Error {}

/**
 * Gives all frames to the taker; returns its result, and whether it took all. Throws a TakeFailed with the taker's
 * error as cause.
 */
export async function giveAll<T>(
  frames: Iterable<Frame>,
  file: SourceFile,
  taker: Taker<T>,
): Promise<{ readonly taken: T; readonly areTaken: boolean }> {
  let areTaken = false;
  function* watched(): Generator<Frame> {
    for (const frame of frames) {
      yield frame;
      taker.skip?.learn(frame);
    }
    areTaken = true;
  }
  try {
    const taken = await taker.take(watched(), file);
    return { taken, areTaken };
  } catch (error) {
    throw new TakeFailed('frames could not be taken', { cause: error });
  }
}

/** How far frames go, and what the next ones need to know of them. */
export type FrameEnd = Pick<SourcePosition, 'offset' | 'tail' | 'lastTime' | 'columns'>;

export interface FramesOptions {
  readonly times: LogTimes;
  readonly skip: Skip | null;
  /** Reads another chunk, and says whether one came; `null`: the bytes at hand are all, and have no limits. */
  readonly readOn: (() => boolean) | null;
}

/** The frames of the bytes at hand, and of those that come meanwhile. */
export class Frames {
  readonly #framer: Framer;
  readonly #options: FramesOptions;
  /** The end of the frames that were taken. */
  end: FrameEnd;
  /** The frames end before a record whose time zone is not known. */
  isBlocked = false;
  /** The frames end before the bytes at hand. */
  isCutShort = false;

  constructor(framer: Framer, before: FrameEnd, options: FramesOptions) {
    this.#framer = framer;
    this.#options = options;
    this.end = before;
  }

  *[Symbol.iterator](): Generator<Frame> {
    const { skip, readOn } = this.#options;
    const framer = this.#framer;
    const start = this.end.offset;
    let decided = 0;
    for (;;) {
      if (skip !== null) this.#timeIs(framer.skip(skip, this.end.lastTime));
      const before = framer.position;
      this.isCutShort = readOn !== null && decided >= MOST_DECIDED;
      const frame = this.isCutShort ? null : framer.next();
      if (frame === null) {
        this.#endAt(framer.position);
        const isLarge = this.isCutShort || framer.pushed - start >= LARGE_BATCH;
        if (readOn !== null && !isLarge && readOn()) continue;
        break;
      }
      decided += frame.length;
      const { lastTime } = this.end;
      if (frame.kind === 'gap') yield lastTime === '' ? frame : { ...frame, after: lastTime };
      else {
        const time = frame.text(COLUMN.logTime);
        this.isBlocked = !this.#options.times.knowsZone(time);
        if (this.isBlocked) {
          this.#endAt(before);
          break;
        }
        // Times go back by milliseconds now and then.
        if (time > lastTime || zoneOf(time) !== zoneOf(lastTime)) this.#timeIs(time);
        yield frame;
      }
    }
    framer.shrink();
  }

  #timeIs(lastTime: string): void {
    if (lastTime !== this.end.lastTime) this.end = { ...this.end, lastTime };
  }

  #endAt(offset: number): void {
    const { end } = this;
    if (offset !== end.offset)
      this.end = { ...end, ...positionAt(offset, this.#framer, end), columns: this.#framer.columns };
  }
}
