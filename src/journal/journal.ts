/**
 * The journal makes events durable once, before any sink sees them.
 *
 * A commit writes lines to the open segment, syncs it, and replaces the checkpoint. Replacing the checkpoint is what
 * commits: a crash before it leaves bytes that the checkpoint does not cover. No sink has seen them; the next start
 * overwrites them, and the same records are read again.
 *
 * This folder alone writes segments, checkpoint and cursors. Imports `event/`, `lib/`, and types of the stages before it.
 */

import { join } from 'node:path';
import type { PreviousChain } from '../event/lifecycle.js';
import { hasPassed, sleep, Waker } from '../lib/clock.js';
import { codeOf, ShipperError, StateError } from '../lib/errors.js';
import { Lines } from '../lib/line-buffer.js';
import type { MerkleTree } from '../lib/merkle.js';
import { unwatched } from '../lib/settled.js';
import { CheckpointFile, type Saved } from './checkpoint.js';
import { Intake } from './intake.js';
import {
  type AttachedReader,
  checkpointPath,
  type JournalOptions,
  type JournalReport,
  type LastSeal,
  segmentFolder,
} from './options.js';
import { Positions } from './positions.js';
import { openJournal } from './recover.js';
import type { RowsState } from './rows.js';
import { readTime, type Sealed, type SegmentFile, type SegmentName, segmentFileName } from './segments.js';
import { type Followed, followedIn, Snapshots } from './snapshots.js';
import { OWN, type SourceCheckpoint } from './sources.js';
import { type Commit, type JournalEntry, type JournalState, nextSealAt, type Origin, Plan } from './state.js';
import { treeOf } from './tree.js';

/** Milliseconds after which progress without events is saved. */
const PROGRESS_INTERVAL = 1000;
/** A commit of this many bytes takes no more entries: they go into the next one. */
const LARGE_COMMIT = 1024 * 1024;
const [FIRST_RETRY, LAST_RETRY] = [100, 5000];

export class Journal {
  /** How this start got its chain; `null` if it continues from its own state. */
  readonly origin: Origin | null;
  /** The chain before a new one, if the archive names it. */
  readonly previousChain: PreviousChain | null;
  readonly #options: JournalOptions;
  readonly #report: JournalReport;
  /** The committed state; ahead of the checkpoint if there was progress without events. */
  #state: JournalState;
  /** What was appended since, already encoded: waiting strings would cost garbage collection. */
  #next: Plan;
  readonly #intake: Intake;
  readonly #tree: MerkleTree;
  /** The next commit's lines, and those of the commit before it. */
  #lines: readonly [Lines, Lines] = [new Lines(), new Lines()];
  /** Of all that was appended; ahead of the committed state, and so are the session facts. */
  readonly #positions: Positions;
  readonly #facts: Map<string, unknown>;
  readonly #checkpoint: CheckpointFile;
  readonly #snapshots: Snapshots;
  /** Segments up to this seq are deleted. */
  #released = 0;
  /** When the oldest progress that is not in the checkpoint was made. */
  #unsavedSince: number | null = null;
  #failure: { readonly error: unknown } | null = null;
  /** Settles together with the events that were appended since the last commit. */
  #appended = unwatched();
  #isCommitting = false;
  #isClosing = false;
  #isClosed = false;
  #isFull = false;
  readonly #work: Waker;
  readonly #room: Waker;
  readonly #readers: AttachedReader[] = [];

