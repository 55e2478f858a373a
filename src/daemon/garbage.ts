/** Keeps this process small: a sidecar takes its memory from the database. What can only be set at start is in main.ts. */

import { setFlagsFromString } from 'node:v8';

/** Milliseconds between two looks, and CPU time in between that counts as quiet: a waiting daemon needs a tenth of it. */
const LOOK = 2000;
const QUIET = 20;
/** Milliseconds of CPU time after which collecting garbage is worth its own cost, about a hundred. */
const WORTHWHILE = 200;

/** Call once everything is loaded. */
export function limitGarbage(): void {
  // The old generation is collected when it has doubled; V8's default is four times.
  setFlagsFromString('--heap-growing-percent=100');
}

/** From now on memory is released whenever a period of work ends: V8 keeps what it has grown to. */
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
    // A Node.js without the inspector keeps its memory.
    look().catch(() => clearInterval(timer));
  }, LOOK).unref();
}

/** CPU time of all threads, in milliseconds. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The only documented way to make V8 release also the memory that it keeps in reserve. */
async function collectGarbage(): Promise<void> {
  const { Session } = await import('node:inspector/promises');
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.collectGarbage');
  session.disconnect();
}
