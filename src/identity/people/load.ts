/** Loads a file of people without blocking: a thread reads it, and ends. */

import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { ShipperError } from '../../lib/errors.js';
import { isYaml } from './entry.js';
import { People } from './people.js';
import type { ReadPeople } from './table.js';

/** In `src`, worker.ts is in the same folder; the bundle calls it people.js. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './people.js', import.meta.url);
/** MB of the thread's heap. A list in YAML is held as a whole, CSV is not. */
const MOST_HEAP = { csv: 24, yaml: 1024 };
const MOST_YOUNG = 4;
/** Has nobody; the embedded configuration names it. */
const NOBODY = '/dev/null';

const outcome = z.union([
  z.object({
    table: z.object({
      text: z.instanceof(Uint8Array<ArrayBuffer>),
      ends: z.instanceof(Float64Array<ArrayBuffer>),
      times: z.instanceof(Float64Array<ArrayBuffer>),
      keys: z.instanceof(Float64Array<ArrayBuffer>),
    }),
    ignored: z.array(z.string()),
  }),
  z.object({ fault: z.string() }),
]);

export interface LoadedPeople {
  readonly people: People;
  /** Names of fields that are not used, in the file's order, as far as somebody will read them. */
  readonly ignored: readonly string[];
}

/**
 * Throws a ShipperError, which never quotes the file, if it cannot be read or is not valid, and the signal's reason if
 * that aborts.
 */
export async function loadPeople(path: string, signal?: AbortSignal): Promise<LoadedPeople> {
  if (path === NOBODY) return { people: new People(null), ignored: [] };
  const { table, ignored } = await read(path, signal);
  return { people: new People(table), ignored };
}

async function read(path: string, signal: AbortSignal | undefined): Promise<ReadPeople> {
  signal?.throwIfAborted();
  const worker = new Worker(WORKER, {
    workerData: path,
    env: {},
    execArgv: [],
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: heapFor(path), maxYoungGenerationSizeMb: MOST_YOUNG },
  });
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const abort = (): void => reject(signal?.reason);
  signal?.addEventListener('abort', abort);
  const failed = (): void => reject(tooLarge(path));
  worker.on('message', resolve).on('error', failed).on('exit', failed);
  try {
    return outcomeOf(await promise);
  } finally {
    signal?.removeEventListener('abort', abort);
    await worker.terminate();
  }
}

function outcomeOf(message: unknown): ReadPeople {
  const read = outcome.parse(message);
  if ('fault' in read) throw new ShipperError('directory', read.fault);
  return read;
}

function heapFor(path: string): number {
  return isYaml(path) ? MOST_HEAP.yaml : MOST_HEAP.csv;
}

/** Nothing else ends the thread. */
function tooLarge(path: string): ShipperError {
  return new ShipperError(
    'directory',
    `${path}: reading it took over ${heapFor(path)} MB of memory: save it as CSV`,
  );
}
