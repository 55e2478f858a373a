/** Problems, which need somebody as long as they last, and whether the daemon itself can do its job. */

import { z } from 'zod';

/**
 * `hinders`: the daemon cannot do its job. `lasts`: it can, but evidence is incomplete until others fix the problem.
 * The status page uses this order.
 */
const PROBLEMS = {
  starting: 'hinders',
  'source-waiting': 'hinders',
  'source-failing': 'hinders',
  'no-log': 'hinders',
  'log-unreadable': 'hinders',
  'journal-failing': 'hinders',
  'journal-full': 'hinders',
  'delivery-failing': 'lasts',
  'seal-unsigned': 'lasts',
  'stamp-missing': 'lasts',
  'log-held-back': 'lasts',
  'log-format': 'lasts',
  'log-elsewhere': 'lasts',
  'too-many-servers': 'lasts',
  'servers-unseen': 'lasts',
  'pgaudit-not-loaded': 'lasts',
  pgauditlogtofile: 'lasts',
  'group-missing': 'lasts',
  'not-audited': 'lasts',
  'audited-in-part': 'lasts',
  'database-unreachable': 'lasts',
  'heartbeat-missing': 'lasts',
  'rows-unreadable': 'lasts',
  'rows-held-back': 'lasts',
  'rows-not-recorded': 'lasts',
} as const;

export type ProblemCode = keyof typeof PROBLEMS;
export const PROBLEM_CODES = Object.keys(PROBLEMS).filter(isProblemCode);

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}

/** It contains no content and no person's name (I8). */
export interface Problem {
  readonly code: ProblemCode;
  readonly what: string;
  /** What to do. */
  readonly fix: string;
}

/** A problem with what readers need to know. */
export interface LastingProblem extends Problem {
  /** UTC. */
  readonly since: string;
  /** The part of the daemon that found it: `source orders` is the log of one of several servers. */
  readonly part: string;
  readonly hinders: boolean;
}

/** When a problem of a part was first found. */
export const problemTimes = z.object({
  v: z.literal(1),
  problems: z.array(z.object({ part: z.string(), code: z.string(), since: z.iso.datetime() })),
});
type Since = z.infer<typeof problemTimes>['problems'][number];

export class Health {
  readonly #now: () => number;
  readonly #parts = new Map<string, readonly LastingProblem[]>();
  /** Problems of the run before, until their part was checked. */
  #recalled: readonly Since[] = [];
  #onChange: (() => void) | null = null;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.set('start', { code: 'starting', what: 'it is starting', fix: 'wait' });
  }

  /**
   * A problem that others must fix may last longer than a process: it keeps the time when an earlier run found it
   * first.
   *
   * @param onChange called when `lasting` changed
   */
  recall(saved: readonly Since[], onChange: () => void): void {
    this.#recalled = saved;
    this.#onChange = onChange;
  }

  /** What the next run should know. Parts that were not checked yet are unchanged. */
  get lasting(): Since[] {
    const found = this.problems.filter(({ hinders }) => !hinders);
    return [...this.#recalled, ...found.map(({ part, code, since }) => ({ part, code, since }))];
  }

  /** All problems of a part; `null` if there are none. A problem that lasts keeps its time. */
  set(part: string, given: Problem | readonly Problem[] | null): void {
    const problems = given === null ? [] : 'code' in given ? [given] : given;
    const before = JSON.stringify(this.lasting);
    const earlier = [...(this.#parts.get(part) ?? []), ...this.#recalled.filter(one => one.part === part)];
    // Before its first look, a part knows nothing.
    if (!problems.some(({ code }) => code === 'source-waiting'))
      this.#recalled = this.#recalled.filter(one => one.part !== part);
    const now = new Date(this.#now()).toISOString();
    const lasting = problems.map(({ code, what, fix }) => ({
      code,
      since: earlier.find(one => one.code === code)?.since ?? now,
      what,
      fix,
      part,
      hinders: PROBLEMS[code] === 'hinders',
    }));
    if (lasting.length === 0) this.#parts.delete(part);
    else this.#parts.set(part, lasting);
    if (JSON.stringify(this.lasting) !== before) this.#onChange?.();
  }

  /** Also true for one of several: `source orders` belongs to `source`. */
  has(part: string): boolean {
    return [...this.#parts.keys()].some(one => one === part || one.startsWith(`${part} `));
  }

  /** Of one of several that is over: `source orders`, `audit orders` … */
  forget(name: string): void {
    for (const part of [...this.#parts.keys()]) {
      const [, ofOne] = part.split(' ');
      if (ofOne === name) this.set(part, null);
    }
  }

  /** In the order of their codes. */
  get problems(): LastingProblem[] {
    const rank = ({ code }: LastingProblem): number => PROBLEM_CODES.indexOf(code);
    return [...this.#parts.values()].flat().sort((a, b) => rank(a) - rank(b));
  }

  /** What keeps the daemon from its job, one line each: `part: what: what to do`; none if it is ready. */
  get hindrances(): string[] {
    return this.problems
      .filter(({ hinders }) => hinders)
      .map(({ part, what, fix }) => `${part}: ${what}: ${fix}`);
  }
}
