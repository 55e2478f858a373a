/** Signatures of seals: Ed25519 over the seal's own line without the signature. */

import { type KeyObject, verify } from 'node:crypto';
import { Broken } from './result.js';

/** A key, and the point in the archive from which it counts. */
export interface PublicKey {
  readonly key: KeyObject;
  /** From this chain on; `null` for any. Names of chains sort by their beginning. */
  readonly chain: string | null;
  /** From this event on. */
  readonly seq: number;
}

/** A signature has 64 bytes, 88 characters in base64, at the end of the line. */
const SIGNATURE = /,"signature":"([A-Za-z0-9+/]{86}==)"\}$/;
const LONGEST = 120;

/** The signed part of a seal's line, and its signature; `null` if there is none at the end. */
export function readSignature(line: Buffer): { signed: Buffer; signature: Buffer } | null {
  const end = line.toString('latin1', Math.max(0, line.length - LONGEST));
  const [text, signature] = SIGNATURE.exec(end) ?? [];
  if (text === undefined || signature === undefined) return null;
  const signed = Buffer.concat([line.subarray(0, -text.length), Buffer.from('}')]);
  return { signed, signature: Buffer.from(signature, 'base64') };
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
  if (!verify(null, found.signed, key, found.signature))
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
