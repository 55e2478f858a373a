/** Counts what a piece of the program does: the same number on any machine, however slow or busy it is. */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** A function `name` of the module `cases` makes what is to be run, from `args`; making it does not count. */
export interface Question {
  readonly cases: string;
  readonly name: string;
  readonly args: readonly unknown[];
}

interface Answer {
  readonly work?: number;
  readonly error?: string;
}

export type CountWork = (name: string, ...args: readonly unknown[]) => Promise<number>;

/**
 * Counts blocks of code that run outside of the tests, and characters that searches pass over.
 *
 * @param cases the module, which exports functions that return functions
 */
export function workOf(cases: URL): CountWork & { close(): Promise<void> } {
  const worker = new Worker(new URL('./work-thread.ts', import.meta.url));
  const ask = async (name: string, ...args: readonly unknown[]): Promise<number> => {
    worker.postMessage({ cases: cases.href, name, args } satisfies Question);
    const [{ work, error }]: [Answer] = (await once(worker, 'message')) as [Answer];
    if (work === undefined) throw new Error(error);
    return work;
  };
  return Object.assign(ask, { close: async () => void (await worker.terminate()) });
}
