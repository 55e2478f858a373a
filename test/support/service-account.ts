/** A service account of our own, its key file, and the content of its signed tokens. */

import { createVerify, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ServiceAccount {
  readonly email: string;
  /** PEM. It must not appear anywhere. */
  readonly privateKey: string;
  /** Writes the key file that Google would issue, and returns the environment that names it. */
  keyFileIn(folder: string): Promise<NodeJS.ProcessEnv>;
  /** The claims of a token (JWS, RFC 7515) that this account signed with RS256; `null` for any other. */
  verify(token: string): Claims | null;
}

/** Times are seconds since 1970. */
export interface Claims {
  readonly iss?: string;
  readonly sub?: string;
  readonly aud?: string;
  readonly scope?: string;
  readonly iat?: number;
  readonly exp?: number;
}

export function createServiceAccount(): ServiceAccount {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const email = 'shipper@test-project.iam.gserviceaccount.com';
  return {
    email,
    privateKey: pem,
    async keyFileIn(folder) {
      const path = join(folder, 'key.json');
      const key = { type: 'service_account', project_id: 'test-project', private_key_id: 'key-1' };
      await writeFile(path, JSON.stringify({ ...key, private_key: pem, client_email: email }));
      return { GOOGLE_APPLICATION_CREDENTIALS: path };
    },
    verify: token => claimsOf(token, publicKey),
  };
}

function claimsOf(token: string, publicKey: KeyObject): Claims | null {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const signed = createVerify('RSA-SHA256').update(`${header}.${payload}`);
  if (!signed.verify(publicKey, signature, 'base64url') || decode(header).alg !== 'RS256') return null;
  return decode(payload);
}

function decode(part: string): Claims & { alg?: string } {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}
