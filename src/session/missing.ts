/** Numbers that are missing, as long as a file that appears late may bring them. */

import { z } from 'zod';
import type { Missing } from '../event/gap.js';
import { hasPassed } from '../lib/clock.js';

const common = {
  session: z.string(),
  user: z.string(),
  after: z.string().nullable(),
  before: z.string(),
  file: z.object({ fileId: z.string(), path: z.string() }),
  record: z.object({ offset: z.number(), length: z.number() }),
};
const lines = z.object({ ...common, firstLine: z.number(), lastLine: z.number() });
const statements = z.object({ ...common, firstStatement: z.number(), lastStatement: z.number() });
const foundAt = z.number();
/** Fields of what is saved. */
export const savedHoles = {
  missing: z.array(z.object({ foundAt, lines })),
  // A state of version 0.1 lacks it.
  missingStatements: z.array(z.object({ foundAt, statements })).default([]),
};
const schema = z.object(savedHoles);
type Saved = z.output<typeof schema>;

interface Hole {
  /** Milliseconds since the epoch. */
  readonly foundAt: number;
  readonly missing: Missing;
}

/** Holes that wait for files which cannot be read. */
const MOST_POSTPONED = 1000;
/** Milliseconds in which a file that appears late may still bring what is missing. */
const PATIENCE = 10_000;

export class Holes {
  #all: readonly Hole[];

  constructor(saved: z.input<typeof schema> | undefined) {
    this.#all = saved === undefined ? [] : holesOf(saved);
  }

  /** Plain data: what is found later does not get into it. */
  get saved(): Saved {
    const saved: Saved = { missing: [], missingStatements: [] };
    for (const { foundAt, missing } of this.#all) {
      const { of, first, last, ...rest } = missing;
      if (of === 'lines')
        saved.missing.push({ foundAt, lines: { ...rest, firstLine: first, lastLine: last } });
      else {
        const statements = { ...rest, firstStatement: first, lastStatement: last };
        saved.missingStatements.push({ foundAt, statements });
      }
    }
    return saved;
  }

  add(missing: Missing, now: number): void {
    this.#all = [...this.#all, { foundAt: now, missing }];
  }

  /** A file that appeared late brought this number: others may still be missing before and after it. */
  arrived(of: Missing['of'], session: string, number: number): void {
    if (this.#all.length === 0) return;
    this.#all = this.#all.flatMap(hole => {
      const { missing } = hole;
      const { first, last } = missing;
      if (missing.of !== of || missing.session !== session || number < first || number > last) return [hole];
      const parts = [
        { ...missing, last: number - 1 },
        { ...missing, first: number + 1 },
      ];
      return parts.filter(part => part.first <= part.last).map(part => ({ ...hole, missing: part }));
    });
  }

  /** They are explained. */
  remove(isExplained: (missing: Missing) => boolean): void {
    this.#all = this.#all.filter(({ missing }) => !isExplained(missing));
  }

  /** Takes numbers that have been missing for so long that they will not come any more. */
  takeOverdue(now: number): Missing[] {
    const isOverdue = ({ foundAt }: Hole): boolean => hasPassed(foundAt, now, PATIENCE);
    const overdue = this.#all.filter(isOverdue);
    if (overdue.length > 0) this.#all = this.#all.filter(hole => !isOverdue(hole));
    return overdue.map(({ missing }) => missing);
  }

  /** Takes all that is missing: nothing more will come. */
  takeAll(): Missing[] {
    const all = this.#all;
    this.#all = [];
    return all.map(({ missing }) => missing);
  }

  /** Some files cannot be read at the moment: what is missing may be in them. Too many numbers do not wait for them. */
  postpone(now: number): void {
    if (this.#all.length > MOST_POSTPONED) return;
    this.#all = this.#all.map(hole => ({ ...hole, foundAt: now }));
  }
}

function holesOf({ missing, missingStatements = [] }: z.input<typeof schema>): Hole[] {
  return [
    ...missing.map(({ foundAt, lines: { firstLine: first, lastLine: last, ...rest } }) => ({
      foundAt,
      missing: { of: 'lines', first, last, ...rest } as const,
    })),
    ...missingStatements.map(
      ({ foundAt, statements: { firstStatement: first, lastStatement: last, ...rest } }) => ({
        foundAt,
        missing: { of: 'statements', first, last, ...rest } as const,
      }),
    ),
  ];
}
