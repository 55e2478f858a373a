/** Which persons were not audited, and what they did meanwhile, according to a server's events. */

import type { ReadEvent } from './read-event.js';
import type { Span } from './spans.js';

/** A time during which persons were not audited. */
export interface NotAudited extends Span {
  /** At most this many persons, and some of their names. */
  readonly count: number;
  readonly names: readonly string[];
}

/** A population is recorded daily. */
const LONGEST_UNSEEN = 26 * 60 * 60 * 1000;
/** Stretches of one server that are kept one by one; later ones extend the last. */
const MOST_STRETCHES = 1000;

export class AuditedByServer {
  readonly bySource = new Map<string, Audited>();
  readonly #asked: Span;

  /** @param asked changes outside this time are not counted */
  constructor(asked: Span) {
    this.#asked = asked;
  }

  add(event: ReadEvent): void {
    if (event.population === undefined && event.config === undefined && event.kind !== 'unaudited') return;
    const known = this.bySource.get(event.instance) ?? new Audited(this.#asked);
    this.bySource.set(event.instance, known);
    known.add(event);
  }
}

export class Audited {
  readonly stretches: NotAudited[] = [];
  /** Changes that pgAudit did not log. */
  changes = 0;
  firstChange: number | null = null;
  lastChange: number | null = null;
  /** Time of the first population; `null` if nobody ever looked. */
  knownFrom: number | null = null;
  /** Times during which nobody looked who was audited. */
  readonly unseen: Span[] = [];
  #lookedAt: number | null = null;
  #isOpen = false;
  readonly #asked: Span;

  constructor(asked: Span) {
    this.#asked = asked;
  }

  add({ kind, at, population, config }: ReadEvent): void {
    if (kind === 'unaudited' && at >= this.#asked.from && at <= this.#asked.to) {
      this.changes += 1;
      this.firstChange ??= at;
      this.lastChange = at;
    }
    if (population !== undefined) this.knownFrom ??= at;
    const roles = population?.unaudited ?? config?.unaudited;
    // It may have changed at any time since the look before.
    const since = config?.since === undefined ? at : Date.parse(config.since);
    if (roles !== undefined) this.#looked(roles.count > 0 ? Math.min(since, at) : at, at, roles);
  }

  /** From the last look until `at`, the state counts as that look found it. */
  end(at: number): void {
    this.#addUnseen(at);
    if (this.#isOpen) this.#lengthen(at);
  }

  #addUnseen(at: number): void {
    const last = this.#lookedAt;
    this.#lookedAt = Math.max(at, last ?? at);
    if (last === null || at - last <= LONGEST_UNSEEN || this.unseen.length >= MOST_STRETCHES) return;
    this.unseen.push({ from: last, to: at });
  }

  #looked(from: number, at: number, { count, names }: { count: number; names: readonly string[] }): void {
    this.#addUnseen(at);
    if (this.#isOpen) this.#lengthen(at);
    const last = this.stretches.at(-1);
    const isSame = this.#isOpen && last?.count === count && last.names.join('\0') === names.join('\0');
    this.#isOpen = count > 0;
    if (count === 0 || isSame) return;
    if (this.stretches.length < MOST_STRETCHES) this.stretches.push({ from, to: at, count, names });
  }

  #lengthen(to: number): void {
    const last = this.stretches.at(-1);
    if (last !== undefined)
      this.stretches[this.stretches.length - 1] = { ...last, to: Math.max(last.to, to) };
  }
}
