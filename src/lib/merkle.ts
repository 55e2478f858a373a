/**
 * Merkle trees over lines, with SHA-256, as RFC 6962 (2.1) defines them. Within this module a hash is a text of 32 characters
 * in latin1 (Node.js' `binary`), which takes half of the time of a Buffer; outside, it is in hex.
 */

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

/** The hash of a leaf. */
export type Leaf = string;

/** A leaf may be given in one or more pieces. */
export function leafHash(...pieces: readonly Buffer[]): Leaf {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined && only.length <= SMALL) {
    only.copy(leaf, 1);
    return hash('sha256', leaf.subarray(0, 1 + only.length), 'binary');
  }
  const whole = createHash('sha256').update(LEAF);
  for (const piece of pieces) whole.update(piece);
  return whole.digest('binary');
}

function nodeHash(left: string, right: string): string {
  node.write(left, 1, 'latin1');
  node.write(right, 1 + LENGTH, 'latin1');
  return hash('sha256', node, 'binary');
}

/** A tree that grows leaf by leaf; it keeps one hash for each level. */
export class MerkleTree {
  /** Of whole subtrees with 1, 2, 4, … leaves; `null` where there is none. */
  readonly #subtrees: (string | null)[] = [];

  add(leafHash: Leaf): void {
    let whole: string = leafHash;
    let level = 0;
    for (let left = this.#subtrees[level] ?? null; left !== null; left = this.#subtrees[level] ?? null) {
      whole = nodeHash(left, whole);
      this.#subtrees[level] = null;
      level += 1;
    }
    this.#subtrees[level] = whole;
  }

  /** In hex. Of an empty tree: SHA-256 of nothing. */
  get root(): string {
    return toHex(this.#root);
  }

  get #root(): string {
    const root = this.#subtrees.reduce(
      (right, left) => (left === null || right === null ? (left ?? right) : nodeHash(left, right)),
      null,
    );
    return root ?? hash('sha256', '', 'binary');
  }

  clear(): void {
    this.#subtrees.length = 0;
  }
}

function toHex(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('hex');
}

/** What proves that leaf `index` is in the tree of these leaves: the hashes (hex) of its siblings, the lowest first. */
export function pathOf(leaves: readonly Leaf[], index: number): string[] {
  if (leaves.length <= 1) return [];
  const left = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return index < left
    ? [...pathOf(leaves.slice(0, left), index), rootOf(leaves.slice(left))]
    : [...pathOf(leaves.slice(left), index - left), rootOf(leaves.slice(0, left))];
}

function rootOf(leaves: readonly Leaf[]): string {
  const tree = new MerkleTree();
  for (const one of leaves) tree.add(one);
  return tree.root;
}

/**
 * The root (hex) of the tree of `size` leaves in which this is leaf `index`, from its path (hex; RFC 9162, 2.1.3.2); `null` if
 * no such tree has a path of that length.
 */
export function rootBy(leafHash: Leaf, index: number, size: number, path: readonly string[]): string | null {
  if (index >= size) return null;
  let [at, last, root]: [number, number, string] = [index, size - 1, leafHash];
  for (const hex of path) {
    if (last === 0) return null;
    const sibling = Buffer.from(hex, 'hex').toString('latin1');
    if (at % 2 === 1 || at === last) {
      root = nodeHash(sibling, root);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else root = nodeHash(root, sibling);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 ? toHex(root) : null;
}
