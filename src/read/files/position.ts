/** A position in a file, with the last bytes before it: they must still be the same when reading continues. */

import type { SourcePosition } from '../../event/position.js';
import type { Framer } from '../frame/framer.js';
import { fingerprint } from './identify.js';

export type FilePosition = Pick<SourcePosition, 'offset' | 'tail'>;

const TAIL = 1024;

export const START: FilePosition = { offset: 0, tail: fingerprint(Buffer.alloc(0)) };

/** @param before the position noted last: the framer may have dropped its bytes since */
export function positionAt(offset: number, framer: Framer, before: FilePosition): FilePosition {
  if (offset === before.offset) return before;
  return { offset, tail: fingerprint(framer.bytesBefore(offset, TAIL)) };
}
