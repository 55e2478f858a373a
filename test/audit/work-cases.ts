/** The work that the tests of this folder count. */

import { splitCsv } from '../../src/audit/csv.js';
import { isSensitive } from '../../src/audit/sensitive.js';

/** A line that repeats a piece this many times. */
export function split(piece: string, times: number): () => unknown {
  const line = piece.repeat(times);
  return () => splitCsv(line);
}

/** A statement of about `size` characters that repeats a piece. */
export function sensitive(piece: string, size: number): () => unknown {
  const statement = piece.repeat(Math.ceil(size / piece.length));
  return () => isSensitive({ command: 'ALTER ROLE', statement });
}
