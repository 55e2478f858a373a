/**
 * The journal: what was read becomes durable here, once, before any sink sees it.
 *
 * One commit writes lines to the open segment, syncs it, and replaces the checkpoint. The checkpoint
 * is the commit: a crash before it leaves bytes that it does not know of. No sink has seen them, so the
 * next start cuts them off and the same records are read again.
 */

import { join } from 'node:path';
import type { PreviousChain } from '../event/lifecycle.js';
import { hasPassed, sleep, Waker } from '../lib/clock.js';
import { codeOf, ShipperError, StateError } from '../lib/errors.js';
import { Lines } from '../lib/line-buffer.js';
import { Checkpoint } from './checkpoint.js';
import { checkpointPath, type JournalOptions, segmentFolder } from './options.js';
import { openJournal } from './recover.js';
import { readTime, type Sealed, type SegmentFile, type SegmentName, segmentFileName } from './segments.js';
import { OWN, type Resume } from './sources.js';
import { type Commit, type JournalEntry, type JournalState, nextSealAt, type Origin, Plan } from './state.js';

export interface JournalReport {
  /** Lines and bytes that became durable. */
  committed(events: number, bytes: number): void;
  /** Milliseconds from the time in the log of a commit's first statement until it was durable; one for each commit. */
  statementDurable(latency: number): void;
  sealed(): void;
  /** Nothing is lost: the same commit is tried again. */
  commitFailed(code: string): void;
  commitRecovered(): void;
  journalFull(isFull: boolean): void;
}

export interface LastSeal {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** SHA-256 (hex) of its line. */
  readonly hash: string;
  readonly lastSeq: number;
}

/** What the journal must know of a reader. */
interface AttachedReader {
  /** The last event that is delivered. */
  readonly seq: number;
  wake(): void;
}

/** Milliseconds after which progress is saved that no event came of. */
const PROGRESS_INTERVAL = 1000;
/** Bytes for a commit, from which on it takes no more; another is under way meanwhile. */
const LARGE_COMMIT = 1024 * 1024;
const FIRST_RETRY = 100;
const LAST_RETRY = 5000;

export class Journal {
  /** How this start came by its chain; `null` where it goes on with its own state. */
  readonly origin: Origin | null;
  /** Of a chain that begins: the one before it, where the archive could tell. */
  readonly previousChain: PreviousChain | null;
  readonly #options: JournalOptions;
  readonly #report: JournalReport;
  /** As committed; ahead of the checkpoint where only progress was made. */
  #state: JournalState;
  /** What was appended since, in bytes already: texts that wait would take the garbage collector's time. */
  #next: Plan;
  /** The next commit's lines, and those of the commit before it. */
  #lines: readonly [Lines, Lines] = [new Lines(), new Lines()];
  /** As appended, by server: ahead of the state. */
  readonly #resumes: Map<string, Resume>;
  readonly #checkpoint: Checkpoint;
  /** By server: up to when its log was read, as a seal says it. */
  readonly #untils = new Map<string, number>();
  /** Segments up to here are deleted. */
  #released = 0;
  /** Progress that is not in the checkpoint yet dates from then. */
  #unsavedSince: number | null = null;
  #failure: { readonly error: unknown } | null = null;
  /** Settles with the events that were appended since the last commit. */
  #appended = deferred();
  #isClosing = false;
  #isClosed = false;
  #isFull = false;
  #lastSeal: LastSeal | null;
  readonly #work: Waker;
  readonly #room: Waker;
  readonly #readers: AttachedReader[] = [];

  private constructor(
    options: JournalOptions,
    report: JournalReport,
    state: JournalState,
    checkpoint: Checkpoint,
  ) {
    this.#options = options;
    this.#report = report;
    this.#state = state;
    this.#next = this.#planAfter(state, this.#lines[0]);
    this.#resumes = new Map(state.resumes);
    this.#checkpoint = checkpoint;
    this.origin = state.origin;
    this.previousChain = state.previousChain ?? null;
    this.#lastSeal = sealIn(state);
    this.#work = new Waker(options.clock);
    this.#room = new Waker(options.clock);
  }

  /** Takes up the journal in `directory`, or begins one. Throws a StateError where it is damaged. */
  static async open(options: JournalOptions, report: JournalReport): Promise<Journal> {
    const checkpoint = new Checkpoint(options.disk, checkpointPath(options), options.instance);
    return new Journal(options, report, await openJournal(options, checkpoint), checkpoint);
  }

  /** Where the log of a server goes on: what its last entry that was appended said. */
  resumeOf(source = OWN): Resume {
    return this.#resumes.get(source) ?? { files: [], memory: null };
  }

