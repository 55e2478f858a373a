/** What `sensitive.test.ts` counts. */

import { isSensitive } from '../../src/database/sensitive.js';

/** A statement of about `size` characters that repeats a piece. */
export function sensitive(piece: string, size: number): () => unknown {
  const statement = piece.repeat(Math.ceil(size / piece.length));
  return () => isSensitive({ command: 'ALTER ROLE', statement });
}
