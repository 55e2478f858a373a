/** Signatures of seals: Ed25519 or P-256 over the seal's own line without the signature. */

import type { KeyObject } from 'node:crypto';
import { isSignedWith, readSignature } from '../../event/line.js';
import { Broken } from './result.js';

/** A key, and the point in the archive from which it counts. */
export interface PublicKey {
  readonly key: KeyObject;
  /** From this chain on; `null` for any. Names of chains sort by their beginning. */
  readonly chain: string | null;
  /** From this event on. */
  readonly seq: number;
}

/**
 * `checked`: its signature is good. `signed`: it has one, but no key was given for it. Throws Broken if a key was given
 * and the signature is missing or not from that key.
 */
export function checkSignature(
  line: Buffer,
  seal: { readonly chain: string; readonly seq: number; readonly signature?: string | undefined },
  keys: readonly PublicKey[],
): 'checked' | 'signed' | 'unsigned' {
  const found = readSignature(line);
  if (found === null && seal.signature !== undefined)
    throw new Broken('signature', 'the signature of the seal is not at the end of its line');
  const key = keyFor(seal, keys);
  if (key === null) return found === null ? 'unsigned' : 'signed';
  if (found === null) throw new Broken('unsigned', 'the seal has no signature');
  if (isSignedWith(line, key) !== true)
    throw new Broken('signature', 'the signature of the seal was not made with the given key');
  return 'checked';
}

/** Of the keys that count at that point, the one that began to count last. */
function keyFor(
  { chain, seq }: { readonly chain: string; readonly seq: number },
  keys: readonly PublicKey[],
): KeyObject | null {
  const hasBegun = (key: PublicKey): boolean =>
    key.chain === null || key.chain === chain ? seq >= key.seq : key.chain < chain;
  return keys.filter(hasBegun).sort(byBeginning).at(-1)?.key ?? null;
}

function byBeginning(a: PublicKey, b: PublicKey): number {
  const [first, second] = [a.chain ?? '', b.chain ?? ''];
  return first < second ? -1 : first > second ? 1 : a.seq - b.seq;
}
