/** Merkle trees over lines, with SHA-256, as RFC 6962 (2.1) defines them. */

import { createHash, hash } from 'node:crypto';

/** Leaves and nodes are hashed with different first bytes, so that neither can be taken for the other. */
const LEAF = Buffer.from([0]);
const NODE = 1;
/** Bytes of a SHA-256. */
const LENGTH = 32;

const node = Buffer.alloc(1 + 2 * LENGTH, NODE);
/** For a leaf: hashing it in one call is faster than in two. */
const SMALL = 16 * 1024;
const leaf = Buffer.alloc(1 + SMALL);

/** The hash of a leaf, given in one or more pieces. */
export function leafHash(...pieces: readonly Buffer[]): Buffer {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined && only.length <= SMALL) {
    only.copy(leaf, 1);
    return hash('sha256', leaf.subarray(0, 1 + only.length), 'buffer');
  }
  const whole = createHash('sha256').update(LEAF);
  for (const piece of pieces) whole.update(piece);
  return whole.digest();
}

function nodeHash(left: Buffer, right: Buffer): Buffer {
  left.copy(node, 1);
  right.copy(node, 1 + LENGTH);
  return hash('sha256', node, 'buffer');
}

/** A tree that grows leaf by leaf; it keeps one hash for each level. */
export class MerkleTree {
  /** Of whole subtrees with 1, 2, 4, … leaves; `null` where there is none. */
  readonly #subtrees: (Buffer | null)[] = [];

  add(leafHash: Buffer): void {
    let whole = leafHash;
    let level = 0;
    for (let left = this.#subtrees[level] ?? null; left !== null; left = this.#subtrees[level] ?? null) {
      whole = nodeHash(left, whole);
      this.#subtrees[level] = null;
      level += 1;
    }
    this.#subtrees[level] = whole;
  }

  /** Of an empty tree: SHA-256 of nothing. */
  get root(): Buffer {
    const root = this.#subtrees.reduce(
      (right, left) => (left === null || right === null ? (left ?? right) : nodeHash(left, right)),
      null,
    );
    return root ?? hash('sha256', '', 'buffer');
  }

  clear(): void {
    this.#subtrees.length = 0;
  }
}

/** What proves that leaf `index` is in the tree of these leaves: the hashes of its siblings, the lowest first. */
export function pathOf(leaves: readonly Buffer[], index: number): Buffer[] {
  if (leaves.length <= 1) return [];
  const left = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return index < left
    ? [...pathOf(leaves.slice(0, left), index), rootOf(leaves.slice(left))]
    : [...pathOf(leaves.slice(left), index - left), rootOf(leaves.slice(0, left))];
}

function rootOf(leaves: readonly Buffer[]): Buffer {
  const tree = new MerkleTree();
  for (const one of leaves) tree.add(one);
  return tree.root;
}

/**
 * The root of the tree of `size` leaves in which `leafHash` is leaf `index`, from its path (RFC 9162, 2.1.3.2); `null` if
 * no such tree has a path of that length.
 */
export function rootBy(
  leafHash: Buffer,
  index: number,
  size: number,
  path: readonly Buffer[],
): Buffer | null {
  if (index >= size) return null;
  let [at, last, root] = [index, size - 1, leafHash];
  for (const sibling of path) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      root = nodeHash(sibling, root);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else root = nodeHash(root, sibling);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 ? root : null;
}
