/** What goes into the next commit, and where it is sealed: what is appended while a seal is due or being signed follows it. */

import type { SealReason } from '../event/names.js';
import { type Clock, hasPassed } from '../lib/clock.js';
import type { JournalEntry, Plan } from './state.js';

/** Milliseconds after which a seal that could not be signed is tried again. */
const SIGN_AGAIN_AFTER = 15_000;

export interface IntakeReport {
  /** A seal is due, and cannot be signed: the segment goes on until it can. `null`: it could. */
  signing(failure: { readonly error: unknown } | null): void;
}

interface Until {
  readonly source: string;
  readonly until: number;
}

export class Intake {
  readonly #clock: Clock;
  readonly #report: IntakeReport;
  readonly #plan: () => Plan;
  readonly #add: (entry: JournalEntry, now: number) => void;
  #waiting: (JournalEntry | Until)[] = [];
  #isSealing = false;
  /** When a seal could not be signed, the last time. */
  #unsignedAt = Number.NEGATIVE_INFINITY;
  /** For each server, the time until which its log was read; a seal's `until`. */
  readonly untils = new Map<string, number>();
  /** Servers of which nothing more will come: the next seal is the last one that names them. */
  readonly #over = new Set<string>();

  /**
   * @param plan the next commit
   * @param add adds an entry to it
   */
  constructor(
    clock: Clock,
    report: IntakeReport,
    plan: () => Plan,
    add: (entry: JournalEntry, now: number) => void,
  ) {
    this.#clock = clock;
    this.#report = report;
    this.#plan = plan;
    this.#add = add;
  }

  /** Whether a seal is being signed, or something waits for one. */
  get isHeldBack(): boolean {
    return this.#isSealing || this.#waiting.length > 0;
  }

  append(entry: JournalEntry): void {
    const now = this.#clock.now();
    if (this.isHeldBack || this.#dueSeal(now) !== null) this.#waiting.push(entry);
    else this.#take(entry, now);
  }

  #take(entry: JournalEntry, now: number): void {
    this.#add(entry, now);
    const { source } = entry;
    if (source === undefined) return;
    if (entry.isOver === true) this.#over.add(source);
    else this.#over.delete(source);
  }

  /** A seal before what waits must not say that its log was read. */
  readUntil(source: string, until: number): void {
    if (this.isHeldBack) this.#waiting.push({ source, until });
    else this.untils.set(source, until);
  }

  /** Seals where it is due, and adds what waits for that; at the end, the open segment is sealed as well. */
  async sealAndAdd(closing: boolean, now: number): Promise<void> {
    for (;;) {
      const reason = this.#dueSeal(now);
      if (reason !== null) await this.#seal(reason, now);
      const next = this.#waiting.shift();
      if (next === undefined) break;
      if ('until' in next) this.untils.set(next.source, next.until);
      else this.#take(next, now);
    }
    if (closing && this.#plan().isUnsealed) await this.#seal('shutdown', now);
  }

  /** After a seal could not be signed, none is due until then. */
  get sealAgainAt(): number {
    return this.#unsignedAt + SIGN_AGAIN_AFTER;
  }

  #dueSeal(now: number): SealReason | null {
    return hasPassed(this.#unsignedAt, now, SIGN_AGAIN_AFTER) ? this.#plan().dueSeal(now) : null;
  }

  async #seal(reason: SealReason, now: number): Promise<void> {
    this.#isSealing = true;
    try {
      await this.#plan().seal(reason, now);
      for (const source of this.#over) this.untils.delete(source);
      this.#over.clear();
      this.#report.signing(null);
    } catch (error) {
      this.#unsignedAt = this.#clock.now();
      this.#report.signing({ error });
    } finally {
      this.#isSealing = false;
    }
  }
}
