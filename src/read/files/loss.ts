/** What is lost of a file, and where reading continues then. */

import type { Gap } from '../../event/gap.js';
import type { SourcePosition } from '../../event/position.js';
import type { Loss } from './doubts.js';
import { idOf } from './identify.js';
import { START } from './position.js';

/** The unread rest of a file; if it was cut back to bytes that were read, what it had beyond them. */
export function lossOf(reason: Loss, position: SourcePosition): Gap {
  const { offset, size } = position;
  const known = reason === 'shortened' ? 'truncated' : reason;
  return bounded({ kind: 'gap', reason: known, offset, length: size - offset }, position);
}

/** The file was removed while nobody read the log, which continues in another file. */
export function unwatchedAfter(position: SourcePosition, before: number | null): Gap {
  const gap: Gap = { kind: 'gap', reason: 'unwatched', offset: position.offset, length: 0 };
  return bounded(before === null ? gap : { ...gap, before }, position);
}

function bounded(gap: Gap, { lastTime }: SourcePosition): Gap {
  return lastTime === '' ? gap : { ...gap, after: lastTime };
}

/**
 * The file is read again: the records that were read before are known by their sessions' lines, or by their time if a
 * session is no longer known.
 */
export function fromStart(position: SourcePosition): SourcePosition {
  const { fileId, lastTime, offset, tail } = position;
  return {
    ...position,
    fileId: idOf(`${fileId} ${offset} ${tail.sha256}`),
    rereadUntil: lastTime,
    columns: 0,
    size: 0,
    ...START,
  };
}
