import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leafHash, MerkleTree, pathOf, rootBy } from '../../src/lib/merkle.js';
import { merkleRoot, sha256Of } from '../support/merkle.js';

/** The known answers of Certificate Transparency's own tests (RFC 6962's reference implementation). */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

test('roots are those of Certificate Transparency', () => {
  const tree = new MerkleTree();
  expect(tree.root).toBe(sha256Of().toString('hex'));
  for (const [index, leaf] of LEAVES.entries()) {
    tree.add(leafHash(Buffer.from(leaf, 'hex')));
    expect(tree.root).toBe(ROOTS[index]);
  }
});

const lines = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 70 });

test('every leaf of every tree is proved by its path, and by no other', () => {
  fc.assert(
    fc.property(lines, fc.nat(), fc.nat(), (given, place, other) => {
      const leaves = given.map(bytes => Buffer.from(bytes));
      const hashes = leaves.map(one => leafHash(one));
      const root = merkleRoot(leaves).toString('hex');
      const index = place % leaves.length;
      const path = pathOf(hashes, index);
      const leaf = hashes[index] ?? '';
      expect(rootBy(leaf, index, leaves.length, path)).toEqual(root);
      expect(rootBy(leafHash(Buffer.from(leaf, 'latin1')), index, leaves.length, path)).not.toEqual(root);
      expect(rootBy(leaf, index, leaves.length, [...path, root])).toBeNull();
      expect(rootBy(leaf, index, leaves.length, path.slice(1))).not.toEqual(
        leaves.length === 1 ? null : root,
      );
      const wrong = other % leaves.length;
      if (wrong !== index && hashes[wrong] !== leaf)
        expect(rootBy(hashes[wrong] ?? '', index, leaves.length, path)).not.toEqual(root);
    }),
  );
});

test('a leaf may come in pieces, and be of any size', () => {
  for (const size of [0, 1, 16_384, 16_385, 100_000]) {
    const line = Buffer.alloc(size, 'x');
    const expected = sha256Of(Buffer.from([0]), line).toString('latin1');
    expect(leafHash(line)).toEqual(expected);
    expect(leafHash(line.subarray(0, 10), line.subarray(10))).toEqual(expected);
  }
});
