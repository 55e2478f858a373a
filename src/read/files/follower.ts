/** Reads one file's content to its end, wherever the file goes meanwhile. */

import { fstatSync, readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Gap } from '../../event/gap.js';
import type { SourceFile, SourcePosition } from '../../event/position.js';
import type { LogFormat } from '../../lib/log-format.js';
import type { Framer } from '../frame/framer.js';
import { createFramer } from '../frame/framers.js';
import type { Parts } from '../frame/partial-records.js';
import { type Batch, type Covered, Frames, giveAll, type Taker } from './batch.js';
import { type Comparison, compare } from './compare.js';
import { type Listed, longestOf, type Paths } from './discover.js';
import { Doubts, type Loss } from './doubts.js';
import { CLOSED, type FollowerOptions, type Found, type State } from './follower-state.js';
import { fromStart, lossOf } from './loss.js';
import { openSame } from './open-file.js';
import { positionAt } from './position.js';

/** Bytes that are read at once. */
const CHUNK = 512 * 1024;

/**
 * Follows one content. Its file may be renamed, copied, deleted or overwritten: the open file is read to its end, and
 * then any other path that holds the same content.
 */
export class Follower {
  readonly contentId: string;
  readonly firstTime: number | null;
  /** The folder in which it was first seen: PostgreSQL writes one file of a folder at a time. */
  readonly home: string;
  /** When bytes were last seen to come, in the caller's clock. */
  lastGrowth: number;
  /** A record's time zone is not known: reading stops before it, until the configuration settles the zone. */
  isBlocked = false;
  readonly #options: FollowerOptions;
  readonly #moved: () => void;
  #path: string;
  /** Everything else that is known of it, after the last batch whose frames were taken. */
  #position: SourcePosition;
  /** Paths that had this content at the last look. */
  #paths: Paths = new Map();
  #state: State = CLOSED;
  /** For each path, the modification time at which the file was last seen to have the bytes that were read. */
  readonly #verified = new Map<string, number>();
  readonly #doubts = new Doubts();
  #goneSince: number | null = null;
  /** Bytes from the start without a record, in a file where none was found yet. */
  #barren = 0;
  /** The file before, which ends within a record that this one continues. */
  #carried: Follower | null = null;

  /** @param moved is called whenever its position or path changes: it may have something to do again */
  constructor(position: SourcePosition, options: FollowerOptions, moved: () => void, now: number) {
    this.contentId = position.contentId;
    this.firstTime = position.firstTime;
    this.#path = position.path;
    this.#moved = moved;
    this.home = dirname(position.path);
    this.lastGrowth = now;
    this.#position = position;
    this.#options = options;
  }

  get path(): string {
    return this.#path;
  }

  /** Its name in events and the checkpoint now. */
  get file(): SourceFile {
    const { fileId, rereadUntil } = this.#position;
    return { fileId, path: this.path, ...(rereadUntil === undefined ? {} : { rereadUntil }) };
  }

