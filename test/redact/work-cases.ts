/** The work that `linear.test.ts` counts. */

import { createRedactor } from '../../src/redact/redact.js';
import { HOSTILE } from './hostile.js';

const redact = createRedactor([]);

export type As = 'statement' | 'parameter';

/** Redacts a hostile text of about `size` characters. */
export function scrub(name: string, size: number, as: As): () => unknown {
  const text = HOSTILE[name]?.(size) ?? '';
  return () =>
    redact(
      as === 'statement' ? { statement: text, parameters: null } : { statement: null, parameters: [text] },
    );
}
