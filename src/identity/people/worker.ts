/**
 * Reads one file of people in a thread of its own (started by load.ts), and posts its table, or what is wrong with it.
 *
 * It also runs from `src`, where Node.js strips the types but finds no `.js`: its imports end in `.ts`.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { ShipperError } from '../../lib/errors.ts';
import { readPeople } from './read.ts';

try {
  const read = await readPeople(String(workerData));
  const { text, ends, times, keys } = read.table;
  parentPort?.postMessage(read, [text.buffer, ends.buffer, times.buffer, keys.buffer]);
} catch (error) {
  if (!(error instanceof ShipperError)) throw error;
  // A cause may quote the file.
  parentPort?.postMessage({ fault: error.message });
}
