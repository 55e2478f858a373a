/** Tracks activity: loops by name, and their pending calls of the file system. */

import { AsyncLocalStorage, createHook } from 'node:async_hooks';

/** Calls of the file system that were made for one life and are pending. */
export class Activity {
  calls = 0;
  /** Number of all calls so far. */
  made = 0;

  /** Everything that `run` does or waits for counts for the loop of this name. */
  in<T>(loop: string, run: () => T): T {
    return current.run({ activity: this, loop }, run);
  }
}

const current = new AsyncLocalStorage<{ readonly activity: Activity; readonly loop: string }>();
const CALLS = new Set(['FSREQPROMISE', 'FSREQCALLBACK', 'FILEHANDLECLOSEREQ']);
const underWay = new Map<number, Activity>();

createHook({
  trackPromises: false,
  init(id, type) {
    const activity = CALLS.has(type) ? current.getStore()?.activity : undefined;
    if (activity === undefined) return;
    activity.calls += 1;
    activity.made += 1;
    underWay.set(id, activity);
  },
  after(id) {
    const activity = underWay.get(id);
    if (activity === undefined) return;
    activity.calls -= 1;
    underWay.delete(id);
  },
}).enable();

export function loopNow(): string | undefined {
  return current.getStore()?.loop;
}
