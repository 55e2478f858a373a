/** The work that `framer.test.ts` counts. */

import { frames, pieces } from '../../support/frames.js';

export function framed(log: string, chunk: number): () => unknown {
  const chunks = pieces(Buffer.from(log), chunk);
  return () => frames(chunks, { finish: true });
}
