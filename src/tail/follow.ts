/** Reads one file's content to its end, wherever the file goes meanwhile. */

import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasPassed } from '../clock.js';
import { COLUMN, type Frame, type Gap, type SourceFile, type SourcePosition } from '../record.js';
import { Framer } from './frame.js';
import { fingerprint, identify } from './identify.js';

const CHUNK = 1024 * 1024;
/** So many bytes before the saved offset must still be the same. */
const TAIL = 1024;
/** Milliseconds: a file that stands still for so long is done, and one that is missing is not being renamed. */
export const SETTLE = 3000;

/** Frames that were read from one file in one go. */
export interface Batch {
  readonly file: SourceFile;
  /** Offset of the first byte that the frames cover. */
  readonly from: number;
  /** To be iterated once, to the end, before `to` is asked for, and before the next batch is. */
  readonly frames: Iterable<Frame>;
  /** Offset after the last byte that the frames cover. */
  readonly to: number;
}

export interface FollowerOptions {
  readonly maxRecordSize: number;
  readonly supportsZone: (zone: string) => boolean;
}

/**
 * Follows one content. Its file may be renamed, copied, deleted or overwritten: the open descriptor is
 * read to its end, and any other path that holds the same content will do to go on.
 */
export class Follower implements SourceFile {
  readonly fileId: string;
  readonly firstTime: string;
  /** The folder in which it was first seen: PostgreSQL writes one file of a folder at a time. */
  readonly home: string;
  path: string;
  /** When bytes were last seen to come, in the caller's clock. */
  lastGrowth: number;
  readonly #options: FollowerOptions;
  /** Paths that held this content at the last look, with the size there. */
  #paths: ReadonlyMap<string, number> = new Map();
  #lastTime: string;
  #offset: number;
  #tail: SourcePosition['tail'];
  #handle: FileHandle | null = null;
  #framer: Framer | null = null;
  /** The open file's time of modification when it was last seen to hold this content. */
  #verified = 0;
  /** How large this content has been seen. */
  #size: number;
  #isReplaced = false;
  /** Since when no path holds what was not read yet. */
  #missingSince: number | null = null;
  /** Bytes from the start that are known to hold no record, in a file where none was found yet. */
  #barren = 0;

  constructor(position: SourcePosition, options: FollowerOptions, now: number) {
    this.fileId = position.fileId;
    this.firstTime = position.firstTime;
    this.path = position.path;
    this.home = dirname(position.path);
    this.lastGrowth = now;
    this.#lastTime = position.lastTime;
    this.#offset = position.offset;
    this.#size = position.size;
    this.#tail = position.tail;
    this.#options = options;
  }

