/** Texts of a record that is too large to be judged in this process: they are never made a string of here. */

import { randomUUID } from 'node:crypto';

/** Bytes of a record. A larger one is judged in a process of its own, with a memory limit. */
export const LARGE_RECORD = 1024 * 1024;

/** What an event's JSON holds where a token stands. */
export interface LargeText {
  readonly token: string;
  /** The inside of a JSON string, or of a list of them, in UTF-8. */
  readonly json: readonly Buffer[];
}

/** What takes the place of texts until the event is JSON. Nobody who writes SQL knows them. */
export const STATEMENT = randomUUID();
export const PARAMETERS = randomUUID();
export const ESCROW = randomUUID();
export const RAW = randomUUID();

export function sizeOf(texts: readonly LargeText[]): number {
  return texts.flatMap(({ json }) => json).reduce((sum, piece) => sum + piece.length, 0);
}
