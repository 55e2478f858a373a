import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { codeOf } from '../errors.js';
import type { Sign } from '../journal/chain.js';

/** What signs the seals. Throws a ConfigError where the key cannot be used; nothing of it goes into the message. */
export async function openSigner({ archive: { signingKeyFile } }: Config): Promise<Sign | null> {
  if (signingKeyFile === undefined) return null;
  const key = await readKey(resolve(signingKeyFile));
  return line => sign(null, line, key).toString('base64');
}

async function readKey(path: string): Promise<KeyObject> {
  let key: KeyObject;
  try {
    key = createPrivateKey(await readFile(path));
  } catch (error) {
    throw new ConfigError([
      `archive.signingKeyFile: ${path} holds no private key that can be read (${codeOf(error)})`,
    ]);
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new ConfigError([
    `archive.signingKeyFile: ${path} must be an Ed25519 key: openssl genpkey -algorithm ed25519 -out ${path}`,
  ]);
}