  get position(): SourcePosition {
    const { fileId, path, firstTime } = this;
    const [lastTime, offset, size, tail] = [this.#lastTime, this.#offset, this.#size, this.#tail];
    return { fileId, path, firstTime, lastTime, offset, size, tail };
  }

  /** Whether a look at it may bring something. */
  get isActive(): boolean {
    return this.isOpen || this.#readablePath() !== undefined;
  }

  /** It was opened, lest it be deleted unread, and not read since. */
  get isHeld(): boolean {
    return this.isOpen && this.#framer === null;
  }

  get isOpen(): boolean {
    return this.#handle !== null;
  }

  get isListed(): boolean {
    return this.#paths.size > 0;
  }

  /** Bytes have been read that make no whole record yet. */
  get hasPending(): boolean {
    return this.#framer !== null && this.#framer.pushed > this.#offset;
  }

  /** Not all of it was read, and no path is left that holds the rest: it may turn up under another name. */
  get isMissing(): boolean {
    return this.#missingSince !== null;
  }

  /** It will not turn up any more, as of `now`. */
  isLost(now: number): boolean {
    if (this.#missingSince === null) return false;
    return this.#isReplaced || hasPassed(this.#missingSince, now, SETTLE);
  }

  /** Why nothing in this file can be read, as far as its bytes tell until now. */
  get notCsvlog(): 'columns' | 'format' | null {
    return this.#offset > 0 ? null : (this.#framer?.notCsvlog ?? null);
  }

  /** What a look at the file system found: where the content is, and how large it is there; `null`: it did not see all. */
  listed(paths: ReadonlyMap<string, number>, now: number | null): void {
    this.#paths = paths;
    this.#size = Math.max(this.#size, ...paths.values());
    if (!paths.has(this.path)) this.path = paths.keys().next().value ?? this.path;
    const isMissing = this.#isKnownCsvlog && this.#size > this.#offset && !this.isActive;
    if (!isMissing) this.#missingSince = null;
    else this.#missingSince ??= now;
  }

  /** Opens it, so that it can be read even if it is deleted before its turn comes. */
  async hold(): Promise<void> {
    if (!this.isOpen) await this.#open();
  }

  /** Reads to the present end. Returns false where the open file no longer holds this content. */
  async *read(now: number): AsyncGenerator<Batch, boolean> {
    const handle = this.#handle ?? (await this.#open());
    if (handle === null) return true;
    const framer = this.#framer ?? this.#newFramer();
    for (;;) {
      const { size, mtimeMs } = await handle.stat();
      if (size === framer.pushed && mtimeMs === this.#verified) return true;
      if (size < framer.pushed) return false;
      const { bytesRead } = await handle.read(framer.space(CHUNK), 0, CHUNK, framer.pushed);
      // Only what still holds this content after the read was this content during the read.
      if (!(await this.#isSame(handle))) return false;
      this.#verified = mtimeMs;
      this.#size = Math.max(this.#size, size);
      if (bytesRead === 0) return true;
      framer.filled(bytesRead);
      this.lastGrowth = now;
      yield this.#batch(this.#frames(framer));
    }
  }

  /** No more bytes will come: what is pending is torn. Null where nothing is. */
  finish(): Batch | null {
    if (this.#framer === null || !this.hasPending || this.notCsvlog !== null) return null;
    this.#framer.finish();
    return this.#batch(this.#frames(this.#framer));
  }

  /** The open file was overwritten: lets go of it. What was not read yet may be in a copy. */
  async replaced(): Promise<void> {
    this.#isReplaced = true;
    this.#size = Math.max(this.#size, this.#framer?.pushed ?? 0);
    await this.close();
  }

  /** Gives up what is lost. `truncated`: its path holds something else now. */
  abandon(reason: 'truncated' | 'vanished'): Batch {
    const [offset, length] = [this.#offset, this.#size - this.#offset];
    const batch = this.#batch([this.#bounded({ kind: 'gap', reason, offset, length })]);
    this.#offset = this.#size;
    this.#tail = fingerprint(Buffer.alloc(0));
    this.#missingSince = null;
    return batch;
  }

  #bounded(gap: Gap): Gap {
    return this.#lastTime === '' ? gap : { ...gap, after: this.#lastTime };
  }

  /** A file that never was csvlog is no loss. */
  get #isKnownCsvlog(): boolean {
    return this.#barren === 0 && (this.#offset > 0 || this.firstTime !== '');
  }

  /** Lets go of the descriptor and of what is pending. */
  async close(): Promise<void> {
    const handle = this.#handle;
    if (this.notCsvlog !== null) this.#barren = this.#framer?.scanned ?? 0;
    this.#handle = null;
    this.#framer = null;
    await handle?.close();
  }

  #batch(frames: Iterable<Frame>): Batch {
    const { fileId, path } = this;
    const offset = (): number => this.#offset;
    return {
      file: { fileId, path },
      from: this.#offset,
      frames,
      get to() {
        return offset();
      },
    };
  }

  *#frames(framer: Framer): Generator<Frame> {
    for (let frame = framer.next(); frame !== null; frame = framer.next()) {
      yield frame.kind === 'gap' ? this.#bounded(frame) : frame;
      if (frame.kind === 'record') this.#lastTime = frame.text(COLUMN.logTime);
    }
    if (framer.position === this.#offset) return;
    this.#offset = framer.position;
    this.#tail = fingerprint(framer.lastBytes(TAIL));
  }

  #newFramer(): Framer {
    const { maxRecordSize } = this.#options;
    const from = this.#offset;
    const start = this.#barren > from ? { offset: this.#barren, doubtFrom: from } : { offset: from };
    this.#framer = new Framer({ ...start, maxRecordSize });
    return this.#framer;
  }

  /** The first path that holds unread bytes of this content. */
  #readablePath(): string | undefined {
    const known = Math.max(this.#offset, this.#barren);
    for (const [path, size] of this.#paths) if (size > known) return path;
    return undefined;
  }

  async #open(): Promise<FileHandle | null> {
    const path = this.#readablePath();
    if (path === undefined) return null;
    const handle = await open(path, 'r');
    if (await this.#isSame(handle)) {
      this.path = path;
      this.#handle = handle;
      this.#verified = 0;
      return handle;
    }
    await handle.close();
    return null;
  }

  /** Whether the file still begins with the same line and has the same bytes before the saved offset. */
  async #isSame(handle: FileHandle): Promise<boolean> {
    const identity = await identify(handle, this.#options.supportsZone);
    const isFile = identity.kind === 'content' || identity.kind === 'partial';
    if (!isFile || identity.fileId !== this.fileId) return false;
    const { length, sha256 } = this.#tail;
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, this.#offset - length);
    return bytesRead === length && fingerprint(buffer).sha256 === sha256;
  }
}
