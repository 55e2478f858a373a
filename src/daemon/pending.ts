/** Decided batches of one server that go into the journal together. */

import type { EventJson } from '../event/line.js';
import type { Progress } from '../journal/covered.js';
import type { Journal } from '../journal/journal.js';
import type { SourceCheckpoint } from '../journal/sources.js';

/** Batches and events of one entry, at most. */
const MOST_BATCHES = 64;
const MOST_EVENTS = 1000;

/**
 * An entry has all session facts, which take milliseconds: while the journal commits anyway, small files are collected.
 * What is not appended is not in the checkpoint either, and is read again after a crash.
 */
export class Pending {
  readonly #source: string;
  readonly #journal: Journal;
  readonly #checkpoint: () => SourceCheckpoint;
  #events: EventJson[] = [];
  #progress: Progress[] = [];

  /** @param checkpoint as of what was added last; what it gives is appended at once */
  constructor(source: string, journal: Journal, checkpoint: () => SourceCheckpoint) {
    this.#source = source;
    this.#journal = journal;
    this.#checkpoint = checkpoint;
  }

  /** Whether everything that was added is appended. */
  get isEmpty(): boolean {
    return this.#events.length === 0 && this.#progress.length === 0;
  }

  add(events: readonly EventJson[], progress: Progress | null = null): void {
    for (const event of events) this.#events.push(event);
    if (progress !== null) this.#progress.push(progress);
  }

  /** Appends it, unless the journal is busy and more may be added. */
  appendIfDue(): void {
    const isFull = this.#progress.length >= MOST_BATCHES || this.#events.length >= MOST_EVENTS;
    if (isFull || !this.#journal.isCommitting) void this.append();
  }

  /** As `Journal.append`; the promise resolves when its events are durable. */
  append(): Promise<void> {
    if (this.isEmpty) return Promise.resolve();
    const [events, progress] = [this.#events, this.#progress];
    [this.#events, this.#progress] = [[], []];
    return this.#journal.append({ source: this.#source, events, progress, checkpoint: this.#checkpoint() });
  }
}
