/** A place in a file, with the last bytes before it: they must still be the same where reading goes on. */

import type { SourcePosition } from '../../event/position.js';
import type { Framer } from '../frame/framer.js';
import { fingerprint } from './identify.js';

export type Place = Pick<SourcePosition, 'offset' | 'tail'>;

const TAIL = 1024;

export const START: Place = { offset: 0, tail: fingerprint(Buffer.alloc(0)) };

/** @param before the place noted last: of that the framer may have let go since */
export function placeAt(offset: number, framer: Framer, before: Place): Place {
  if (offset === before.offset) return before;
  return { offset, tail: fingerprint(framer.bytesBefore(offset, TAIL)) };
}