  /** All that the log of a server held at this time (milliseconds since the epoch) was appended. */
  readUntil(source: string, time: number): void {
    this.#untils.set(source, time);
  }

  /** Up to when it is so; `null` where this process does not know. */
  untilOf(source: string): number | null {
    return this.#untils.get(source) ?? null;
  }

  /** The last event that is durable. */
  get lastSeq(): number {
    return this.#state.chain.nextSeq - 1;
  }

  /** The first event that is still here. */
  get firstSeq(): number {
    return this.segments[0]?.firstSeq ?? this.#state.chain.nextSeq;
  }

  /** Segments in writing order with their durable length. */
  get segments(): readonly SegmentFile[] {
    const { segment } = this.#state;
    return segment === null ? this.sealed : [...this.sealed, segment];
  }

  /** Segments that nothing will be added to any more. */
  get sealed(): readonly Sealed[] {
    return this.#undelivered(this.#state);
  }

  /** The newest seal; `null` where this process does not know it yet. */
  get lastSeal(): LastSeal | null {
    return this.#lastSeal;
  }

  get chain(): string {
    return this.#state.chain.chain;
  }

  /** Under which the chain began. */
  get node(): string {
    return this.#state.node;
  }

  /** Nothing more will come. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Bytes on disk. */
  get size(): number {
    return this.segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** When the last seal was written, in milliseconds since the epoch. */
  get sealedAt(): number {
    return this.#state.sealedAt;
  }

  /** When the oldest event that is here was read; `null` where none is. */
  async oldest(): Promise<number | null> {
    const [first] = this.segments;
    return first === undefined ? null : await readTime(this.pathOf(first), 0);
  }

  pathOf(segment: SegmentName): string {
    return join(segmentFolder(this.#options), segmentFileName(segment));
  }

  /** Waits up to a second, or until the signal aborts, for room; returns whether there is some. */
  async waitForRoom(signal: AbortSignal): Promise<boolean> {
    if (!this.#hasRoom()) await this.#room.wait(1000, signal);
    return this.#hasRoom();
  }

  /**
   * Takes an entry to be committed soon. What is returned resolves when its events are durable, and rejects where that
   * comes no more.
   */
  append(entry: JournalEntry): Promise<void> {
    try {
      this.#next.add(entry, this.#options.clock.now());
    } catch (error) {
      // Half of the entry may be in it, which no commit may hold without the rest.
      this.#failure = { error };
      this.#work.wake();
      throw error;
    }
    if (entry.resume !== undefined) this.#resumes.set(entry.source ?? OWN, entry.resume);
    this.#work.wake();
    return this.#appended.promise;
  }

  /** Commits what was appended, seals, and ends `run`. */
  close(): void {
    this.#isClosing = true;
    this.#work.wake();
  }

  /**
   * Commits until closed; a commit that fails is tried again until it succeeds or the signal aborts. Rejects where an
   * entry could not be appended: memory ran out, and what was appended of it must not be committed.
   */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!this.#isClosed && !signal.aborted) await this.#commitNext(signal);
    } finally {
      this.#appended.reject(new ShipperError('journal-ended', 'the journal takes nothing more'));
    }
  }

  async #commitNext(signal: AbortSignal): Promise<void> {
    if (this.#failure !== null) throw this.#failure.error;
    const now = this.#options.clock.now();
    const closing = this.#isClosing;
    const appended = this.#appended;
    const { commit, hasNews } = this.#take(closing, now);
    if (hasNews) this.#unsavedSince ??= now;
    if (commit.writes.length > 0 || closing || this.#isSaveDue(now)) await this.#commit(commit, signal);
    else this.#state = commit.state;
    // At once: a large line must not wait for the next one in memory.
    this.#lines[1].clear();
    if (signal.aborted) return appended.reject(signal.reason);
    appended.resolve();
    if (closing && this.#next.size === 0) this.#isClosed = true;
    this.#wakeReaders();
    if (this.#next.size === 0 && !this.#isClosed) await this.#work.wait(this.#untilDue(), signal);
  }

  /** From now on the reader is woken by every commit, and no segment is deleted before it has passed. */
  attach(reader: AttachedReader): void {
    this.#readers.push(reader);
  }

  /** Deletes the sealed segments that every reader has passed; for the slowest they stay, however long it takes (I5). */
  async releaseDelivered(): Promise<void> {
    const delivered = Math.min(...this.#readers.map(reader => reader.seq));
    for (let [oldest] = this.sealed; oldest !== undefined; [oldest] = this.sealed) {
      if (oldest.lastSeq > delivered) break;
      await this.#options.disk.remove(this.pathOf(oldest));
      this.#released = Math.max(this.#released, oldest.lastSeq);
    }
    this.#room.wake();
  }

  #hasRoom(): boolean {
    const isFull = this.size >= this.#options.maxJournalSize;
    if (isFull !== this.#isFull) this.#report.journalFull(isFull);
    this.#isFull = isFull;
    return !isFull && this.#next.size < LARGE_COMMIT;
  }

  /** What was appended since the last time. */
  #take(closing: boolean, now: number): { commit: Commit; hasNews: boolean } {
    const plan = this.#next;
    const hasNews = plan.size > 0;
    if (closing) plan.sealAll(now);
    else plan.sealIfDue(now);
    const { state, ...commit } = plan.commit;
    const after = { ...state, sealed: this.#undelivered(state) };
    // The commit before this one is done, and its room is free.
    const [taken, free] = this.#lines;
    this.#lines = [free, taken];
    this.#next = this.#planAfter(after, free);
    this.#appended = deferred();
    this.#room.wake();
    return { commit: { ...commit, state: after }, hasNews };
  }

  #planAfter(state: JournalState, lines: Lines): Plan {
    return new Plan(state, this.#options, lines, this.#untils);
  }

  #undelivered({ sealed }: JournalState): Sealed[] {
    return sealed.filter(({ lastSeq }) => lastSeq > this.#released);
  }

  #isSaveDue(now: number): boolean {
    return this.#unsavedSince !== null && hasPassed(this.#unsavedSince, now, PROGRESS_INTERVAL);
  }

  #untilDue(): number {
    const now = this.#options.clock.now();
    const saveAt =
      this.#unsavedSince === null ? Number.POSITIVE_INFINITY : this.#unsavedSince + PROGRESS_INTERVAL;
    const dueAt = Math.min(nextSealAt(this.#state, this.#options), saveAt);
    return Math.min(Math.max(dueAt - now, 0), 60_000);
  }

  async #commit(commit: Commit, signal: AbortSignal): Promise<void> {
    for (let delay = FIRST_RETRY; ; delay = Math.min(delay * 2, LAST_RETRY)) {
      try {
        await this.#write(commit);
        if (delay > FIRST_RETRY) this.#report.commitRecovered();
        break;
      } catch (error) {
        if (error instanceof StateError) throw error;
        this.#report.commitFailed(codeOf(error));
      }
      await sleep(this.#options.clock, delay, signal);
      if (signal.aborted) return;
    }
    // Not before: what a sink has got must be what the next start goes on from (I4, I6).
    this.#publish(commit);
    const { loggedAt } = commit;
    if (loggedAt !== null) this.#report.statementDurable(this.#options.clock.now() - Date.parse(loggedAt));
  }

  /**
   * May be done again after it failed half-way: every write says where it begins. Lines are synced before the checkpoint
   * that names them: otherwise a power cut leaves a checkpoint that is ahead of its segment (I1).
   */
  async #write({ writes, state }: Commit): Promise<void> {
    const { disk } = this.#options;
    await this.#checkpoint.check();
    for (const { segment, at, chunks } of writes) await disk.writeAt(this.pathOf(segment), at, chunks);
    await this.#checkpoint.write(state);
  }

  #publish({ writes, state }: Commit): void {
    for (const { lines, chunks } of writes) {
      const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      this.#report.committed(lines, bytes);
    }
    const sealedNow = writes.length - (state.segment === null ? 0 : 1);
    for (let i = 0; i < sealedNow; i++) this.#report.sealed();
    this.#lastSeal = sealIn(state) ?? this.#lastSeal;
    this.#state = state;
    this.#unsavedSince = null;
  }

  #wakeReaders(): void {
    for (const reader of this.#readers) reader.wake();
  }
}

/** Whoever does not wait for it need not hear of its rejection. */
function deferred(): PromiseWithResolvers<void> {
  const made = Promise.withResolvers<void>();
  made.promise.catch(() => undefined);
  return made;
}

/** Sealed segments are forgotten once they are delivered; without an open one, the chain ends with a seal. */
function sealIn({ sealed, segment, chain, sealedAt: at }: JournalState): LastSeal | null {
  const newest = sealed.at(-1);
  if (newest !== undefined) return { at, hash: newest.lastHash, lastSeq: newest.lastSeq };
  if (segment !== null || chain.nextSeq === 1) return null;
  return { at, hash: chain.lastHash, lastSeq: chain.nextSeq - 1 };
}
