/** The work that `table.test.ts` counts. */

import { fitted } from '../../../src/lib/terminal-text.js';

export function fit(text: string, width: number): () => unknown {
  return () => fitted(text, width);
}
