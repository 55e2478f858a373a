/** The Merkle tree of the open segment, after a start. */

import { join } from 'node:path';
import { leafHash, MerkleTree } from '../lib/merkle.js';
import { type JournalOptions, segmentFolder } from './options.js';
import { readLines, segmentFileName } from './segments.js';
import type { OpenSegment } from './state.js';

/** Bytes and lines that are read at once. */
const ROOM = 1024 * 1024;
const MOST_LINES = 10_000;

/** Of the lines that are committed; empty without a segment. */
export async function treeOf(options: JournalOptions, segment: OpenSegment | null): Promise<MerkleTree> {
  const tree = new MerkleTree();
  if (segment === null) return tree;
  const path = join(segmentFolder(options), segmentFileName(segment));
  const end = segment.bytes;
  const room = Buffer.allocUnsafeSlow(Math.min(ROOM, Math.max(end, 1)));
  for (let from = 0; from < end; ) {
    const lines = await readLines(path, { from, end }, MOST_LINES, room);
    if (lines.length === 0) break;
    for (const line of lines) {
      tree.add(leafHash(line));
      from += line.length + 1;
    }
  }
  return tree;
}
