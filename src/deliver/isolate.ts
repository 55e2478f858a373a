/** Keeps entries that a server will never take from holding back the others. */

import { codeOf, hasCode } from '../errors.js';
import type { LogEntry, RejectedEntry } from './destination.js';

/** gRPC's name for: sending the same again will never help. */
const INVALID_ARGUMENT = 'INVALID_ARGUMENT';
const INVALID_ARGUMENT_NUMBER = 3;

/**
 * Sends entries. Those that the server names as invalid are returned; where it does not say which they
 * are, halves are sent until each stands alone. Any other error is thrown, and then all are to be
 * sent again: what was stored already shows once.
 */
export async function writeIsolating(
  entries: readonly LogEntry[],
  send: (entries: readonly LogEntry[]) => Promise<void>,
  first = 0,
): Promise<RejectedEntry[]> {
  try {
    await send(entries);
    return [];
  } catch (error) {
    const named = entryErrors(error);
    if (named !== null && [...named.values()].every(code => code === INVALID_ARGUMENT_NUMBER)) {
      return [...named.keys()].map(index => ({ index: first + index, code: INVALID_ARGUMENT }));
    }
    if (named !== null || !hasCode(error, INVALID_ARGUMENT)) throw error;
    if (entries.length === 1) return [{ index: first, code: codeOf(error) }];
    const half = entries.length >> 1;
    const left = await writeIsolating(entries.slice(0, half), send, first);
    return [...left, ...(await writeIsolating(entries.slice(half), send, first + half))];
  }
}

/** The codes of the entries at fault by index (WriteLogEntriesPartialErrors); `null` where none are named. */
function entryErrors(error: unknown): Map<number, number> | null {
  const details: unknown = Reflect.get(Object(Reflect.get(Object(error), 'cause')), 'statusDetails');
  for (const detail of Array.isArray(details) ? details : []) {
    const errors: unknown = Reflect.get(Object(detail), 'logEntryErrors');
    if (errors !== undefined) return new Map(Object.entries(Object(errors)).map(toCode));
  }
  return null;
}

function toCode([index, entryStatus]: [string, unknown]): [number, number] {
  const code: unknown = Reflect.get(Object(entryStatus), 'code');
  return [Number(index), typeof code === 'number' ? code : INVALID_ARGUMENT_NUMBER];
}
