/** Who does what: loops by their name, and calls of the file system that are under way for them. */

import { AsyncLocalStorage, createHook } from 'node:async_hooks';

/** Calls of the file system that were made for one life and are not answered yet. */
export class Activity {
  calls = 0;
  /** All that were ever made. */
  made = 0;

  /** What `run` does, and whatever it waits for, is done by the loop of this name. */
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
