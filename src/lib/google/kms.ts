/** A key in Cloud KMS: it signs, and never leaves. */

import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import type { KeyManagementServiceClient } from '@google-cloud/kms';
import { credentials, status } from '@grpc/grpc-js';
import { crc32c } from '@node-rs/crc32';
import { withDeadline } from '../deadline.js';
import { codeOf, ShipperError } from '../errors.js';
import { type Endpoint, needsCredentials, requireCredentials } from './credentials.js';

/** Milliseconds that a signature may take: nothing is committed meanwhile. */
const DEADLINE = 2000;

/** The algorithms of a seal's signature, and whether what is signed is hashed first. */
const ALGORITHMS: Readonly<Record<string, { readonly isHashed: boolean }>> = {
  EC_SIGN_ED25519: { isHashed: false },
  EC_SIGN_P256_SHA256: { isHashed: true },
};

interface Known {
  readonly publicKey: KeyObject;
  readonly isHashed: boolean;
}

export class KmsKey {
  readonly #name: string;
  readonly #endpoint: Endpoint;
  #client: Promise<KeyManagementServiceClient> | null = null;
  #known: Known | null = null;

  /** @param name `projects/…/locations/…/keyRings/…/cryptoKeys/…/cryptoKeyVersions/N` */
  constructor(name: string, endpoint: Endpoint) {
    this.#name = name;
    this.#endpoint = endpoint;
  }

  /** Asked for once. Rejects with a ShipperError within two seconds if it cannot be had or is of another kind. */
  async publicKey(): Promise<KeyObject> {
    return (await this.#knownKey()).publicKey;
  }

  /** In base64; rejects as above, also if anything on the way changed a byte. */
  async sign(bytes: Buffer): Promise<string> {
    const { isHashed } = await this.#knownKey();
    const digest = hash('sha256', bytes, 'buffer');
    const request = isHashed
      ? { digest: { sha256: digest }, digestCrc32c: { value: crc32c(digest) } }
      : { data: bytes, dataCrc32c: { value: crc32c(bytes) } };
    return await this.#ask(async client => {
      const [answer] = await client.asymmetricSign({ name: this.#name, ...request }, CALL);
      const isAsSent = isHashed ? answer.verifiedDigestCrc32c : answer.verifiedDataCrc32c;
      const signature = Buffer.from(answer.signature ?? '');
      if (isAsSent !== true || answer.name !== this.#name || !isIntact(signature, answer.signatureCrc32c))
        throw failure('checksum', 'a byte changed on the way to it or back');
      return signature.toString('base64');
    });
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => null);
    this.#client = null;
    await client?.close();
  }

  async #knownKey(): Promise<Known> {
    this.#known ??= await this.#ask(async client => {
      const [{ pem, pemCrc32c, algorithm, name }] = await client.getPublicKey({ name: this.#name }, CALL);
      const text = Buffer.from(pem ?? '');
      if (name !== this.#name || !isIntact(text, pemCrc32c))
        throw failure('checksum', 'a byte changed on the way from it');
      const form = ALGORITHMS[String(algorithm)];
      if (form === undefined)
        throw failure('algorithm', 'the key must be of EC_SIGN_ED25519 or EC_SIGN_P256_SHA256');
      return { publicKey: createPublicKey(text), ...form };
    });
    return this.#known;
  }

  async #ask<T>(call: (client: KeyManagementServiceClient) => Promise<T>): Promise<T> {
    this.#client ??= this.#connect();
    const connecting = this.#client;
    try {
      const ask = async (): Promise<T> => {
        const client = await connecting;
        if (needsCredentials(this.#endpoint)) await requireCredentials(client.auth, DEADLINE);
        return await call(client);
      };
      return await withDeadline(ask(), DEADLINE);
    } catch (error) {
      // A client keeps the credentials that it started with; the next attempt creates a new one.
      if (this.#client === connecting) await this.close();
      throw toShipperError(error);
    }
  }

  async #connect(): Promise<KeyManagementServiceClient> {
    const { KeyManagementServiceClient: Client } = await import('@google-cloud/kms');
    if (this.#endpoint === null) return new Client();
    const { hostname, port, protocol } = new URL(this.#endpoint);
    const where = { apiEndpoint: hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)) };
    return new Client(
      needsCredentials(this.#endpoint) ? where : { ...where, sslCreds: credentials.createInsecure() },
    );
  }
}

/** Without the client's own retries: the journal tries again. */
const CALL = { timeout: DEADLINE, retry: null };

/** CRC-32C as Google's Int64Value has it: a number, or a text of one. */
function isIntact(bytes: Buffer, checksum: { value?: unknown } | null | undefined): boolean {
  return checksum?.value != null && Number(checksum.value) === crc32c(bytes);
}

const FIXES: Readonly<Record<number, string>> = {
  [status.DEADLINE_EXCEEDED]: 'it does not answer in time',
  [status.NOT_FOUND]: 'the key does not exist: fix archive.signingKey',
  [status.PERMISSION_DENIED]:
    'permission denied: grant roles/cloudkms.signerVerifier on the key to the shipper',
  [status.FAILED_PRECONDITION]: 'the key version is not enabled',
  [status.UNAVAILABLE]: 'it cannot be reached',
  [status.UNAUTHENTICATED]: 'the credentials are not accepted',
};

function failure(code: string, what: string): ShipperError {
  return new ShipperError(code, `Cloud KMS: ${what}`);
}

function toShipperError(error: unknown): ShipperError {
  if (error instanceof ShipperError) return error;
  const code: unknown = Reflect.get(Object(error), 'code');
  if (typeof code !== 'number')
    return failure(codeOf(error), `it does not answer in time (${codeOf(error)})`);
  const name = status[code] ?? String(code);
  return new ShipperError(name, `Cloud KMS: ${FIXES[code] ?? name}`, error);
}
