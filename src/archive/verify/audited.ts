/** Which persons were not audited, and what they did meanwhile, as the events of a server tell it. */

import type { ReadEvent } from './read-event.js';
import type { Span } from './spans.js';

/** A stretch in which persons were not audited. */
export interface NotAudited extends Span {
  /** So many at most, and some of them. */
  readonly count: number;
  readonly names: readonly string[];
}

/** A look is told daily. */
const LONGEST_UNSEEN = 26 * 60 * 60 * 1000;
/** Stretches of one server that are kept one by one; those that come later make the last one longer. */
const MOST_STRETCHES = 1000;

export class AuditedByServer {
  readonly bySource = new Map<string, Audited>();
  readonly #asked: Span;

  /** @param asked changes outside of this time are not counted */
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
  /** When a look at the roles was told first; `null` where nobody ever looked. */
  knownFrom: number | null = null;
  /** Stretches in which nobody looked who was audited. */
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

  /** Later ones are as the last look found them. */
  end(at: number): void {
    this.#tellUnknown(at);
    if (this.#isOpen) this.#lengthen(at);
  }

  #tellUnknown(at: number): void {
    const last = this.#lookedAt;
    this.#lookedAt = Math.max(at, last ?? at);
    if (last === null || at - last <= LONGEST_UNSEEN || this.unseen.length >= MOST_STRETCHES) return;
    this.unseen.push({ from: last, to: at });
  }

  #looked(from: number, at: number, { count, names }: { count: number; names: readonly string[] }): void {
    this.#tellUnknown(at);
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
