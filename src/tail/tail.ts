/** Follows all files that the globs name and gives their records in the order they were written. */

import { dirname, resolve } from 'node:path';
import { type Clock, hasPassed, Waker } from '../clock.js';
import { codeOf } from '../errors.js';
import type { SourceFault, SourcePosition, UnsupportedReason } from '../record.js';
import { type Batch, Follower, SETTLE } from './follow.js';
import { fingerprint, identify } from './identify.js';
import { Survey, type Surveyed } from './survey.js';
import type { Watch, WatchGlobs } from './watch.js';

export interface TailOptions {
  readonly patterns: readonly string[];
  /** Bytes; a longer record becomes a gap. */
  readonly maxRecordSize: number;
  /** Ends when everything that is there has been read, instead of waiting for more. */
  readonly once: boolean;
  /** Where reading goes on, from the checkpoint. */
  readonly positions: readonly SourcePosition[];
  /** Whether log_time can be read where it names this zone. */
  readonly supportsZone: (zone: string) => boolean;
  readonly clock: Clock;
  /** Gives hints, so that news are seen at once; `null`: polls alone will do. */
  readonly watch: WatchGlobs | null;
}

/** What the operator should hear of; each thing is told once, until it changes. */
export interface TailReport {
  fileFound(file: SourcePosition): void;
  fileReplaced(file: SourcePosition): void;
  fileUnsupported(path: string, reason: UnsupportedReason): void;
  /** What of the source cannot be read now; none when all is well again. */
  sourceFaults(faults: readonly SourceFault[]): void;
  watchFailed(code: string): void;
}

/** Milliseconds between looks at open files and at the folders, where no hint comes. */
const GROWTH_INTERVAL = 250;
const SCAN_INTERVAL = 2000;
/** Milliseconds for which a file is kept open that is in no folder any more and does not grow. */
const LINGER = 60_000;
/** So many files are held open at once. */
const MOST_HELD = 64;
/** So many files that are gone are remembered, lest a copy of one is read again. */
const GONE_REMEMBERED = 256;

export class Tail {
  readonly #options: TailOptions;
  readonly #report: TailReport;
  readonly #patterns: readonly string[];
  readonly #survey: Survey;
  readonly #waker: Waker;
  readonly #followers = new Map<string, Follower>();
  #scannedAt = NEVER;
  #scanFaults: readonly SourceFault[] = [];
  /** Files of one line that is not whole, by their content, with the time since when they look so. */
  #partial = new Map<string, number>();
  /** Paths that held something at the last look. */
  #takenPaths: ReadonlySet<string> = new Set();
  readonly #readFaults = new Map<string, SourceFault>();
  #faultsReported = '';
  readonly #unsupportedReported = new Map<string, UnsupportedReason>();

  constructor(options: TailOptions, report: TailReport) {
    this.#options = options;
    this.#report = report;
    this.#patterns = options.patterns.map(pattern => resolve(pattern));
    this.#survey = new Survey(this.#patterns, file => identify(file, options.supportsZone));
    this.#waker = new Waker(options.clock);
    for (const position of options.positions) this.#add(position);
  }

