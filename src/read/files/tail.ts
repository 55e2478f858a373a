/**
 * Follows all files that the globs name, and gives their records in the order in which they were written: each once,
 * whatever becomes of the files. `frame/` cuts them into records. Imports `event/`, `lib/`, and types of `config/`.
 */

import { resolve } from 'node:path';
import type { SourcePosition } from '../../event/position.js';
import { hasPassed, sleep, Waker } from '../../lib/clock.js';
import { codeOf, hasCode } from '../../lib/errors.js';
import type { RawRecord } from '../record.js';
import { type Batch, TakeFailed, type Taker } from './batch.js';
import { CompressedFiles } from './compressed.js';
import type { Claimed } from './contested.js';
import { SETTLE } from './doubts.js';
import { Faults } from './faults.js';
import type { Follower } from './follower.js';
import { Followers } from './followers.js';
import { Hints } from './hints.js';
import { identify } from './identify.js';
import { Kept } from './kept.js';
import { unwatchedAfter } from './loss.js';
import { ReadFormat } from './read-format.js';
import { ReadUntil } from './read-until.js';
import { Survey } from './survey.js';
import type { TailOptions, TailReport } from './tail-options.js';
import { UnpackedFiles } from './unpacked.js';
import { Unsupported } from './unsupported.js';
import type { Watch } from './watch.js';

/** Milliseconds between polls of open files and of the folders, without a hint. */
const GROWTH_INTERVAL = 250;
/** Milliseconds after news that somebody waits for: without them, each line of a busy server would be committed alone. */
const PAUSE = 45;
/** The same in a busy log if nobody does: of most hardly anything is shipped, and each look takes CPU time from the server. */
const LONG_PAUSE = 100;
const SCAN_INTERVAL = 2000;
/** Milliseconds after which an incomplete record at the end of a file that has a successor, and does not grow, is torn. */
const [TORN_AFTER, TORN_AFTER_ONCE] = [10_000, 3000];
/** Milliseconds for which a file is kept open that is in no folder any more and does not grow. */
const LINGER = 60_000;
/** Most files that are held open. */
export const MOST_HELD = 64;
const NEVER = Number.NEGATIVE_INFINITY;
const ALL_OWN: Claimed = { contested: new Set(), left: new Set() };

export class Tail {
  readonly #options: TailOptions;
  readonly #report: TailReport;
  readonly #patterns: readonly string[];
  readonly #survey: Survey;
  readonly #waker: Waker;
  readonly #followers: Followers;
  readonly #kept: Kept;
  readonly #readUntil = new ReadUntil();
  readonly #compressed: CompressedFiles;
  /** The content in which the last run stopped, until it is known whether it still exists. */
  #lastRead: Follower | null;
  #scannedAt = NEVER;
  /** A hint says that the next look must be at all files. */
  #isMoved = false;
  readonly #openedAt: number;
  /** When nothing was unread last. */
  #caughtUpAt = NEVER;
  /** Set by who takes the batches: some of this look was shipped, and more may follow. */
  isUrgent = false;
  readonly #faults: Faults;
  readonly #unsupported: Unsupported;
  readonly #format: ReadFormat;
  readonly #unpacked: UnpackedFiles;

