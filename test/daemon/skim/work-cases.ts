/** What `skim-cost.test.ts` counts. */

import { inPieces, serviceLog, skim } from '../../support/skimming.js';

/** Passes over a service's log. */
export function skimmed(): () => unknown {
  const pieces = inPieces(serviceLog());
  return () => skim(pieces);
}
