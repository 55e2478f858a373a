/** Reads one file's content to its end, wherever the file goes meanwhile. */

import { fstatSync, readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Gap } from '../../event/gap.js';
import type { SourceFile, SourcePosition } from '../../event/position.js';
import { COLUMN } from '../../lib/csvlog.js';
import { Framer } from '../frame/framer.js';
import type { Frame, Skim } from '../record.js';
import { type Listed, longestOf, type Paths } from './discover.js';
import { Doubts, type Loss } from './doubts.js';
import { fingerprint, identifyNow, idOf, type LogTimes, zoneOf } from './identify.js';
import { openSame } from './open-file.js';
import { type Place, placeAt, START } from './position.js';

/** Bytes that are read in one go. */
const CHUNK = 512 * 1024;
/** Bytes of a batch from which on it takes no more chunks, and of those of its records that are judged one by one. */
const LARGE_BATCH = 8 * 1024 * 1024;
const MOST_JUDGED = 256 * 1024;

/** Frames that were read from one file in one go. */
export interface Batch {
  readonly file: SourceFile;
  /** Offset of the first byte that the frames cover. */
  readonly from: number;
  /** To be iterated once, to the end, before `to` is asked for, and before the next batch is. */
  readonly frames: Iterable<Frame>;
  /** The same without those that `skim` passes over. */
  skimmed(skim: Skim): Iterable<Frame>;
  /** Offset after the last byte that the frames cover. */
  readonly to: number;
}

export interface FollowerOptions {
  readonly maxRecordSize: number;
  readonly times: LogTimes;
}

/** What a file that should hold a content holds: it, it with other bytes before the saved offset, or something else. */
export type Comparison = 'same' | 'changed' | 'other';

/** What reading on found: bytes, none, more of the content in another file, or another content in this one. */
type Found = 'chunk' | 'short chunk' | 'end' | 'elsewhere' | 'other';

/**
 * Follows one content. Its file may be renamed, copied, deleted or overwritten: the open descriptor is
 * read to its end, and any other path that holds the same content will do to go on.
 */
export class Follower {
  readonly contentId: string;
  readonly firstTime: number | null;
  /** The folder in which it was first seen: PostgreSQL writes one file of a folder at a time. */
  readonly home: string;
  path: string;
  /** When bytes were last seen to come, in the caller's clock. */
  lastGrowth: number;
  /** The zone of a record that cannot be told in UTC: reading waits before it, for another configuration. */
  isBlocked = false;
  readonly #options: FollowerOptions;
  /** Everything else that is known of it, as of the last batch whose frames were taken. */
  #position: SourcePosition;
  /** Paths that held this content at the last look. */
  #paths: Paths = new Map();
  #handle: FileHandle | null = null;
  #framer: Framer | null = null;
  /** For each path, the file's time of modification when it was last seen to hold what was read. */
  readonly #verified = new Map<string, number>();
  readonly #doubts = new Doubts();
  #goneSince: number | null = null;
  /** Up to where the last batch's frames cover the file. */
  #end = 0;
  /** The last batch ended before the bytes that were read. */
  #isCutShort = false;
  /** Bytes from the start that are known to hold no record, in a file where none was found yet. */
  #barren = 0;

  constructor(position: SourcePosition, options: FollowerOptions, now: number) {
    this.contentId = position.contentId;
    this.firstTime = position.firstTime;
    this.path = position.path;
    this.home = dirname(position.path);
    this.lastGrowth = now;
    this.#position = position;
    this.#options = options;
  }

