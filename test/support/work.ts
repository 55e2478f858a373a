/** Counts the work of a piece of the program: the same number on any machine, however slow or busy. */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** The function `name` of the module `cases` prepares the work from `args`; preparing does not count. */
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
 * Counts blocks of code that run outside of the tests, and characters that searches skip.
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
