import { createPrivateKey, createPublicKey, hash, type KeyObject, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { IsOwnSeal } from '../../archive/store/object-end.js';
import { ConfigError } from '../../config/load.js';
import type { Config } from '../../config/schema.js';
import { isSignedWith } from '../../event/line.js';
import type { Signer as JournalSigner } from '../../journal/state.js';
import { codeOf } from '../../lib/errors.js';

type Named = NonNullable<Config['archive']['signingKey']>;

export interface Signer extends JournalSigner {
  /** As it is configured. */
  readonly name: string;
  publicKey(): KeyObject | Promise<KeyObject>;
  /** Whether a seal's line was signed by the same key. */
  readonly isOwnSeal: IsOwnSeal;
}

/** The key that signs the seals, by either setting. */
export function signingKeyOf({ signingKey, signingKeyFile }: Config['archive']): Named | null {
  if (signingKey !== undefined) return signingKey;
  return signingKeyFile === undefined ? null : { kind: 'file', path: signingKeyFile };
}

/** The signers with the key and with the one before it; `null` for one that is not configured. Throws as `openSigner` does. */
export async function openSigners(
  archive: Config['archive'],
): Promise<readonly [signer: Signer | null, previous: Signer | null]> {
  const key = signingKeyOf(archive);
  const { previousSigningKey: previous } = archive;
  return [
    key && (await openSigner(key, archive)),
    previous === undefined ? null : await openSigner(previous, archive, 'previousSigningKey'),
  ];
}

/** Right after a change of key the newest seal is the old key's. `null` if seals are not signed. */
export function ownSealOf(signer: Signer | null, previous: Signer | null): IsOwnSeal | null {
  if (signer === null || previous === null) return signer?.isOwnSeal ?? null;
  return async line => (await signer.isOwnSeal(line)) || (await previous.isOwnSeal(line));
}

/**
 * The signer of seals. Throws a ConfigError if the key cannot be used; the message contains nothing of the key. Cloud KMS is
 * asked only when a signature is needed.
 *
 * @param setting which of the archive's settings names the key
 */
export async function openSigner(
  key: Named,
  { signingKeyEndpoint }: Config['archive'],
  setting: 'signingKey' | 'previousSigningKey' = 'signingKey',
): Promise<Signer> {
  if (key.kind === 'file') return await fileSigner(resolve(key.path), setting);
  const { KmsKey } = await import('../../lib/google/kms.js');
  const inKms = new KmsKey(key.name, signingKeyEndpoint);
  return {
    name: `kms:${key.name}`,
    publicKey: () => inKms.publicKey(),
    fingerprint: async () => fingerprintOf(await inKms.publicKey()),
    sign: line => inKms.sign(line),
    isOwnSeal: async line => isSignedWith(line, await inKms.publicKey()) === true,
  };
}

async function fileSigner(path: string, setting: string): Promise<Signer> {
  const key = await readKey(path, setting);
  const publicKey = createPublicKey(key);
  const fingerprint = fingerprintOf(publicKey);
  return {
    name: `file:${path}`,
    publicKey: () => publicKey,
    fingerprint: () => fingerprint,
    sign: line => sign(null, line, key).toString('base64'),
    isOwnSeal: line => isSignedWith(line, publicKey) === true,
  };
}

function fingerprintOf(publicKey: KeyObject): string {
  return hash('sha256', publicKey.export({ type: 'spki', format: 'der' }), 'hex');
}

async function readKey(path: string, setting: string): Promise<KeyObject> {
  let key: KeyObject;
  try {
    key = createPrivateKey(await readFile(path));
  } catch (error) {
    throw new ConfigError([
      `archive.${setting}: ${path} does not contain a readable private key (${codeOf(error)})`,
    ]);
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new ConfigError([
    `archive.${setting}: ${path} must be an Ed25519 key: openssl genpkey -algorithm ed25519 -out ${path}`,
  ]);
}