  get position(): SourcePosition {
    return { ...this.#position, path: this.path };
  }

  /** `source.files` names it, too. */
  notBackfilled(): void {
    const { backfilled, ...position } = this.#position;
    if (backfilled) this.#moveTo(position);
  }

  /** It is read, closed and where it was: nothing is to do until a look at the folders finds it changed. */
  get isFinished(): boolean {
    return !this.isActive && !this.isInDoubt && this.unread === 0;
  }

  /** The paths that had this content at the last look. */
  get paths(): Paths {
    return this.#paths;
  }

  /** Whether reading it may bring something. */
  get isActive(): boolean {
    return !this.isBlocked && (this.isOpen || this.#readablePaths().length > 0);
  }

  get isOpen(): boolean {
    return this.#state.is !== 'closed';
  }

  /** It was opened so that it can be read even if it is deleted, and was not read since. */
  get isHeld(): boolean {
    return this.#state.is === 'held';
  }

  get #framer(): Framer | null {
    return this.#state.is === 'reading' ? this.#state.framer : null;
  }

  get format(): LogFormat {
    return this.#position.format ?? 'csvlog';
  }

  /** Records that its bytes end within; `null` if there are none. */
  get parts(): Parts | null {
    const parts = this.#framer?.parts;
    return parts === undefined || parts.size === 0 ? null : parts;
  }

  /** Bytes that were read, and are not a whole record yet. */
  get pending(): number {
    return this.#framer === null ? 0 : this.#framer.pushed - this.#position.offset;
  }

  /** Its first record may begin in the file before. */
  carryOn(before: Follower): void {
    if (this.#framer === null) this.#carried = before;
  }

  get isListed(): boolean {
    return this.#paths.size > 0;
  }

  /** Bytes have been read that are not a whole record yet. */
  get hasPending(): boolean {
    return this.pending > 0;
  }

  /** Unread bytes, as of the last look; 0 if the file is not csvlog. */
  get unread(): number {
    const { size, offset } = this.#position;
    return this.notRead === null && this.#isKnownCsvlog ? Math.max(0, size - offset) : 0;
  }

  /** Something is wrong with it that may turn out to be a rename or copy in progress. */
  get isInDoubt(): boolean {
    return this.#doubts.areAny;
  }

  /** How the rest was lost, once it is certain as of `now` that it will not be found. */
  loss(now: number): Loss | null {
    return this.#doubts.loss(now);
  }

  /** Milliseconds for which no path has had it. */
  goneFor(now: number): number {
    return this.#goneSince === null ? 0 : now - this.#goneSince;
  }

  /** Why nothing in this file can be read, as far as its bytes show. */
  get notRead(): 'columns' | 'format' | null {
    return this.#position.offset > 0 ? null : (this.#framer?.notRead ?? null);
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

  /** Notes an incomplete look: what it did not see may still exist. */
  seenAt(paths: Paths): void {
    this.#paths = paths;
    for (const path of this.#verified.keys()) if (!paths.has(path)) this.#verified.delete(path);
    this.#grow(longestOf(paths));
    if (!paths.has(this.path)) this.#goTo(paths.keys().next().value ?? this.path);
  }

  /** Opens it, so that it can be read even if it is deleted before its turn comes. */
  async hold(now: number): Promise<void> {
    if (!this.isOpen) await this.#open(now);
  }

  /** Reads to the present end. Returns false if the open file no longer holds this content. */
  async *read<T>(taker: Taker<T>, now: number): AsyncGenerator<Batch<T>, boolean> {
    await this.hold(now);
    if (this.#state.is === 'closed') return true;
    const { handle } = this.#state;
    const framer = this.#framer ?? this.#newFramer();
    this.#state = { is: 'reading', handle, framer };
    while (!this.isBlocked) {
      let found = this.#readChunk(handle, framer, now);
      if (found === 'elsewhere') break;
      if (found === 'end' || found === 'other') return found === 'end';
      // After a short chunk the file had no more: what is written meanwhile is for the next batch, or none would end.
      const readOn = (): boolean => {
        if (found !== 'chunk') return false;
        try {
          found = this.#readChunk(handle, framer, now);
        } catch {
          found = 'end'; // After the batch it fails again, and is reported, or succeeds.
        }
        return found === 'chunk' || found === 'short chunk';
      };
      let isCutShort: boolean;
      do {
        const { batch, frames } = await this.#give(framer, readOn, taker);
        isCutShort = frames.isCutShort;
        yield batch;
      } while (isCutShort);
    }
    await this.close();
    return true;
  }

  /** Gives the taker the frames of the bytes at hand; the position is after them. */
  async #give<T>(
    framer: Framer,
    readOn: (() => boolean) | null,
    taker: Taker<T>,
  ): Promise<{ batch: Batch<T>; frames: Frames }> {
    const { file } = this;
    const from = this.#position.offset;
    const skip = readOn === null || file.rereadUntil !== undefined ? null : taker.skip;
    const frames = new Frames(framer, this.#position, { times: this.#options.times, skip, readOn });
    const { taken, areTaken } = await giveAll(frames, file, taker);
    if (areTaken) {
      this.isBlocked = frames.isBlocked;
      if (frames.end.offset !== from) this.#moveTo({ ...this.#position, ...frames.end });
    }
    const batch = { file, from, end: this.#position.offset, taken };
    const carried = areTaken && frames.end.offset > 0 ? await this.#settleCarried() : null;
    return { batch: carried === null ? batch : { ...batch, carried }, frames };
  }

  /** What the file before ended with is in this one's first record: both positions move in one commit. */
  async #settleCarried(): Promise<Covered | null> {
    const before = this.#carried;
    this.#carried = null;
    return (await before?.wasCarried()) ?? null;
  }

  /** Its last bytes are in a record of the next file. */
  async wasCarried(): Promise<Covered | null> {
    const framer = this.#framer;
    if (framer === null) return null;
    const { offset: from } = this.#position;
    this.#moveTo({ ...this.#position, ...positionAt(framer.pushed, framer, this.#position) });
    await this.close();
    return { file: this.file, from, end: this.#position.offset };
  }

  /** Gives the taker the gaps of what is lost. */
  async giveUp<T>(gaps: readonly Gap[], taker: Taker<T>): Promise<Batch<T> | null> {
    const { file, position } = this;
    const { taken, areTaken } = await giveAll(gaps, file, taker);
    return areTaken ? { file, from: position.offset, end: position.offset, taken } : null;
  }

  /**
   * Reads what fits into the CPU cache. Another thread would take longer than reading here, as long as the log was just
   * written.
   */
  #readChunk(handle: FileHandle, framer: Framer, now: number): Found {
    const { size, mtimeMs, ino } = fstatSync(handle.fd);
    if (size === framer.pushed && this.#isElsewhere(ino, size)) return 'elsewhere';
    if (size === framer.pushed && mtimeMs === this.#verified.get(this.path)) return 'end';
    if (size < framer.pushed) return 'other';
    const bytesRead = readSync(handle.fd, framer.space(CHUNK), 0, CHUNK, framer.pushed);
    // The file had this content during the read only if it still has it now.
    if (this.#compare(handle) !== 'same') return 'other';
    this.#verified.set(this.path, mtimeMs);
    this.#grow(size);
    if (bytesRead === 0) return 'end';
    framer.filled(bytesRead);
    this.lastGrowth = now;
    return bytesRead === CHUNK ? 'chunk' : 'short chunk';
  }

  /** This file is read to its end, and another one has more of this content, or took its place. */
  #isElsewhere(ino: number, size: number): boolean {
    const here = this.#paths.get(this.path);
    return longestOf(this.#paths) > size || (here !== undefined && here.ino !== ino);
  }

  /** No more bytes will come: what is pending is torn. `null` if nothing is pending. */
  async finish<T>(taker: Taker<T>): Promise<Batch<T> | null> {
    if (this.#framer === null || !this.hasPending || this.notRead !== null) return null;
    this.#framer.finish();
    return (await this.#give(this.#framer, null, taker)).batch;
  }

  /** The open file was overwritten: closes it. A copy may have the unread rest. */
  async replaced(): Promise<void> {
    this.#doubts.replaced();
    this.#grow(this.#framer?.pushed ?? 0);
    await this.close();
  }

  /**
   * Gives up what is lost; if it is found later, it is read. A file whose bytes have changed is read again from its
   * start. If a file was cut back to bytes that were read, only what it had beyond them is lost.
   */
  async abandon<T>(reason: Loss, taker: Taker<T>): Promise<Batch<T> | null> {
    const { offset, size } = this.#position;
    const isLoss = reason !== 'shortened' || size > offset;
    const batch = await this.giveUp(isLoss ? [lossOf(reason, this.#position)] : [], taker);
    if (batch === null) return null;
    const isReadAgain = reason === 'changed' || reason === 'shortened';
    this.#moveTo(isReadAgain ? fromStart(this.#position) : { ...this.#position, size: offset });
    this.#doubts.settle();
    return batch;
  }

  /** Closes the descriptor, and drops what is pending. */
  async close(): Promise<void> {
    const state = this.#state;
    if (this.notRead !== null) this.#barren = this.#framer?.scanned ?? 0;
    this.#framer?.close();
    this.#state = CLOSED;
    if (state.is !== 'closed') await state.handle.close();
  }

  #moveTo(position: SourcePosition, path = this.#path): void {
    this.#position = position;
    this.#path = path;
    this.#moved();
  }

  #goTo(path: string): void {
    if (path !== this.#path) this.#moveTo(this.#position, path);
  }

  #grow(size: number): void {
    if (size > this.#position.size) this.#moveTo({ ...this.#position, size });
  }

  /** A file that never was csvlog is not a loss. */
  get #isKnownCsvlog(): boolean {
    return this.#barren === 0 && (this.#position.offset > 0 || this.firstTime !== null);
  }

  #newFramer(): Framer {
    const { maxRecordSize } = this.#options;
    const { offset: from, columns } = this.#position;
    const start = this.#barren > from ? { offset: this.#barren, doubtFrom: from } : { offset: from };
    const carried = this.#carried?.parts ?? null;
    return createFramer({
      ...start,
      format: this.format,
      columns,
      maxRecordSize,
      ...(carried === null ? {} : { carried }),
    });
  }

  /** Paths with unread bytes of this content, the most first, or whose bytes may have changed since they were read. */
  #readablePaths(): string[] {
    const known = Math.max(this.#position.offset, this.#barren);
    const isNew = ({ path, size, modified }: Listed): boolean =>
      size > known || (size === this.#position.offset && modified !== this.#verified.get(path));
    const files = [...this.#paths.values()].filter(isNew).sort((a, b) => b.size - a.size);
    return files.map(({ path }) => path);
  }

  async #open(now: number): Promise<void> {
    const tried = new Map(this.#paths);
    let isChanged = false;
    for (const path of this.#readablePaths()) {
      const { openAs = path } = this.#paths.get(path) ?? {};
      const { handle, comparison } = await openSame(openAs, this.#compare);
      if (handle !== null) {
        this.#goTo(path);
        this.#state = { is: 'held', handle };
        // An old copy does not settle the doubt if a longer file has changed.
        if (!isChanged) this.#doubts.settle();
        return;
      }
      isChanged ||= comparison === 'changed';
      if (comparison === 'changed') this.#doubts.changed(now);
      // Not opened again before the next look at the folders.
      tried.delete(path);
    }
    this.#paths = tried;
  }

  #compare = (handle: FileHandle): Comparison => compare(handle, this.#position, this.#options.times);
}
