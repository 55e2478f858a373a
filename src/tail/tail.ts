/** Follows all files that the globs name and gives their records in the order they were written. */

import { resolve } from 'node:path';
import { type Clock, Waker } from '../clock.js';
import { codeOf } from '../errors.js';
import type { SourceFault, SourcePosition, UnsupportedReason } from '../record.js';
import { type Batch, Follower } from './follow.js';
import { fingerprint, identify } from './identify.js';
import { Survey, type Surveyed } from './survey.js';
import { type Watch, watchGlobs } from './watch.js';

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
/** A file that has a successor and did not grow for so long, in milliseconds, is done. */
const SETTLE = 2000;
/** So many files that are gone are remembered, lest a copy of one is read again. */
const GONE_REMEMBERED = 256;

export class Tail {
  readonly #options: TailOptions;
  readonly #report: TailReport;
  readonly #patterns: readonly string[];
  readonly #survey: Survey;
  readonly #waker: Waker;
  readonly #followers = new Map<string, Follower>();
  #nextScan = 0;
  #scanFaults: readonly SourceFault[] = [];
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

  /** Reads until the signal aborts, or, with `once`, until nothing is left. */
  async *batches(signal: AbortSignal): AsyncGenerator<Batch> {
    const watch = this.#options.once ? null : this.#watch();
    try {
      while (!signal.aborted) {
        await this.#scanIfDue();
        if (yield* this.#readAll(signal)) continue;
        if (this.#options.once && (await this.#isAllRead())) return;
        await this.#waker.wait(GROWTH_INTERVAL, signal);
      }
    } finally {
      await watch?.close();
      for (const follower of this.#followers.values()) await follower.close();
    }
  }

  #watch(): Watch {
    const onMove = (): void => {
      this.#nextScan = 0;
      this.#waker.wake();
    };
    const onWrite = (path: string): void => {
      const isOpen = [...this.#followers.values()].some(
        follower => follower.isOpen && follower.path === path,
      );
      if (isOpen) this.#waker.wake();
      else onMove();
    };
    return watchGlobs(this.#patterns, { onWrite, onMove }, error => this.#report.watchFailed(codeOf(error)));
  }

  /** Returns whether any batch came. */
  async *#readAll(signal: AbortSignal): AsyncGenerator<Batch, boolean> {
    let any = false;
    for (const follower of this.#inOrder().filter(one => one.isActive)) {
      for await (const batch of this.#readOne(follower)) {
        any = true;
        yield batch;
        if (signal.aborted) return any;
      }
    }
    return any;
  }

  async *#readOne(follower: Follower): AsyncGenerator<Batch> {
    if (follower.hasLost) return yield follower.abandon();
    const now = this.#options.clock.now();
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
    this.#nextScan = 0;
  }

  /** Its folder has a newer file, and it is read to an end that has been quiet for a while. */
  #isDone(follower: Follower, now: number): boolean {
    if (!follower.isOpen || !this.#hasSuccessor(follower)) return false;
    const isReadWhole = follower.isListed && !follower.hasPending;
    return isReadWhole || now - follower.lastGrowth >= SETTLE;
  }

  /** Whether a fresh look finds nothing new, and no torn end is still given time to grow. */
  async #isAllRead(): Promise<boolean> {
    const isTorn = (one: Follower): boolean => one.hasPending && one.notCsvlog === null;
    if (this.#inOrder().some(follower => isTorn(follower) && this.#hasSuccessor(follower))) return false;
    await this.#scan();
    return !this.#inOrder().some(follower => !follower.isOpen && follower.isActive);
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

  async #scanIfDue(): Promise<void> {
    const now = this.#options.clock.now();
    const isDue = now >= this.#nextScan || this.#nextScan - now > SCAN_INTERVAL;
    if (isDue) await this.#scan();
  }

  async #scan(): Promise<void> {
    this.#nextScan = this.#options.clock.now() + SCAN_INTERVAL;
    const { files, faults } = await this.#survey.take();
    this.#scanFaults = faults;
    this.#reportFaults();
    this.#assign(files);
    this.#forgetGone();
  }

  /** Tells each follower where it is now. */
  #assign(files: readonly Surveyed[]): void {
    const places = new Map<string, Map<string, number>>();
    for (const { path, size, identity } of files) {
      if (identity.kind === 'unsupported') this.#unsupported(path, identity.reason);
      if (identity.kind !== 'content') continue;
      const { fileId, firstTime } = identity;
      if (!this.#followers.has(fileId)) this.#found({ fileId, path, firstTime, offset: 0, tail: NO_TAIL });
      places.set(fileId, (places.get(fileId) ?? new Map()).set(path, size));
    }
    for (const follower of this.#followers.values()) {
      follower.listed(places.get(follower.fileId) ?? new Map());
      if (!follower.isActive) this.#readFaults.delete(follower.fileId);
    }
  }

  #found(position: SourcePosition): void {
    this.#add(position);
    this.#unsupportedReported.delete(position.path);
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

const NO_TAIL = fingerprint(Buffer.alloc(0));

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
