/** Asks a time stamping authority over HTTP (RFC 3161, 3.4). */

import { randomBytes, type X509Certificate } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { MessageImprint, TimeStampReq } from '@peculiar/asn1-tsp';
import { AlgorithmIdentifier } from '@peculiar/asn1-x509';
import { codeOf, ShipperError } from '../errors.js';
import { checkStamp, LARGEST_STAMP, SHA256, type Stamp } from './stamp.js';

export interface Authority {
  readonly url: string;
  /** Whom to trust. */
  readonly trusted: readonly X509Certificate[];
  /** An object identifier; without it, the authority chooses. */
  readonly policy?: string | undefined;
}

/** Milliseconds. */
const LONGEST_WAIT = 30_000;

/** The response (DER), which was checked. Throws a ShipperError if there is none, or it is not good. */
export async function requestStamp(
  sha256: Buffer,
  { url, trusted, policy }: Authority,
  signal: AbortSignal,
): Promise<{ response: Buffer; stamp: Stamp }> {
  const nonce = randomBytes(16);
  // An INTEGER whose first bit is set would be negative, and one that begins with 0 not minimal.
  nonce[0] = ((nonce[0] ?? 0) & 0x3f) | 0x40;
  const response = await post(url, requestOf(sha256, nonce, policy), signal);
  return { response, stamp: checkStamp(response, { sha256, nonce, policy }, trusted) };
}

function requestOf(sha256: Buffer, nonce: Buffer, policy: string | undefined): Buffer {
  const hashAlgorithm = new AlgorithmIdentifier({ algorithm: SHA256, parameters: null });
  const messageImprint = new MessageImprint({ hashAlgorithm, hashedMessage: new OctetString(sha256) });
  const request = new TimeStampReq({
    messageImprint,
    nonce: Uint8Array.from(nonce).buffer,
    certReq: true,
    ...(policy !== undefined && { reqPolicy: policy }),
  });
  return Buffer.from(AsnConvert.serialize(request));
}

async function post(url: string, body: Buffer, signal: AbortSignal): Promise<Buffer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
      body: Uint8Array.from(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(LONGEST_WAIT)]),
      redirect: 'manual',
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw failed(String(response.status));
    }
    return await bodyOf(response);
  } catch (error) {
    if (error instanceof ShipperError) throw error;
    throw failed(codeOf(error instanceof Error && error.cause instanceof Error ? error.cause : error));
  }
}

async function bodyOf({ body }: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > LARGEST_STAMP) throw failed('too-large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function failed(code: string): ShipperError {
  return new ShipperError(code, `the time stamping authority does not answer as it should (${code})`);
}
