/** A server that speaks Cloud KMS's gRPC, made from the published protos, with keys of its own. */

import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { crc32c } from '@node-rs/crc32';
import { onTestFinished } from 'vitest';

const PROTOS = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('@google-cloud/kms/build/protos/protos.json'), 'utf8'),
);

export const KEY_NAME = 'projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1';

type Algorithm = 'EC_SIGN_ED25519' | 'EC_SIGN_P256_SHA256';

interface Checked {
  readonly value?: string;
}

interface SignRequest {
  readonly name: string;
  readonly data: Buffer;
  readonly digest?: { readonly sha256?: Buffer };
  readonly dataCrc32c?: Checked;
  readonly digestCrc32c?: Checked;
}

export interface KmsServer {
  /** `http://127.0.0.1:port` */
  readonly endpoint: string;
  readonly publicKey: KeyObject;
  readonly signatures: number;
  /** How every call fails; `stall`: it is never answered; `flip`: a byte of the answer is changed. */
  fault: grpc.status | 'stall' | 'flip' | null;
}

export async function startKms(algorithm: Algorithm = 'EC_SIGN_ED25519'): Promise<KmsServer> {
  const isEdwards = algorithm === 'EC_SIGN_ED25519';
  const { privateKey, publicKey } = isEdwards
    ? generateKeyPairSync('ed25519')
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const definition = fromJSON(PROTOS, { longs: String, enums: String })[
    'google.cloud.kms.v1.KeyManagementService'
  ];
  if (definition === undefined || 'format' in definition)
    throw new Error('the protos lack KeyManagementService');
  const { AsymmetricSign, GetPublicKey } = definition;
  if (AsymmetricSign === undefined || GetPublicKey === undefined)
    throw new Error('the protos lack its methods');
  let signatures = 0;
  const answer = (callback: grpc.sendUnaryData<object>, made: () => object): void => {
    if (kms.fault === 'stall') return;
    if (typeof kms.fault === 'number') callback({ code: kms.fault });
    else callback(null, made());
  };
  const sum = (bytes: Buffer): object => ({ value: String(crc32c(bytes)) });
  const flipped = (bytes: Buffer): Buffer => {
    if (kms.fault === 'flip') bytes[0] = (bytes[0] ?? 0) ^ 1;
    return bytes;
  };
  const server = new grpc.Server();
  server.addService(
    { AsymmetricSign, GetPublicKey },
    {
      GetPublicKey({ request }: { request: { name: string } }, callback: grpc.sendUnaryData<object>) {
        if (request.name !== KEY_NAME) return callback({ code: grpc.status.NOT_FOUND });
        const pem = String(publicKey.export({ type: 'spki', format: 'pem' }));
        answer(callback, () => ({ name: KEY_NAME, pem, pemCrc32c: sum(Buffer.from(pem)), algorithm }));
      },
      AsymmetricSign({ request }: { request: SignRequest }, callback: grpc.sendUnaryData<object>) {
        answer(callback, () => {
          signatures += 1;
          const signature = isEdwards
            ? sign(null, request.data, privateKey)
            : signDigest(privateKey, request.digest?.sha256 ?? Buffer.alloc(0));
          const signatureCrc32c = sum(signature);
          return {
            name: request.name,
            signature: flipped(signature),
            signatureCrc32c,
            verifiedDataCrc32c: isEdwards && request.dataCrc32c?.value === String(crc32c(request.data)),
            verifiedDigestCrc32c:
              !isEdwards &&
              request.digestCrc32c?.value === String(crc32c(request.digest?.sha256 ?? Buffer.alloc(0))),
          };
        });
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  const kms: KmsServer = {
    endpoint: `http://127.0.0.1:${port}`,
    publicKey,
    get signatures() {
      return signatures;
    },
    fault: null,
  };
  onTestFinished(() => server.forceShutdown());
  return kms;
}

/** Node.js signs only what it hashes itself; openssl signs a hash. */
function signDigest(key: KeyObject, digest: Buffer): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'pgaudit-shipper-test-'));
  const path = join(folder, 'key.pem');
  writeFileSync(path, key.export({ type: 'pkcs8', format: 'pem' }));
  const signature = execFileSync('openssl', ['pkeyutl', '-sign', '-inkey', path], { input: digest });
  rmSync(folder, { recursive: true });
  return signature;
}
