/** What a witness gets: somebody else's copy of each seal, by which a rewritten or shortened chain is found. */

import { hashOf } from '../../event/line.js';
import type { SealedSegment } from '../../journal/delivery.js';
import { StateError } from '../../lib/errors.js';
import { readLastLine } from '../../lib/last-line.js';
import { type ArchivePlace, witnessName } from '../../lib/object-name.js';
import { checksumOf } from '../archive/object.js';
import type { ArchiveObject } from '../destination.js';

/** The line of the segment's seal, with its newline. Throws a StateError if it is not what was written. */
export async function sealObject(segment: SealedSegment, place: ArchivePlace): Promise<ArchiveObject> {
  const { chain, lastSeq: seq, lastHash, path, bytes } = segment;
  const line = await readLastLine(path, bytes);
  if (hashOf(line) !== lastHash)
    throw new StateError(`${path} is not what was written to it: its disk is damaged.`);
  const body = Buffer.concat([line, Buffer.from('\n')]);
  const name = `${witnessName(place, { chain, seq })}.json`;
  return { name, body, contentType: 'application/json', crc32c: checksumOf(body), metadata: {} };
}
