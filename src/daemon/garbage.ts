/** Keeps this process small: a sidecar's memory is the database's. What only the start can settle is in main.ts. */

import { setFlagsFromString } from 'node:v8';

/** Milliseconds of one look, and of processor time within it: a daemon that only waits needs a tenth of that. */
const LOOK = 2000;
const QUIET = 20;
/** Milliseconds of processor time after which it is worth its own, which is about a hundred. */
const WORTHWHILE = 200;

/** To be called once everything is loaded. */
export function limitGarbage(): void {
  // Old objects are looked through when they have doubled; V8 would wait for four times as many.
  setFlagsFromString('--heap-growing-percent=100');
}

/** From now on memory is given back after each time of work, as soon as it is over: V8 keeps what it has grown to. */
export function restWhenQuiet(): void {
  let before = processorTime();
  let worked = before;
  const look = async (): Promise<void> => {
    const used = processorTime() - before;
    if (used > QUIET) worked += used;
    else if (worked >= WORTHWHILE) {
      await collectGarbage();
      worked = 0;
    }
    before = processorTime();
  };
  const timer = setInterval(() => {
    // A Node.js that was built without what this needs keeps what it has.
    look().catch(() => clearInterval(timer));
  }, LOOK).unref();
}

/** Milliseconds, of all threads. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The one documented way to have V8 give back also what it keeps for the next time. */
async function collectGarbage(): Promise<void> {
  const { Session } = await import('node:inspector/promises');
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.collectGarbage');
  session.disconnect();
}
