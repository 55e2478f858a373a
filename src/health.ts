/** What needs somebody, as long as it lasts (a problem), and whether the daemon itself can do its job. */

/**
 * `hinders`: the daemon cannot do its job. Else it can, and what others must mend keeps evidence from being complete. The
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
  'pgaudit-not-loaded': 'lasts',
  pgauditlogtofile: 'lasts',
  'not-audited': 'lasts',
  'audited-in-part': 'lasts',
  'database-unreachable': 'lasts',
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

export class Health {
  readonly #now: () => number;
  readonly #parts = new Map<string, readonly LastingProblem[]>();

  /** @param now milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.set('start', { code: 'starting', what: 'it is starting', fix: 'wait' });
  }

  /** All that is wrong with a part; `null` when all is well. What lasts keeps its time. */
  set(part: string, given: Problem | readonly Problem[] | null): void {
    const before = this.#parts.get(part) ?? [];
    const problems = given === null ? [] : 'code' in given ? [given] : given;
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
