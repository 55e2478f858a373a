/** Who could log in, and who of them was audited, according to the population and config events of a period. */

import { Bounded, Weightiest } from './bounded.js';
import { nameLike, type ReportedEvent } from './event.js';
import { Heavy } from './heavy.js';
import {
  MOST_NAMED,
  type PopulationDay,
  type ReportedPopulation,
  type ReportedUnaudited,
} from './population-day.js';
import { type PopulationNews, ServerPopulation } from './server-population.js';

/** How many items are listed, and how many are kept to be combined for the page. */
const MOST_LISTED = 40;
const MOST_STRETCHES = 2000;
const MOST_PRIVILEGED = 1000;
const MOST_DAYS = 20_000;
const MOST_SERVERS = 1000;
/** Role names of all servers that are kept for the comparison. */
const MOST_COMPARED = 100_000;
/** What changed since the population before. */
export interface PopulationChange {
  readonly at: number;
  readonly server: string;
  readonly what: PopulationNews;
  readonly count: number;
  readonly names: readonly string[];
}

/** A time during which persons were not audited. */
export interface Unaudited {
  readonly server: string;
  readonly since: number;
  /** `null`: it has not ended, as far as the period's events show. */
  until: number | null;
  most: number;
  names: readonly string[];
}

export class Populations {
  readonly changes = new Weightiest<PopulationChange>(MOST_LISTED);
  readonly unaudited = new Bounded<Unaudited>(MOST_STRETCHES);
  readonly privileged = new Heavy<{ server: string; role: string; by: string; events: number }>(
    MOST_PRIVILEGED,
  );
  /** By server and day; a day is known if a population was recorded on it. */
  readonly days = new Map<string, Map<string, Map<string, PopulationDay>>>();
  /** By server and day: those who were not audited after a change on that day, in any database. */
  readonly changed = new Map<string, Map<string, ReportedUnaudited>>();
  /** Gaps by server and day. */
  readonly gaps = new Map<string, Map<string, number>>();
  /** Rows of days for which there was no room. */
  missingRows = 0;
  /** Some populations were not compared with the one before: there are too many roles. */
  areTooMany = false;
  #rows = 0;
  readonly #servers = new Map<string, ServerPopulation>();
  /** By server, as long as some of its persons are not audited. */
  readonly #open = new Map<string, Unaudited>();

  /**
   * Takes any event of the period.
   *
   * @param day the local day
   */
  add(event: ReportedEvent, at: number, day: string): void {
    if (event.kind === 'lifecycle') return;
    const server = serverOf(event);
    if (!this.days.has(server)) {
      if (this.days.size >= MOST_SERVERS) return;
      this.days.set(server, new Map());
    }
    if (event.kind === 'gap') this.#gap(server, day);
    if (event.config?.unaudited !== undefined) this.#changed(server, event.config.unaudited, at, day);
    if (event.kind === 'population' && event.population !== undefined)
      this.#population(server, event.population, at, day);
  }

  #gap(server: string, day: string): void {
    const days = this.gaps.get(server) ?? new Map();
    this.gaps.set(server, days.set(day, (days.get(day) ?? 0) + 1));
  }

  #population(server: string, population: ReportedPopulation, at: number, day: string): void {
    const ofServer = this.#servers.get(server) ?? new ServerPopulation();
    this.#servers.set(server, ofServer);
    for (const { role, by } of population.mayTurnOff) {
      const one = { server, role: nameLike(role), by: nameLike(by.join(', ')), events: 0 };
      this.privileged.at(`${server} ${one.role}`, () => one).events += 1;
    }
    if (!ofServer.add(population, this.#room())) return;
    this.#unauditedAt(server, population.unaudited, at);
    for (const row of ofServer.rows) this.#row(server, day, row);
    for (const { what, names } of ofServer.changes())
      this.changes.add(names.length, `${at} ${server} ${what}`, () => ({
        ...{ at, server, what, count: names.length, names: named(names) },
      }));
    this.areTooMany ||= ofServer.isTooLarge;
  }

  #changed(server: string, unaudited: ReportedUnaudited, at: number, day: string): void {
    this.#unauditedAt(server, unaudited, at);
    if (unaudited.count === 0) return;
    const days = this.changed.get(server) ?? new Map<string, ReportedUnaudited>();
    const before = days.get(day);
    const count = Math.max(unaudited.count, before?.count ?? 0);
    this.changed.set(server, days.set(day, { count, names: both(before?.names, unaudited.names) }));
  }

  #room(): number {
    const kept = [...this.#servers.values()].reduce((sum, { size }) => sum + size, 0);
    return MOST_COMPARED - kept;
  }

  /** Several populations of one day share a row, with the highest number of each. */
  #row(server: string, day: string, row: PopulationDay): void {
    const days = this.days.get(server) ?? new Map<string, Map<string, PopulationDay>>();
    const databases = days.get(day) ?? new Map<string, PopulationDay>();
    days.set(day, databases);
    const before = databases.get(row.database);
    if (before === undefined && this.#rows >= MOST_DAYS) {
      this.missingRows += 1;
      return;
    }
    if (before === undefined) this.#rows += 1;
    databases.set(row.database, {
      database: row.database,
      persons: Math.max(row.persons, before?.persons ?? 0),
      unaudited: Math.max(row.unaudited, before?.unaudited ?? 0),
      names: both(before?.names, row.names),
    });
  }

  #unauditedAt(server: string, { count, names }: ReportedUnaudited, at: number): void {
    const last = this.#open.get(server);
    if (count === 0) {
      if (last !== undefined) last.until = at;
      this.#open.delete(server);
    } else if (last !== undefined) {
      last.most = Math.max(last.most, count);
      last.names = both(last.names, names);
    } else {
      const stretch: Unaudited = { server, since: at, until: null, most: count, names: named(names) };
      this.#open.set(server, stretch);
      this.unaudited.add(() => stretch);
    }
  }
}

function serverOf({ instance, node }: ReportedEvent): string {
  return nameLike(node === undefined ? instance : `${instance} / ${node}`);
}

function both(before: readonly string[] = [], names: readonly string[] = []): string[] {
  return named([...new Set([...before, ...names.slice(0, MOST_NAMED)])]);
}

function named(names: readonly string[]): string[] {
  return names.slice(0, MOST_NAMED).map(nameLike);
}