  constructor(options: TailOptions, report: TailReport) {
    const { patterns, positions, times, clock, once } = options;
    this.#options = options;
    this.#report = report;
    this.#unsupported = new Unsupported((path, reason) => report.fileUnsupported(path, reason));
    this.#patterns = patterns.map(pattern => resolve(pattern));
    this.#faults = new Faults({ patterns: this.#patterns, once, unsupported: this.#unsupported, report });
    this.#survey = new Survey(this.#patterns, file => identify(file, times));
    this.#waker = new Waker(clock);
    this.#openedAt = clock.now();
    this.#followers = new Followers(positions, options, this.#openedAt);
    this.#format = new ReadFormat(this.#followers, options);
    this.#unpacked = new UnpackedFiles(options.unpackIn, report);
    this.#lastRead = this.#followers.lastLive(one => this.#format.includes(one));
    this.#kept = new Kept(this.#followers, options.ledger, report);
    const wasRead = async (contentId: string): Promise<boolean> =>
      (await this.#kept.readOf(contentId)) !== null;
    this.#compressed = new CompressedFiles(this.#lastRead?.firstTime ?? this.#openedAt, wasRead);
  }

  /** The time until which the log was read, in milliseconds since the epoch; `null` if not known. */
  get readUntil(): number | null {
    return this.#readUntil.time;
  }

  /** What changed of the positions since the last call, as of the last batch. */
  takeChanges(): { files: readonly SourcePosition[]; gone: readonly string[] } {
    return this.#followers.takeChanges();
  }

  /** Positions in all known files, as of the last batch. */
  get positions(): SourcePosition[] {
    return this.#followers.inOrder.map(follower => follower.position);
  }

  /** Unread bytes of log files, as of the last look. */
  get unread(): number {
    return this.#unfinished.reduce((sum, follower) => sum + follower.unread, 0);
  }

  get hasUnread(): boolean {
    return this.#unfinished.some(({ unread }) => unread > 0);
  }

  /**
   * Since when bytes may be unread, in milliseconds since the epoch: the time of the record before them, or when
   * nothing was unread last; `null` if nothing is unread.
   */
  get behindSince(): number | null {
    const behind = this.#unfinished.find(({ unread }) => unread > 0);
    if (behind === undefined) return null;
    const { lastTime, firstTime } = behind.position;
    const readUpTo = this.#options.times.read(lastTime) ?? firstTime ?? this.#openedAt;
    return Math.max(this.#caughtUpAt, readUpTo);
  }

  /** Whether the record was read in another format, before the log's format changed. */
  isTwin(record: RawRecord): boolean {
    return this.#format.isTwin(record);
  }

  /** Those that are not finished, of the format that is read. */
  get #unfinished(): readonly Follower[] {
    return this.#followers.unfinished.filter(follower => this.#format.includes(follower));
  }

  /** Whether some of the source cannot be read now. Files that are not csvlog do not count: no line of theirs is missing. */
  get isHindered(): boolean {
    return this.#faults.hindrances.length > 0;
  }

  /** Reads until the signal aborts, or, with `once`, until nothing is left. `null`: nothing is new for the moment. */
  async *batches<T>(taker: Taker<T>, signal: AbortSignal): AsyncGenerator<Batch<T> | null> {
    const { once, clock } = this.#options;
    const hints = this.#hints();
    try {
      while (!signal.aborted) {
        await this.look();
        this.isUrgent = false;
        const isNews = yield* this.#readAll(taker, signal);
        this.#readUntil.read(id => this.#offsetOf(id), this.#unsupported.reasonOf, this.#options.knows);
        if (isNews && once) continue;
        if (once && (await this.#isAllRead())) return;
        if (!this.hasUnread) this.#caughtUpAt = clock.now();
        yield null;
        if (await hints?.looked(isNews, clock.now())) this.#scannedAt = NEVER;
        const isBusy = hints?.isWatching === false;
        if (isNews || isBusy) await sleep(clock, isBusy && !this.isUrgent ? LONG_PAUSE : PAUSE, signal);
        else await this.#waker.wait(GROWTH_INTERVAL, signal);
      }
    } catch (error) {
      throw error instanceof TakeFailed ? error.cause : error;
    } finally {
      await hints?.close();
      for (const follower of this.#followers.unfinished) await follower.close();
      await this.#unpacked.close();
    }
  }

  /** Looks at the folders if it is time to. Call it also while a batch waits to be taken. */
  async look(): Promise<void> {
    if (hasPassed(this.#scannedAt, this.#options.clock.now(), SCAN_INTERVAL)) await this.#scan();
  }

  #hints(): Hints | null {
    const { watch } = this.#options;
    if (watch === null) return null;
    const onMove = (): void => {
      this.#lookAgain();
      this.#waker.wake();
    };
    const onWrite = (path: string): void => {
      const isOpen = this.#followers.unfinished.some(follower => follower.isOpen && follower.path === path);
      if (isOpen) this.#waker.wake();
      else onMove();
    };
    const onError = (error: unknown): void => this.#report.watchFailed(codeOf(error));
    const open = (): Watch => {
      const finished = this.#followers.finishedPaths;
      const isFinished = (path: string): boolean => finished.has(path);
      return watch(this.#patterns, { onWrite, onMove, isFinished }, onError);
    };
    return new Hints(open, () => this.#followers.areMany);
  }

  /** Returns whether any batch came. */
  async *#readAll<T>(taker: Taker<T>, signal: AbortSignal): AsyncGenerator<Batch<T>, boolean> {
    let any = false;
    const now = this.#options.clock.now();
    const unwatched = await this.#unwatched(taker, now);
    if (unwatched !== null) yield unwatched;
    yield* this.#endOthers(taker);
    for (const follower of this.#unfinished) {
      if (this.#followers.settle(follower)) this.#faults.succeeded(follower);
      if (!follower.isActive && follower.loss(now) === null) continue;
      if (this.#faults.isContested(follower)) continue;
      this.#followers.carryInto(follower);
      for await (const batch of this.#readOne(follower, taker)) {
        any = true;
        yield batch;
        if (signal.aborted) return any;
        await this.look();
      }
      this.#followers.settle(follower);
    }
    return any;
  }

  /** Files of another format than the one that is read now: nothing more will come in them. */
  async *#endOthers<T>(taker: Taker<T>): AsyncGenerator<Batch<T>> {
    for (const follower of this.#followers.unfinished) {
      if (!follower.isOpen || this.#format.includes(follower)) continue;
      const rest = await follower.finish(taker);
      await follower.close();
      if (rest !== null) yield rest;
    }
  }

  /**
   * Who removed the file in which reading stopped, while nobody read, may have removed more than was read. Without any
   * log file, the missing time in the seals shows it.
   */
  async #unwatched<T>(taker: Taker<T>, now: number): Promise<Batch<T> | null> {
    const last = this.#lastRead;
    if (last?.isListed || last?.isOpen || (last?.unread ?? 0) > 0) this.#lastRead = null;
    if (last === null || this.#lastRead === null) return null;
    this.#readUntil.doubt();
    const next = this.#followers.liveSuccessorOf(last);
    if (next === null || !hasPassed(now - last.goneFor(now), now, SETTLE)) return null;
    const batch = await last.giveUp([unwatchedAfter(last.position, next.firstTime)], taker);
    if (batch !== null) this.#lastRead = null;
    return batch;
  }

  /** The position in a content; `null` if it turned out not to be a log. */
  #offsetOf(contentId: string): number | null {
    const follower = this.#followers.get(contentId);
    return follower === undefined || follower.notRead !== null ? null : follower.position.offset;
  }

  async *#readOne<T>(follower: Follower, taker: Taker<T>): AsyncGenerator<Batch<T>> {
    const now = this.#options.clock.now();
    const loss = follower.loss(now);
    if (loss !== null) {
      if (loss === 'changed' || loss === 'shortened') this.#report.fileReplaced(follower.position);
      await follower.close();
      const batch = await follower.abandon(loss, taker);
      if (batch !== null) yield batch;
      this.#lookAgain();
      return;
    }
    try {
      const isSame = yield* follower.read(this.#format.mayHaveTwins ? { ...taker, skip: null } : taker, now);
      this.#format.read(follower);
      this.#faults.succeeded(follower);
      if (!isSame) await this.#replaced(follower);
    } catch (error) {
      if (error instanceof TakeFailed) throw error;
      this.#faults.failed(follower, error);
      await follower.close();
    }
    if (follower.isBlocked) this.#unsupported.note(follower.path, 'zone');
    if (follower.notRead !== null) this.#unsupported.note(follower.path, follower.notRead);
    else if (!follower.isBlocked) this.#unsupported.forget(follower.path);
    this.#faults.report();
    if (!this.#isDone(follower, now)) return;
    const rest = await follower.finish(taker);
    if (rest !== null) yield rest;
    await follower.close();
  }

  /** The file was truncated or overwritten. A copy may have the unread rest: look for one. */
  async #replaced(follower: Follower): Promise<void> {
    this.#report.fileReplaced(follower.position);
    await follower.replaced();
    this.#lookAgain();
  }

  /** At all files, as soon as possible. */
  #lookAgain(): void {
    this.#scannedAt = NEVER;
    this.#isMoved = true;
  }

  /** Its folder has a newer file, and it is read to an end that has not changed for a while. */
  #isDone(follower: Follower, now: number): boolean {
    if (!follower.isOpen || !this.#followers.hasSuccessor(follower)) return false;
    // The rest of a record may come in the next file.
    if (!this.#options.once && this.#followers.mayCarry(follower)) return false;
    if (!follower.isListed) return hasPassed(follower.lastGrowth, now, LINGER);
    const patience = this.#options.once ? TORN_AFTER_ONCE : TORN_AFTER;
    return !follower.hasPending || hasPassed(follower.lastGrowth, now, patience);
  }

  /** Whether a new look finds nothing new, and nothing is being given time to settle. */
  async #isAllRead(): Promise<boolean> {
    const isTorn = (one: Follower): boolean =>
      one.hasPending && one.notRead === null && this.#followers.hasSuccessor(one);
    if (this.#options.isAwaited?.() === true || this.#unfinished.some(isTorn)) return false;
    await this.#scanAll(this.#options.clock.now());
    const isUnread = (one: Follower): boolean => one.isHeld || (one.isActive && !one.isOpen);
    const isSettled = this.#lastRead === null || this.#followers.liveSuccessorOf(this.#lastRead) === null;
    const isFaulty = (one: Follower): boolean => this.#faults.hasFailed(one) || this.#faults.isContested(one);
    const isLeft = (one: Follower): boolean => one.isInDoubt || (isUnread(one) && !isFaulty(one));
    return isSettled && !this.#followers.hasPartial && !this.#unfinished.some(isLeft);
  }

  async #scan(): Promise<void> {
    const now = this.#options.clock.now();
    const isAll = this.#isMoved || this.#options.once || this.#followers.hasPartial;
    const paths = this.#followers.unfinished.flatMap(follower => [...follower.paths.keys()]);
    const changed = isAll ? null : await this.#survey.takePart(paths, now);
    if (changed === null) return await this.#scanAll(now);
    this.#scannedAt = now;
    this.#followers.grown(changed, now);
    await this.#holdUnread(now);
    this.#faults.report();
  }

  async #scanAll(now: number): Promise<void> {
    this.#scannedAt = now;
    this.#isMoved = false;
    const { files: found, faults, unmatched } = await this.#survey.take(now);
    const all = await this.#unpacked.see(found, contentId => this.#kept.readOf(contentId));
    await this.#format.look(all, now);
    const files = this.#format.narrow(all, contentId => this.#followers.has(contentId));
    const { contested, left } = this.#options.claim?.(files) ?? ALL_OWN;
    const toOthers = this.#followers.inOrder.filter(
      one => left.has(one.path) && this.#faults.isContested(one),
    );
    await this.#kept.disown(toOthers, files, faults.length === 0);
    this.#faults.looked(files, faults, unmatched, contested);
    for (const { path, identity } of files)
      if (identity.kind === 'unsupported') this.#unsupported.note(path, identity.reason);
    if (faults.length === 0 && (await this.#compressed.areAllRead(files)))
      this.#readUntil.looked(
        this.#followers.live(this.#format.narrow(all, () => false)),
        now,
        await this.#format.beside(all),
      );
    await this.#kept.recall(files, now);
    // A file that could not be seen is not gone.
    const contents = this.#followers.assign(files, faults.length === 0, now);
    for (const { path } of contents) this.#unsupported.forget(path);
    this.#unsupported.keep(files);
    await this.#kept.forgetGone(now);
    await this.#holdUnread(now);
    if (contents.length > 0)
      this.#report.filesFound(
        contents.flatMap(({ contentId }) => this.#followers.get(contentId)?.position ?? []),
      );
    this.#faults.report();
  }

  /** Opens unread files, the oldest first, so that they can be read even if they are deleted. */
  async #holdUnread(now: number): Promise<void> {
    let room = MOST_HELD;
    for (const follower of this.#followers.unfinished) {
      if (!follower.isActive) this.#faults.succeeded(follower);
      if (!follower.isActive || this.#faults.isContested(follower) || room-- <= 0) continue;
      try {
        await follower.hold(now);
      } catch (error) {
        this.#faults.failed(follower, error);
        // The journal and the sinks need descriptors, too.
        if (!hasCode(error, 'EMFILE', 'ENFILE')) continue;
        for (const one of this.#followers.unfinished) if (one.isHeld) await one.close();
        return;
      }
    }
  }
}
