/** Public keys and certificates as the command line names them. */

import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { PublicKey } from '../../archive/verify/signature.js';
import { codeOf } from '../../lib/errors.js';
import { certificatesIn } from '../../lib/timestamp/stamp.js';
import { UsageError } from './usage.js';

/** Where a key begins to count: `@5000`, or `@20261121T203958Z-9f2c/5000` in an archive of several chains. */
const START = /@(?:(\d{8}T\d{6}Z-[0-9a-f]{4})\/)?(\d+)$/;

/**
 * `FILE[@[CHAIN/]SEQ]`: an Ed25519 or P-256 key (PEM, SPKI) that counts from that seal on, until the next key does. Throws a
 * UsageError if the file is not such a key.
 */
export async function readPublicKey(text: string): Promise<PublicKey> {
  const [start = '', chain = null, seq = '1'] = START.exec(text) ?? [];
  const path = text.slice(0, text.length - start.length);
  return { key: await readKey(path), chain, seq: Number(seq) };
}

async function readKey(path: string): Promise<KeyObject> {
  let pem: string;
  let key: KeyObject;
  try {
    pem = await readFile(path, 'utf8');
    key = createPublicKey(pem);
  } catch (error) {
    throw new UsageError(`${path} is not a public key in PEM (${codeOf(error)})`);
  }
  // A public key can be made of it, but whoever verifies must not have it.
  if (pem.includes('PRIVATE KEY-----'))
    throw new UsageError(`${path} is the private key: give the public one (openssl pkey -in FILE -pubout)`);
  if (!isForSeals(key)) throw new UsageError(`${path} is not an Ed25519 or P-256 key`);
  return key;
}

function isForSeals({ asymmetricKeyType: type, asymmetricKeyDetails }: KeyObject): boolean {
  return type === 'ed25519' || (type === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1');
}

/** The certificates in a file (PEM). Throws a UsageError if there are none. */
export async function readCertificates(path: string): Promise<X509Certificate[]> {
  try {
    return certificatesIn(await readFile(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path} has no readable certificate in PEM (${codeOf(error)})`);
  }
}