  get position(): SourcePosition {
    return { ...this.#position, path: this.path };
  }

  /** Whether a look at it may bring something. */
  get isActive(): boolean {
    return !this.isBlocked && (this.isOpen || this.#readablePaths().length > 0);
  }

  get isOpen(): boolean {
    return this.#handle !== null;
  }

  /** It was opened, lest it be deleted unread, and not read since. */
  get isHeld(): boolean {
    return this.isOpen && this.#framer === null;
  }

  get isListed(): boolean {
    return this.#paths.size > 0;
  }

  /** Bytes have been read that make no whole record yet. */
  get hasPending(): boolean {
    return this.#framer !== null && this.#framer.pushed > this.#position.offset;
  }

  /** Bytes that are there and were not read yet, as of the last look. What is no csvlog is not waited for. */
  get unread(): number {
    const { size, offset } = this.#position;
    return this.notCsvlog === null && this.#isKnownCsvlog ? Math.max(0, size - offset) : 0;
  }

  /** Something is wrong with it that may turn out to be a rename or a copy under way. */
  get isInDoubt(): boolean {
    return this.#doubts.areAny;
  }

  /** How the rest was lost, once it is certain as of `now`; it will not turn up any more. */
  loss(now: number): Loss | null {
    return this.#doubts.loss(now);
  }

  /** For how long no path has held it, in milliseconds. */
  goneFor(now: number): number {
    return this.#goneSince === null ? 0 : now - this.#goneSince;
  }

  /** Why nothing in this file can be read, as far as its bytes tell until now. */
  get notCsvlog(): 'columns' | 'format' | null {
    return this.#position.offset > 0 ? null : (this.#framer?.notCsvlog ?? null);
  }

  /** What a complete look at the file system found: where the content is, and how large it is there. */
  listed(paths: Paths, now: number): void {
    this.seenAt(paths);
    if (this.isListed || this.isOpen) this.#goneSince = null;
    else this.#goneSince ??= now;
    if (this.isOpen) return;
    const { offset, size } = this.#position;
    const longest = longestOf(paths);
    const isShortened = this.isListed && longest < offset;
    const isMissing = this.#isKnownCsvlog && size > offset && longest <= offset && !isShortened;
    this.#doubts.looked({ isMissing, endsAt: isShortened ? longest : null }, now);
  }

  /** What a look found that did not see everything: of what it did not see nothing can be told. */
  seenAt(paths: Paths): void {
    this.#paths = paths;
    for (const path of this.#verified.keys()) if (!paths.has(path)) this.#verified.delete(path);
    this.#grow(longestOf(paths));
    if (!paths.has(this.path)) this.path = paths.keys().next().value ?? this.path;
  }

  /** Opens it, so that it can be read even if it is deleted before its turn comes. */
  async hold(now: number): Promise<void> {
    if (!this.isOpen) await this.#open(now);
  }

  /** Reads to the present end. Returns false where the open file no longer holds this content. */
  async *read(now: number): AsyncGenerator<Batch, boolean> {
    const handle = this.#handle ?? (await this.#open(now));
    if (handle === null) return true;
    const framer = this.#framer ?? this.#newFramer();
    while (!this.isBlocked) {
      let found = this.#readChunk(handle, framer, now);
      if (found === 'elsewhere') break;
      if (found === 'end' || found === 'other') return found === 'end';
      // Of a short chunk the file had no more: what is written meanwhile is for the next batch, else none would end.
      const readOn = (): boolean => {
        if (found !== 'chunk') return false;
        try {
          found = this.#readChunk(handle, framer, now);
        } catch {
          found = 'end'; // Behind the batch it fails again, and is told, or goes on.
        }
        return found === 'chunk' || found === 'short chunk';
      };
      do yield this.#batch(skim => this.#frames(framer, skim, readOn));
      while (this.#isCutShort);
    }
    await this.close();
    return true;
  }

  /**
   * Reads what fits into the processor's cache. To have another thread do it would take longer than to do it, as long as
   * the log was written just now.
   */
  #readChunk(handle: FileHandle, framer: Framer, now: number): Found {
    const { size, mtimeMs, ino } = fstatSync(handle.fd);
    if (size === framer.pushed && this.#isElsewhere(ino, size)) return 'elsewhere';
    if (size === framer.pushed && mtimeMs === this.#verified.get(this.path)) return 'end';
    if (size < framer.pushed) return 'other';
    const bytesRead = readSync(handle.fd, framer.space(CHUNK), 0, CHUNK, framer.pushed);
    // Only what still holds this content after the read was this content during the read.
    if (this.#compare(handle) !== 'same') return 'other';
    this.#verified.set(this.path, mtimeMs);
    this.#grow(size);
    if (bytesRead === 0) return 'end';
    framer.filled(bytesRead);
    this.lastGrowth = now;
    return bytesRead === CHUNK ? 'chunk' : 'short chunk';
  }

  /** This is read to its end, and another file has more of this content, or took its place. */
  #isElsewhere(ino: number, size: number): boolean {
    const here = this.#paths.get(this.path);
    return longestOf(this.#paths) > size || (here !== undefined && here.ino !== ino);
  }

  /** No more bytes will come: what is pending is torn. Null where nothing is. */
  finish(): Batch | null {
    if (this.#framer === null || !this.hasPending || this.notCsvlog !== null) return null;
    const framer = this.#framer;
    framer.finish();
    return this.#batch(skim => this.#frames(framer, skim, null));
  }

  /** The open file was overwritten: lets go of it. What was not read yet may be in a copy. */
  async replaced(): Promise<void> {
    this.#doubts.replaced();
    this.#grow(this.#framer?.pushed ?? 0);
    await this.close();
  }

  /**
   * Gives up what is lost; if it turns up all the same, it is read. A file whose bytes have changed is read anew,
   * from its start. What a file was cut back to was read; only more that it had is a loss.
   */
  abandon(loss: Loss): Batch {
    return this.#batch(() => this.#lost(loss));
  }

  /** Somebody removed it while nobody read the log, which goes on in another file. */
  unwatched(before: number | null): Batch {
    const gap: Gap = { kind: 'gap', reason: 'unwatched', offset: this.#position.offset, length: 0 };
    return this.#batch(() => [this.#bounded(before === null ? gap : { ...gap, before })]);
  }

  *#lost(reason: Loss): Generator<Gap> {
    const { offset, size } = this.#position;
    const gap: Gap = {
      kind: 'gap',
      reason: reason === 'shortened' ? 'truncated' : reason,
      offset,
      length: size - offset,
    };
    if (reason !== 'shortened' || size > offset) yield this.#bounded(gap);
    const isAnew = reason === 'changed' || reason === 'shortened';
    this.#position = isAnew ? this.#anew() : { ...this.#position, size: offset };
    this.#doubts.settle();
  }

  /** What was read before is told by its sessions' lines, and by its time where a session is not known any more. */
  #anew(): SourcePosition {
    const { fileId, lastTime, offset, tail } = this.#position;
    return {
      ...this.#position,
      fileId: idOf(`${fileId} ${offset} ${tail.sha256}`),
      rereadUntil: lastTime,
      columns: 0,
      size: 0,
      ...START,
    };
  }

  /** Lets go of the descriptor and of what is pending. */
  async close(): Promise<void> {
    const handle = this.#handle;
    if (this.notCsvlog !== null) this.#barren = this.#framer?.scanned ?? 0;
    this.#handle = null;
    this.#framer = null;
    await handle?.close();
  }

  #grow(size: number): void {
    if (size > this.#position.size) this.#position = { ...this.#position, size };
  }

  #batch(frames: (skim: Skim | null) => Iterable<Frame>): Batch {
    const { fileId, rereadUntil, offset } = this.#position;
    this.#end = offset;
    const end = (): number => this.#end;
    return {
      file: { fileId, path: this.path, ...(rereadUntil === undefined ? {} : { rereadUntil }) },
      from: offset,
      frames: frames(null),
      skimmed: frames,
      get to() {
        return end();
      },
    };
  }

  /** @param readOn reads another chunk, and says whether one came; `null`: what is there is all, and has no bounds */
  *#frames(framer: Framer, skim: Skim | null, readOn: (() => boolean) | null): Generator<Frame> {
    let { lastTime } = this.#position;
    let place: Place = this.#position;
    let end: number;
    let judged = 0;
    this.#isCutShort = false;
    for (;;) {
      if (skim !== null) lastTime = framer.skim(skim, lastTime);
      end = framer.position;
      this.#isCutShort = readOn !== null && judged >= MOST_JUDGED;
      const frame = this.#isCutShort ? null : framer.next();
      if (frame === null) {
        place = placeAt(framer.position, framer, place);
        const isLarge = this.#isCutShort || framer.pushed - this.#position.offset >= LARGE_BATCH;
        if (readOn !== null && !isLarge && readOn()) continue;
        break;
      }
      judged += frame.length;
      if (frame.kind === 'record') {
        const time = frame.text(COLUMN.logTime);
        this.isBlocked = !this.#options.times.knowsZone(time);
        if (this.isBlocked) break;
        // Times run back by milliseconds now and then.
        if (time > lastTime || zoneOf(time) !== zoneOf(lastTime)) lastTime = time;
        yield frame;
      } else {
        yield lastTime === '' ? frame : { ...frame, after: lastTime };
      }
    }
    if (!this.isBlocked) end = framer.position;
    if (end === this.#position.offset) return;
    this.#end = end;
    place = placeAt(end, framer, place);
    this.#position = { ...this.#position, ...place, lastTime, columns: framer.columns };
    framer.shrink();
  }

  #bounded(gap: Gap): Gap {
    const { lastTime } = this.#position;
    return lastTime === '' ? gap : { ...gap, after: lastTime };
  }

  /** A file that never was csvlog is no loss. */
  get #isKnownCsvlog(): boolean {
    return this.#barren === 0 && (this.#position.offset > 0 || this.firstTime !== null);
  }

  #newFramer(): Framer {
    const { maxRecordSize } = this.#options;
    const { offset: from, columns } = this.#position;
    const start = this.#barren > from ? { offset: this.#barren, doubtFrom: from } : { offset: from };
    this.#framer = new Framer({ ...start, columns, maxRecordSize });
    return this.#framer;
  }

  /** Paths that hold unread bytes of this content, the most first, or may hold others than those that were read. */
  #readablePaths(): string[] {
    const known = Math.max(this.#position.offset, this.#barren);
    const isChanged = ({ path, size, modified }: Listed): boolean =>
      size === this.#position.offset && modified !== this.#verified.get(path);
    const isNew = (file: Listed): boolean => file.size > known || isChanged(file);
    const files = [...this.#paths.values()].filter(isNew).sort((a, b) => b.size - a.size);
    return files.map(({ path }) => path);
  }

  async #open(now: number): Promise<FileHandle | null> {
    const tried = new Map(this.#paths);
    let isChanged = false;
    for (const path of this.#readablePaths()) {
      const { handle, comparison } = await openSame(path, opened => this.#compare(opened));
      if (handle !== null) {
        this.path = path;
        this.#handle = handle;
        // A copy of how it was before is no reason to forget that a longer one has changed.
        if (!isChanged) this.#doubts.settle();
        return handle;
      }
      isChanged ||= comparison === 'changed';
      if (comparison === 'changed') this.#doubts.changed(now);
      // Not looked at again before the next look at the folders.
      tried.delete(path);
    }
    this.#paths = tried;
    return null;
  }

  /** Whether the file still begins with the same line and has the same bytes before the saved offset. */
  #compare(handle: FileHandle): Comparison {
    const identity = identifyNow(handle, this.#options.times);
    const isFile = identity.kind === 'content' || identity.kind === 'partial';
    if (!isFile || identity.contentId !== this.contentId) return 'other';
    const { offset, tail } = this.#position;
    const bytes = Buffer.alloc(tail.length);
    const isThere = readSync(handle.fd, bytes, 0, tail.length, offset - tail.length) === tail.length;
    return isThere && fingerprint(bytes).sha256 === tail.sha256 ? 'same' : 'changed';
  }
}