  /** How far every known file has been read, as of the last batch whose frames were taken. */
  get positions(): SourcePosition[] {
    return [...this.#followers.values()].map(follower => follower.position);
  }

  /**
   * Reads until the signal aborts, or, with `once`, until nothing is left. `null`: nothing is new, and
   * nothing will be for a moment.
   */
  async *batches(signal: AbortSignal): AsyncGenerator<Batch | null> {
    const watch = this.#watch();
    try {
      while (!signal.aborted) {
        await this.look();
        if (yield* this.#readAll(signal)) continue;
        if (this.#options.once && (await this.#isAllRead())) return;
        yield null;
        await this.#waker.wait(GROWTH_INTERVAL, signal);
      }
    } finally {
      await watch?.close();
      for (const follower of this.#followers.values()) await follower.close();
    }
  }

  /** Looks at the folders, if it is time to. To be called also while a batch waits to be taken. */
  async look(): Promise<void> {
    if (hasPassed(this.#scannedAt, this.#options.clock.now(), SCAN_INTERVAL)) await this.#scan();
  }

  #watch(): Watch | undefined {
    const onMove = (): void => {
      this.#scannedAt = NEVER;
      this.#waker.wake();
    };
    const onWrite = (path: string): void => {
      const isOpen = [...this.#followers.values()].some(
        follower => follower.isOpen && follower.path === path,
      );
      if (isOpen) this.#waker.wake();
      else onMove();
    };
    return this.#options.watch?.(this.#patterns, { onWrite, onMove }, error =>
      this.#report.watchFailed(codeOf(error)),
    );
  }

  /** Returns whether any batch came. */
  async *#readAll(signal: AbortSignal): AsyncGenerator<Batch, boolean> {
    let any = false;
    const now = this.#options.clock.now();
    for (const follower of this.#inOrder().filter(one => one.isActive || one.isLost(now))) {
      for await (const batch of this.#readOne(follower)) {
        any = true;
        yield batch;
        if (signal.aborted) return any;
      }
    }
    return any;
  }

  async *#readOne(follower: Follower): AsyncGenerator<Batch> {
    const now = this.#options.clock.now();
    if (follower.isLost(now))
      return yield follower.abandon(this.#takenPaths.has(follower.path) ? 'truncated' : 'vanished');
    try {
      const isSame = yield* follower.read(now);
      this.#readFaults.delete(follower.fileId);
      if (!isSame) await this.#replaced(follower);
    } catch (error) {
      this.#readFaults.set(follower.fileId, { path: follower.path, code: codeOf(error) });
      await follower.close();
    }
    this.#reportFaults();
    if (follower.notCsvlog !== null) this.#unsupported(follower.path, follower.notCsvlog);
    if (!this.#isDone(follower, now)) return;
    const rest = follower.finish();
    if (rest !== null) yield rest;
    await follower.close();
  }

  /** The file was truncated or overwritten. A copy made before may hold what was not read yet: look for one. */
  async #replaced(follower: Follower): Promise<void> {
    this.#report.fileReplaced(follower.position);
    await follower.replaced();
    this.#scannedAt = NEVER;
  }

  /** Its folder has a newer file, and it is read to an end that has been quiet for a while. */
  #isDone(follower: Follower, now: number): boolean {
    if (!follower.isOpen || !this.#hasSuccessor(follower)) return false;
    if (!follower.isListed) return hasPassed(follower.lastGrowth, now, LINGER);
    return !follower.hasPending || hasPassed(follower.lastGrowth, now, SETTLE);
  }

  /** Whether a fresh look finds nothing new, and no torn end is still given time to grow. */
  async #isAllRead(): Promise<boolean> {
    const isTorn = (one: Follower): boolean => one.hasPending && one.notCsvlog === null;
    if (this.#inOrder().some(follower => isTorn(follower) && this.#hasSuccessor(follower))) return false;
    await this.#scan();
    const isUnread = (one: Follower): boolean => one.isHeld || one.isMissing || (one.isActive && !one.isOpen);
    const isLeft = (one: Follower): boolean => isUnread(one) && !this.#readFaults.has(one.fileId);
    return this.#partial.size === 0 && !this.#inOrder().some(isLeft);
  }

  #hasSuccessor(follower: Follower): boolean {
    return this.#inOrder().findLast(other => other.home === follower.home) !== follower;
  }

  /** Oldest first, by the time that the first line begins with. */
  #inOrder(): Follower[] {
    return [...this.#followers.values()].sort(
      (a, b) => compare(a.firstTime, b.firstTime) || compare(a.path, b.path),
    );
  }

  async #scan(): Promise<void> {
    const now = this.#options.clock.now();
    this.#scannedAt = now;
    const { files, faults } = await this.#survey.take();
    this.#scanFaults = faults;
    this.#reportFaults();
    this.#assign(files, now);
    this.#forgetGone();
    await this.#holdUnread();
  }

