import { createPrivateKey, createPublicKey, hash, type KeyObject, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { IsOwnSeal } from '../../archive/store/object-end.js';
import { ConfigError } from '../../config/load.js';
import type { Config } from '../../config/schema.js';
import { isSignedWith } from '../../event/line.js';
import type { Signer as JournalSigner } from '../../journal/state.js';
import { codeOf } from '../../lib/errors.js';

export interface Signer extends JournalSigner {
  /** Whether a seal's line was signed by the same key. */
  readonly isOwnSeal: IsOwnSeal;
}

/** The signer of seals. Throws a ConfigError if the key cannot be used; the message contains nothing of the key. */
export async function openSigner({ archive: { signingKeyFile } }: Config): Promise<Signer | null> {
  if (signingKeyFile === undefined) return null;
  const key = await readKey(resolve(signingKeyFile));
  const publicKey = createPublicKey(key);
  return {
    fingerprint: hash('sha256', publicKey.export({ type: 'spki', format: 'der' }), 'hex'),
    sign: line => sign(null, line, key).toString('base64'),
    isOwnSeal: line => isSignedWith(line, publicKey) === true,
  };
}

async function readKey(path: string): Promise<KeyObject> {
  let key: KeyObject;
  try {
    key = createPrivateKey(await readFile(path));
  } catch (error) {
    throw new ConfigError([
      `archive.signingKeyFile: ${path} does not contain a readable private key (${codeOf(error)})`,
    ]);
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new ConfigError([
    `archive.signingKeyFile: ${path} must be an Ed25519 key: openssl genpkey -algorithm ed25519 -out ${path}`,
  ]);
}
