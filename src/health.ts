/** What needs somebody, as long as it lasts (a problem), and whether the daemon itself can do its job. */

import { z } from 'zod';

/**
 * `hinders`: the daemon cannot do its job. Else it can, and what others must fix keeps evidence from being complete. The
 * order is that of the status page.
 */
const PROBLEMS = {
  starting: 'hinders',
  'source-waiting': 'hinders',
  'source-failing': 'hinders',
  'no-log': 'hinders',
  'log-unreadable': 'hinders',
  'journal-failing': 'hinders',
  'journal-full': 'hinders',
  'log-held-back': 'lasts',
  'log-format': 'lasts',
  'log-elsewhere': 'lasts',
  'pgaudit-not-loaded': 'lasts',
  pgauditlogtofile: 'lasts',
  'not-audited': 'lasts',
  'audited-in-part': 'lasts',
  'database-unreachable': 'lasts',
  'heartbeat-missing': 'lasts',
} as const;

export type ProblemCode = keyof typeof PROBLEMS;
export const PROBLEM_CODES = Object.keys(PROBLEMS).filter(isProblemCode);

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}

/** It holds no content and no person's name (I8). */
export interface Problem {
  readonly code: ProblemCode;
  readonly what: string;
  /** What to do. */
  readonly fix: string;
}

/** A problem as it is told. */
export interface LastingProblem extends Problem {
  /** UTC. */
  readonly since: string;
  /** The part of the daemon that found it: `source orders` is the log of one of several servers. */
  readonly part: string;
  readonly hinders: boolean;
}

/** When a problem of a part was found first. */
export const problemTimes = z.object({
  v: z.literal(1),
  problems: z.array(z.object({ part: z.string(), code: z.string(), since: z.iso.datetime() })),
});
type Since = z.infer<typeof problemTimes>['problems'][number];

export class Health {
  readonly #now: () => number;
  readonly #parts = new Map<string, readonly LastingProblem[]>();
  /** Of the run before, until a part was looked at. */
  #known: readonly Since[] = [];
  #onChange: (() => void) | null = null;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.set('start', { code: 'starting', what: 'it is starting', fix: 'wait' });
  }

  /**
   * What others must fix may last for longer than a process: it goes on from when the run before found it first.
   *
   * @param onChange called when `lasting` is otherwise
   */
  recall(known: readonly Since[], onChange: () => void): void {
    this.#known = known;
    this.#onChange = onChange;
  }

  /** What a next run should know. What was not looked at yet is as it was. */
  get lasting(): Since[] {
    const found = this.problems.filter(({ hinders }) => !hinders);
    return [...this.#known, ...found.map(({ part, code, since }) => ({ part, code, since }))];
  }

  /** All that is wrong with a part; `null` when all is well. What lasts keeps its time. */
  set(part: string, given: Problem | readonly Problem[] | null): void {
    const problems = given === null ? [] : 'code' in given ? [given] : given;
    const told = JSON.stringify(this.lasting);
    const before = [...(this.#parts.get(part) ?? []), ...this.#known.filter(one => one.part === part)];
    // Before its first look a part knows nothing.
    if (!problems.some(({ code }) => code === 'source-waiting'))
      this.#known = this.#known.filter(one => one.part !== part);
    const now = new Date(this.#now()).toISOString();
    const lasting = problems.map(({ code, what, fix }) => ({
      code,
      since: before.find(one => one.code === code)?.since ?? now,
      what,
      fix,
      part,
      hinders: PROBLEMS[code] === 'hinders',
    }));
    if (lasting.length === 0) this.#parts.delete(part);
    else this.#parts.set(part, lasting);
    if (JSON.stringify(this.lasting) !== told) this.#onChange?.();
  }

  /** Also where it is of one of several: `source orders` is of `source`. */
  has(part: string): boolean {
    return [...this.#parts.keys()].some(one => one === part || one.startsWith(`${part} `));
  }

  /** In the order of their codes. */
  get problems(): LastingProblem[] {
    const rank = ({ code }: LastingProblem): number => PROBLEM_CODES.indexOf(code);
    return [...this.#parts.values()].flat().sort((a, b) => rank(a) - rank(b));
  }

  /** What keeps the daemon from its job: `part: what: what to do`, a line each; none when it is ready. */
  get hindrances(): string[] {
    return this.problems
      .filter(({ hinders }) => hinders)
      .map(({ part, what, fix }) => `${part}: ${what}: ${fix}`);
  }
}
