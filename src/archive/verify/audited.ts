/** Which persons were not audited, what they did meanwhile, and which tables' rows were not recorded, according to a server's events. */

import type { ReadEvent } from './read-event.js';
import type { Span } from './spans.js';

/** A time during which persons were not audited. */
export interface NotAudited extends Span {
  /** At most this many persons, and some of their names. */
  readonly count: number;
  readonly names: readonly string[];
}

/** A time during which changes of a table's rows were not recorded, though it was under watch. */
export interface NotRecorded extends Span {
  readonly table: string;
  /** As row_history.state names it. */
  readonly why: string;
}

/** A population is recorded daily. */
const LONGEST_UNSEEN = 26 * 60 * 60 * 1000;
/** Changes of rows' history that are of no table, and a table's state that is well. */
const OF_HISTORY = new Set(['services', 'functions']);
const WATCHED = 'watched';
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
  readonly notRecorded: NotRecorded[] = [];
  /** Tables that are not recorded now, with their places in the list. */
  readonly #unrecorded = new Map<string, number>();
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
    for (const { what, name, after } of config?.changes ?? [])
      if (what === 'rows' && !OF_HISTORY.has(name)) this.#rowsLooked(name, after, Math.min(since, at), at);
    if (roles !== undefined) this.#looked(roles.count > 0 ? Math.min(since, at) : at, at, roles);
  }

  /** From the last look until `at`, the state counts as that look found it. */
  end(at: number): void {
    this.#addUnseen(at);
    if (this.#isOpen) this.#lengthen(at);
    for (const place of this.#unrecorded.values()) this.#lengthenRows(place, at);
  }

  #rowsLooked(table: string, state: string | null, from: number, at: number): void {
    const place = this.#unrecorded.get(table);
    if (place !== undefined) this.#lengthenRows(place, at);
    this.#unrecorded.delete(table);
    if (state === null || state === WATCHED || this.notRecorded.length >= MOST_STRETCHES) return;
    this.#unrecorded.set(table, this.notRecorded.push({ from, to: at, table, why: state }) - 1);
  }

  #lengthenRows(place: number, to: number): void {
    const one = this.notRecorded[place];
    if (one !== undefined) this.notRecorded[place] = { ...one, to: Math.max(one.to, to) };
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
