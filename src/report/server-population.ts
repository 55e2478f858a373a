/** One server's populations: each comes in parts, and is compared with the one before. */

import { nameLike } from './event.js';
import type { PopulationDay, ReportedPopulation } from './population-day.js';
import { MOST_NAMED } from './population-day.js';

interface Row {
  persons: number;
  unaudited: number;
  readonly names: string[];
}

/** Persons came, left, are no longer audited, or are audited again. */
export type PopulationNews = 'came' | 'left' | 'silent' | 'audited';

type Audited = Map<string, boolean>;

export class ServerPopulation {
  /** Some of its roles were not kept, so nothing is compared. */
  isTooLarge = false;
  #rows = new Map<string, Row>();
  /** Whether each person is audited, in the population that is being read and in the one before. */
  #current: Audited = new Map();
  #before: Audited | null = null;
  #next = 0;

  /** Names that are kept. */
  get size(): number {
    return this.#current.size + (this.#before?.size ?? 0);
  }

  /**
   * Takes the next part. Returns whether it was the last one: then `rows` and `changes` describe the whole population.
   *
   * @param room how many names may be kept
   */
  add({ part, groups }: ReportedPopulation, room: number): boolean {
    if (part.index === 0) {
      this.#rows = new Map();
      this.#current = new Map();
      this.isTooLarge = false;
    } else if (part.index !== this.#next) return false;
    this.#next = part.index + 1;
    for (const { roles, databases } of groups) {
      if (this.#current.size + roles.length > room) this.isTooLarge = true;
      else this.#keep(roles, !databases.some(({ isAudited }) => !isAudited));
      for (const group of databases)
        for (const database of group.databases) this.#count(nameLike(database), roles, group.isAudited);
    }
    return this.#next === part.total;
  }

  get rows(): PopulationDay[] {
    return [...this.#rows].map(([database, row]) => ({ database, ...row }));
  }

  /**
   * Who came, who left, and whose auditing changed since the population before; the next one is compared with this one.
   */
  changes(): { readonly what: PopulationNews; readonly names: readonly string[] }[] {
    const [before, now] = [this.#before, this.#current];
    this.#before = this.isTooLarge ? null : now;
    if (before === null || this.isTooLarge) return [];
    const found = (of: Audited, isMeant: (name: string, isAudited: boolean) => boolean): string[] =>
      [...of].filter(([name, isAudited]) => isMeant(name, isAudited)).map(([name]) => name);
    const news: { readonly what: PopulationNews; readonly names: string[] }[] = [
      { what: 'came', names: found(now, name => !before.has(name)) },
      { what: 'left', names: found(before, name => !now.has(name)) },
      {
        what: 'silent',
        names: found(now, (name, isAudited) => !isAudited && before.get(name) === true),
      },
      {
        what: 'audited',
        names: found(now, (name, isAudited) => isAudited && before.get(name) === false),
      },
    ];
    return news.filter(({ names }) => names.length > 0);
  }

  /** A large group comes in pieces by database. */
  #keep(roles: readonly string[], isAudited: boolean): void {
    for (const written of roles) {
      const role = nameLike(written);
      this.#current.set(role, isAudited && this.#current.get(role) !== false);
    }
  }

  #count(database: string, roles: readonly string[], isAudited: boolean): void {
    const row = this.#rows.get(database) ?? { persons: 0, unaudited: 0, names: [] };
    this.#rows.set(database, row);
    row.persons += roles.length;
    if (isAudited) return;
    row.unaudited += roles.length;
    for (const name of roles.slice(0, MOST_NAMED - row.names.length)) row.names.push(nameLike(name));
  }
}
