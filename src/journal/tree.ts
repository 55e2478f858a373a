/** The Merkle tree of the open segment, after a start. */

import { join } from 'node:path';
import { leafHash, MerkleTree } from '../lib/merkle.js';
import { type JournalOptions, segmentFolder } from './options.js';
import { linesIn, segmentFileName } from './segments.js';
import type { OpenSegment } from './state.js';

/** Of the lines that are committed; empty without a segment. */
export async function treeOf(options: JournalOptions, segment: OpenSegment | null): Promise<MerkleTree> {
  const tree = new MerkleTree();
  if (segment === null) return tree;
  const path = join(segmentFolder(options), segmentFileName(segment));
  for await (const lines of linesIn(path, segment.bytes)) for (const line of lines) tree.add(leafHash(line));
  return tree;
}