  /** Tells each follower where it is now. */
  #assign(files: readonly Surveyed[], now: number): void {
    const places = new Map<string, Map<string, number>>();
    this.#takenPaths = new Set(files.filter(file => file.size > 0).map(file => file.path));
    this.#settlePartial(files, now);
    for (const { path, size, identity } of files) {
      if (identity.kind === 'unsupported') this.#unsupported(path, identity.reason);
      if (identity.kind !== 'content' && identity.kind !== 'partial') continue;
      const { fileId, firstTime } = identity;
      if (identity.kind === 'content' && !this.#followers.has(fileId)) this.#found(fileId, path, firstTime);
      places.set(fileId, (places.get(fileId) ?? new Map()).set(path, size));
    }
    // What cannot be seen at the moment is not gone.
    const isComplete = this.#scanFaults.length === 0;
    for (const follower of this.#followers.values()) {
      follower.listed(places.get(follower.fileId) ?? new Map(), isComplete ? now : null);
      if (!follower.isActive) this.#readFaults.delete(follower.fileId);
    }
  }

  /** A file of a single line that is not whole is read, as torn, when there is a newer one and it stood still. */
  #settlePartial(files: readonly Surveyed[], now: number): void {
    const before = this.#partial;
    this.#partial = new Map();
    for (const { path, modified, identity } of files) {
      if (identity.kind !== 'partial' || this.#followers.has(identity.fileId)) continue;
      const isNewer = (other: Surveyed): boolean =>
        dirname(other.path) === dirname(path) &&
        other.identity.kind === 'content' &&
        other.modified > modified;
      if (!files.some(isNewer)) continue;
      const { fileId, firstTime } = identity;
      const since = before.get(fileId) ?? now;
      if (hasPassed(since, now, SETTLE)) this.#found(fileId, path, firstTime);
      else this.#partial.set(fileId, since);
    }
  }

  /** Opens what waits to be read, the oldest first, so that nobody can delete it before its turn comes. */
  async #holdUnread(): Promise<void> {
    const open = this.#inOrder().filter(one => one.isOpen).length;
    const waiting = this.#inOrder().filter(one => one.isActive && !one.isOpen);
    for (const follower of waiting.slice(0, Math.max(0, MOST_HELD - open))) {
      try {
        await follower.hold();
      } catch (error) {
        this.#readFaults.set(follower.fileId, { path: follower.path, code: codeOf(error) });
      }
    }
    this.#reportFaults();
  }

  #found(fileId: string, path: string, firstTime: string): void {
    const position = { fileId, path, firstTime, lastTime: '', offset: 0, size: 0, tail: NO_TAIL };
    this.#add(position);
    this.#unsupportedReported.delete(path);
    this.#report.fileFound(position);
  }

  #add(position: SourcePosition): void {
    const { maxRecordSize, supportsZone, clock } = this.#options;
    const options = { maxRecordSize, supportsZone };
    this.#followers.set(position.fileId, new Follower(position, options, clock.now()));
  }

  #forgetGone(): void {
    const gone = this.#inOrder().filter(follower => !follower.isListed && !follower.isOpen);
    for (const follower of gone.slice(0, Math.max(0, gone.length - GONE_REMEMBERED))) {
      this.#followers.delete(follower.fileId);
    }
  }

  #unsupported(path: string, reason: UnsupportedReason): void {
    if (this.#unsupportedReported.get(path) === reason) return;
    this.#unsupportedReported.set(path, reason);
    this.#report.fileUnsupported(path, reason);
  }

  #reportFaults(): void {
    const faults = [...this.#scanFaults, ...this.#readFaults.values()];
    const text = JSON.stringify(faults);
    if (text === this.#faultsReported) return;
    this.#faultsReported = text;
    this.#report.sourceFaults(faults);
  }
}

const NEVER = Number.NEGATIVE_INFINITY;
const NO_TAIL = fingerprint(Buffer.alloc(0));

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
