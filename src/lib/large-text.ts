/** Texts of a large record, which another process reads: in this one they never become strings. */

import { randomUUID } from 'node:crypto';

/** Bytes of a record. A larger one is read in a process of its own, with a memory limit. */
export const LARGE_RECORD = 1024 * 1024;

/** The JSON that replaces a token in an event. */
export interface LargeText {
  readonly token: string;
  /** The content of a JSON string, or of a list of strings, in UTF-8. */
  readonly json: readonly Buffer[];
}

/** Tokens that stand for texts until the event is JSON. They are random, so that no SQL can contain them. */
export const STATEMENT = randomUUID();
export const PARAMETERS = randomUUID();
export const ESCROW = randomUUID();

export function sizeOf(texts: readonly LargeText[]): number {
  return texts.flatMap(({ json }) => json).reduce((sum, piece) => sum + piece.length, 0);
}