  private constructor(
    options: JournalOptions,
    report: JournalReport,
    { state, files, unsealed }: Saved,
    checkpoint: CheckpointFile,
    tree: MerkleTree,
  ) {
    this.#options = options;
    this.#report = report;
    this.#state = state;
    this.#tree = tree;
    this.#positions = new Positions(files, unsealed);
    this.#intake = new Intake(
      options.clock,
      report,
      () => this.#next,
      (entry, now) => this.#add(entry, now),
    );
    this.#next = this.#planAfter(state, this.#lines[0]);
    this.#facts = new Map(state.facts);
    this.#checkpoint = checkpoint;
    this.#snapshots = new Snapshots(options.directory, options.disk);
    this.origin = state.origin;
    this.previousChain = state.previousChain ?? null;
    this.#work = new Waker(options.clock);
    this.#room = new Waker(options.clock);
  }

  /** Opens the journal in `directory`, or begins one. Throws a StateError if it is damaged. */
  static async open(options: JournalOptions, report: JournalReport): Promise<Journal> {
    const checkpoint = new CheckpointFile(options.disk, checkpointPath(options), options.instance);
    const saved = await openJournal(options, checkpoint);
    return new Journal(options, report, saved, checkpoint, await treeOf(options, saved.state.segment));
  }

  /** The checkpoint of a server that was appended last. */
  checkpointOf(source = OWN): SourceCheckpoint {
    return { files: this.#positions.of(source), facts: this.#facts.get(source) ?? null };
  }

  /** How far histories of rows were read: by what was appended last, and as of the last committed seal. */
  get rows(): RowsState {
    return { read: this.#next.commit.state.rows ?? [], sealed: this.#state.sealedRows ?? null };
  }

  /** Servers with a checkpoint, by their names. */
  get servers(): readonly string[] {
    return [...this.#facts.keys()].filter(name => name !== OWN);
  }

  /** The follower's state as it was kept, and the lines after it; `null` if this chain has none. Before `run`. */
  async followed(): Promise<Followed | null> {
    return await followedIn(this.#options, this.#state, this.#snapshots);
  }

  /** Keeps the follower's first state, as of the chain's end. Before `run`. */
  async keepFollower(saved: string): Promise<void> {
    const { nextSeq, lastHash } = this.#state.chain;
    await this.#snapshots.write({ seq: nextSeq - 1, hash: lastHash, saved });
  }

  /** Everything in the server's log at this time (milliseconds since the epoch) was appended. */
  readUntil(source: string, time: number): void {
    this.#intake.readUntil(source, time);
  }

  /** The time last given to `readUntil`; `null` if this process has none yet. */
  untilOf(source: string): number | null {
    return this.#intake.untils.get(source) ?? null;
  }

  /** Seq of the last durable event. */
  get lastSeq(): number {
    return this.#state.chain.nextSeq - 1;
  }

  /** Seq of the first event that is still in the journal. */
  get firstSeq(): number {
    return this.segments[0]?.firstSeq ?? this.#state.chain.nextSeq;
  }

  /** Segments in writing order with their durable length. */
  get segments(): readonly SegmentFile[] {
    const { segment } = this.#state;
    return segment === null ? this.sealed : [...this.sealed, segment];
  }

  /** Sealed segments that are not deleted. */
  get sealed(): readonly Sealed[] {
    return this.#undelivered(this.#state);
  }

  /** The newest seal; `null` if this process does not know it yet. */
  get lastSeal(): LastSeal | null {
    const { lastSeal, sealedAt: at } = this.#state;
    return lastSeal === undefined ? null : { at, hash: lastSeal.hash, lastSeq: lastSeal.seq };
  }

  get chain(): string {
    return this.#state.chain.chain;
  }

  /** The node's name when the chain began. */
  get node(): string {
    return this.#state.node;
  }

  /** A commit is under way; what is appended now waits for it. */
  get isCommitting(): boolean {
    return this.#isCommitting;
  }

  /** No more lines will come. */
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

  /** When the oldest event in the journal was read; `null` if it is empty. */
  async oldest(): Promise<number | null> {
    const [first] = this.segments;
    return first === undefined ? null : await readTime(this.pathOf(first), 0);
  }

  pathOf(segment: SegmentName): string {
    return join(segmentFolder(this.#options), segmentFileName(segment));
  }

  /** Waits for room, at most a second or until the signal aborts; returns whether there is room. */
  async waitForRoom(signal: AbortSignal): Promise<boolean> {
    if (!this.#hasRoom()) await this.#room.wait(1000, signal);
    return this.#hasRoom();
  }

  /** Adds an entry to the next commit. The promise resolves when its events are durable, and rejects if they will not be. */
  append(entry: JournalEntry): Promise<void> {
    this.#intake.append(entry);
    this.#work.wake();
    return this.#appended.promise;
  }

  #add(entry: JournalEntry, now: number): void {
    try {
      this.#next.add(entry, now);
      const { source = OWN, checkpoint, isOver } = entry;
      if (isOver === true) this.#facts.delete(source);
      else if (checkpoint !== undefined) this.#facts.set(source, checkpoint.facts);
    } catch (error) {
      // Half of the entry may be in the plan; no commit may contain half an entry.
      this.#failure = { error };
      this.#work.wake();
      throw error;
    }
  }

  /** Commits what was appended, seals, and ends `run`. */
  close(): void {
    this.#isClosing = true;
    this.#work.wake();
  }

  /**
   * Commits until closed. A failed commit is retried until it succeeds or the signal aborts. Rejects if an entry could
   * not be appended whole (out of memory): the half of it must not be committed.
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
    await this.#intake.sealAndAdd(closing, now);
    const { commit, hasNews } = this.#take();
    if (hasNews) this.#unsavedSince ??= now;
    if (commit.writes.length > 0 || closing || this.#isSaveDue(now)) await this.#commit(commit, signal);
    else {
      this.#checkpoint.note(commit.positions);
      this.#state = commit.state;
    }
    // At once: a large line must not stay in memory until the next commit.
    this.#lines[1].clear();
    if (signal.aborted) return appended.reject(signal.reason);
    if (appended !== this.#appended) appended.resolve();
    if (closing && this.#next.size === 0 && !this.#intake.isHeldBack) this.#isClosed = true;
    this.#wakeReaders();
    if (this.#next.size === 0 && !this.#intake.isHeldBack && !this.#isClosed)
      await this.#work.wait(this.#untilDue(), signal);
  }

  /** From now on every commit wakes the reader, and no segment is deleted before the reader has delivered it. */
  attach(reader: AttachedReader): void {
    this.#readers.push(reader);
  }

  /** Deletes the sealed segments that every sink has; the slowest sink decides, however long it takes (I5). */
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
    return !isFull && !this.#intake.isHeldBack && this.#next.size < LARGE_COMMIT;
  }

  /** The next commit: all that was appended since the last one. */
  #take(): { commit: Commit; hasNews: boolean } {
    const plan = this.#next;
    const hasNews = plan.size > 0;
    const { state, ...commit } = plan.commit;
    const after = { ...state, sealed: this.#undelivered(state) };
    // The commit before this one is done: its buffers are free.
    const [taken, free] = this.#lines;
    this.#lines = [free, taken];
    this.#next = this.#planAfter(after, free);
    // What came while the last seal was signed is not in this commit.
    if (!this.#intake.isHeldBack) this.#appended = unwatched();
    this.#room.wake();
    return { commit: { ...commit, state: after }, hasNews };
  }

  #planAfter(state: JournalState, lines: Lines): Plan {
    return new Plan(state, this.#options, lines, this.#positions, this.#intake.untils, this.#tree);
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
    const dueAt = Math.min(
      Math.max(nextSealAt(this.#state, this.#options), this.#intake.sealAgainAt),
      saveAt,
    );
    return Math.min(Math.max(dueAt - now, 0), 60_000);
  }

  async #commit(commit: Commit, signal: AbortSignal): Promise<void> {
    this.#isCommitting = true;
    await this.#commitUntilDone(commit, signal).finally(() => {
      this.#isCommitting = false;
    });
  }

  async #commitUntilDone(commit: Commit, signal: AbortSignal): Promise<void> {
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
    // Only now may sinks see it: the next start continues from this state, and must have what a sink has (I4, I6).
    this.#publish(commit);
    const { loggedAt } = commit;
    if (loggedAt !== null) this.#report.statementDurable(this.#options.clock.now() - Date.parse(loggedAt));
  }

  /**
   * May be retried after a failure half-way: every write names its offset. Lines are synced before the checkpoint that
   * covers them; otherwise a power cut could leave a checkpoint that is ahead of its segment (I1). So is a snapshot: the one
   * of the seal before stays until the next.
   */
  async #write({ writes, state, positions, snapshot }: Commit): Promise<void> {
    const { disk } = this.#options;
    await this.#checkpoint.check();
    for (const { segment, at, chunks } of writes) await disk.writeAt(this.pathOf(segment), at, chunks);
    if (snapshot !== null) await this.#snapshots.write(snapshot);
    await this.#checkpoint.write(state, positions, state.sealedAt !== this.#state.sealedAt);
  }

  #publish({ writes, state }: Commit): void {
    for (const { lines, chunks } of writes)
      this.#report.committed(
        lines,
        chunks.reduce((sum, chunk) => sum + chunk.length, 0),
      );
    const sealedNow = writes.length - (state.segment === null ? 0 : 1);
    for (let i = 0; i < sealedNow; i++) this.#report.sealed();
    this.#state = state;
    this.#unsavedSince = null;
  }

  #wakeReaders(): void {
    for (const reader of this.#readers) reader.wake();
  }
}
