/** Follows all files that the globs name and gives their records in the order they were written. */

import { resolve } from 'node:path';
import { type Clock, Waker } from '../clock.js';
import { codeOf } from '../errors.js';
import type { SourcePosition, UnsupportedReason } from '../record.js';
import { type Batch, Content } from './content.js';
import type { Fault } from './discover.js';
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
  sourceFaults(faults: readonly Fault[]): void;
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
  readonly #contents = new Map<string, Content>();
  #nextScan = 0;
  #scanFaults: readonly Fault[] = [];
  readonly #readFaults = new Map<string, Fault>();
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
    return [...this.#contents.values()].map(content => content.position);
  }

  /** Reads until the signal aborts, or, with `once`, until nothing is left. */
  async *batches(signal: AbortSignal): AsyncGenerator<Batch> {
    const watch = this.#options.once ? null : this.#watch();
    try {
      while (!signal.aborted) {
        const isFresh = await this.#scanIfDue();
        if (yield* this.#readAll(signal)) continue;
        if (this.#options.once && isFresh && !this.#isSettling()) return;
        if (this.#options.once) this.#nextScan = 0;
        if (!this.#options.once || isFresh) await this.#waker.wait(GROWTH_INTERVAL, signal);
      }
    } finally {
      await watch?.close();
      for (const content of this.#contents.values()) await content.close();
    }
  }

  #watch(): Watch {
    const onMove = (): void => {
      this.#nextScan = 0;
      this.#waker.wake();
    };
    const onWrite = (path: string): void => {
      const isOpen = [...this.#contents.values()].some(content => content.isOpen && content.path === path);
      if (isOpen) this.#waker.wake();
      else onMove();
    };
    return watchGlobs(this.#patterns, { onWrite, onMove }, error => this.#report.watchFailed(codeOf(error)));
  }

  /** Returns whether any batch came. */
  async *#readAll(signal: AbortSignal): AsyncGenerator<Batch, boolean> {
    let any = false;
    for (const content of this.#inOrder().filter(one => one.isActive)) {
      for await (const batch of this.#readOne(content)) {
        any = true;
        yield batch;
        if (signal.aborted) return any;
      }
    }
    return any;
  }

  async *#readOne(content: Content): AsyncGenerator<Batch> {
    const now = this.#options.clock.now();
    try {
      const isSame = yield* content.read(now);
      this.#readFaults.delete(content.fileId);
      if (!isSame) yield* this.#replaced(content);
    } catch (error) {
      this.#readFaults.set(content.fileId, { path: content.path, code: codeOf(error) });
      await content.close();
    }
    this.#reportFaults();
    if (content.notCsvlog !== null) this.#unsupported(content.path, content.notCsvlog);
    if (!this.#isDone(content, now)) return;
    const rest = content.finish();
    if (rest !== null) yield rest;
    await content.close();
  }

  /** The file was truncated or overwritten. A copy made before may hold what was not read yet. */
  async *#replaced(content: Content): AsyncGenerator<Batch> {
    this.#report.fileReplaced(content.position);
    await content.replaced();
    await this.#scan();
    const lost = content.abandon();
    if (lost !== null) yield lost;
  }

  /** Its folder has a newer file, and it is read to an end that has been quiet for a while. */
  #isDone(content: Content, now: number): boolean {
    if (!content.isOpen || !this.#hasSuccessor(content)) return false;
    const isReadWhole = content.isListed && !content.hasPending;
    return isReadWhole || now - content.lastGrowth >= SETTLE;
  }

  /** Whether some torn end is still given time to grow. */
  #isSettling(): boolean {
    const isTorn = (one: Content): boolean => one.hasPending && one.notCsvlog === null;
    return this.#inOrder().some(content => isTorn(content) && this.#hasSuccessor(content));
  }

  #hasSuccessor(content: Content): boolean {
    return this.#inOrder().findLast(other => other.home === content.home) !== content;
  }

  /** Oldest first, by the time that the first line begins with. */
  #inOrder(): Content[] {
    return [...this.#contents.values()].sort(
      (a, b) => compare(a.firstTime, b.firstTime) || compare(a.path, b.path),
    );
  }

  async #scanIfDue(): Promise<boolean> {
    const now = this.#options.clock.now();
    const isDue = now >= this.#nextScan || this.#nextScan - now > SCAN_INTERVAL;
    if (isDue) await this.#scan();
    return isDue;
  }

  async #scan(): Promise<void> {
    this.#nextScan = this.#options.clock.now() + SCAN_INTERVAL;
    const { files, faults } = await this.#survey.take();
    this.#scanFaults = faults;
    this.#reportFaults();
    this.#assign(files);
    this.#forgetGone();
  }

  /** Tells each content where it is now. */
  #assign(files: readonly Surveyed[]): void {
    const places = new Map<string, Map<string, number>>();
    for (const { path, size, identity } of files) {
      if (identity.kind === 'unsupported') this.#unsupported(path, identity.reason);
      if (identity.kind !== 'content') continue;
      const { fileId, firstTime } = identity;
      if (!this.#contents.has(fileId)) this.#found({ fileId, path, firstTime, offset: 0, tail: NO_TAIL });
      places.set(fileId, (places.get(fileId) ?? new Map()).set(path, size));
    }
    for (const content of this.#contents.values()) {
      content.listed(places.get(content.fileId) ?? new Map());
      if (!content.isActive) this.#readFaults.delete(content.fileId);
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
    this.#contents.set(position.fileId, new Content(position, options, clock.now()));
  }

  #forgetGone(): void {
    const gone = this.#inOrder().filter(content => !content.isListed && !content.isOpen);
    for (const content of gone.slice(0, Math.max(0, gone.length - GONE_REMEMBERED))) {
      this.#contents.delete(content.fileId);
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
