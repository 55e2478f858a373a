/** What the tests of this folder count. */

import { splitCsv } from '../../src/parse/csv.js';
import { rawLength } from '../support/raw-length.js';
import { inPieces, serviceLog, skim } from '../support/skimming.js';

/** A line that repeats a piece so many times. */
export function split(piece: string, times: number): () => unknown {
  const line = piece.repeat(times);
  return () => splitCsv(line);
}

export function payload(text: string): () => unknown {
  return () => rawLength(text);
}

/** Passes over a service's log. */
export function skimmed(): () => unknown {
  const pieces = inPieces(serviceLog());
  return () => skim(pieces);
}
