/** What one person did within a time, in equal parts of that time: bounded, however much it was. */

import { hash } from 'node:crypto';
import { z } from 'zod';

/** Parts of a window. What is up to one of them older still counts. */
const CELLS = 20;

/** `n`: which part of all time. */
const cell = z.object({ n: z.number(), statements: z.number(), rows: z.number(), id: z.string() });

export const windowSchema = z.object({
  /** In the order of time. */
  cells: z.array(cell),
  /** Hashes of relations, with the part in which each was last changed. */
  relations: z.array(z.tuple([z.string(), z.number()])),
  /** The statement that was counted last: with `pgaudit.log_relation` several records have it. */
  last: z.string(),
});
export type SavedWindow = z.infer<typeof windowSchema>;

/** Limits; what is missing or 0 is not looked at. */
export interface Count {
  readonly statements?: number;
  readonly rows?: number;
  readonly relations?: number;
  /** Milliseconds. */
  readonly within: number;
}

/** What is counted of an event. */
export interface Counted {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly id: string;
  readonly key: string;
  readonly rows: number;
  readonly relations: readonly string[];
}

function cellAt(time: number, { within }: Count): number {
  return Math.floor((time * CELLS) / within);
}

export class Window {
  #cells: z.infer<typeof cell>[];
  readonly #relations: Map<string, number>;
  #last: string;

  constructor({ cells, relations, last }: SavedWindow = { cells: [], relations: [], last: '' }) {
    this.#cells = cells;
    this.#relations = new Map(relations);
    this.#last = last;
  }

  get saved(): SavedWindow {
    return { cells: this.#cells, relations: [...this.#relations], last: this.#last };
  }

  /** Roughly, in numbers. */
  get size(): number {
    return 1 + this.#cells.length + this.#relations.size;
  }

  /** The event that it begins with. */
  get firstId(): string | null {
    return this.#cells[0]?.id ?? null;
  }

  add({ time, id, key, rows, relations }: Counted, count: Count): void {
    // Older than what is counted: it begins again.
    if (this.isAfter(time, count)) this.#clear();
    const n = cellAt(time, count);
    const newest = Math.max(n, this.#cells.at(-1)?.n ?? n);
    this.#cells = this.#cells.filter(one => one.n >= newest - CELLS);
    for (const [relation, at] of this.#relations) if (at < newest - CELLS) this.#relations.delete(relation);
    const own = this.#cellAt(n, id);
    if (key !== this.#last) {
      own.statements += 1;
      own.rows += rows;
    }
    this.#last = key;
    if (count.relations) this.#note(relations, n, count.relations);
  }

  /** Whether all of it is so much newer that it is no window of this time. */
  isAfter(time: number, count: Count): boolean {
    const newest = this.#cells.at(-1);
    return newest !== undefined && cellAt(time, count) < newest.n - CELLS;
  }

  #clear(): void {
    this.#cells = [];
    this.#relations.clear();
  }

  #cellAt(n: number, id: string): z.infer<typeof cell> {
    const after = this.#cells.findIndex(one => one.n >= n);
    const found = after === -1 ? undefined : this.#cells[after];
    if (found?.n === n) return found;
    const made = { n, statements: 0, rows: 0, id };
    this.#cells.splice(after === -1 ? this.#cells.length : after, 0, made);
    return made;
  }

  #note(relations: readonly string[], n: number, most: number): void {
    for (const relation of relations) {
      const name = hash('sha256', relation, 'base64').slice(0, 16);
      if (this.#relations.has(name) || this.#relations.size < most) this.#relations.set(name, n);
    }
  }

  /** The first limit that is reached, in words; `null` if none is. */
  reached({ statements, rows, relations }: Count): string | null {
    if (statements && this.#sum('statements') >= statements) return `${statements} statements`;
    if (rows && this.#sum('rows') >= rows) return `${rows} rows`;
    return relations && this.#relations.size >= relations ? `${relations} relations` : null;
  }

  #sum(of: 'statements' | 'rows'): number {
    return this.#cells.reduce((sum, one) => sum + one[of], 0);
  }
}
