/**
 * Time stamps of RFC 3161: a third party's word that something with this SHA-256 existed at that time.
 *
 * The structures are read by libraries; Node.js' crypto checks signatures and certificates. Certificates are checked as of
 * the time that the stamp names: an archive outlives them. Constraints on paths and names, and revocation, are not
 * looked at.
 */

import { constants, createHash, verify, X509Certificate } from 'node:crypto';
import { SignedData, type SignerInfo } from '@peculiar/asn1-cms';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { id_ct_tstInfo, TimeStampResp, TSTInfo } from '@peculiar/asn1-tsp';
import { fromBER, OctetString as Octets, Sequence, Set as SetOf } from 'asn1js';
import { codeOf, ShipperError } from '../errors.js';

/** What an authority said. */
export interface Stamp {
  readonly time: Date;
  /** The certificate's subject, on one line. */
  readonly authority: string;
  /** Its rules, as an object identifier. */
  readonly policy: string;
}

export interface Expected {
  /** What must have been stamped. */
  readonly sha256: Buffer;
  /** Of the request; not known later. */
  readonly nonce?: Buffer;
  readonly policy?: string | undefined;
}

/** Bytes; a response holds a few certificates. */
export const LARGEST_STAMP = 256 * 1024;

/**
 * Checks a response (DER) against what was asked, and its authority against trusted certificates. Throws a ShipperError
 * that says what is wrong.
 *
 * @param trusted roots, or authorities themselves; if there are none, the signature is checked, and not whose it is
 */
export function checkStamp(response: Buffer, expected: Expected, trusted: readonly X509Certificate[]): Stamp {
  try {
    return check(response, expected, trusted);
  } catch (error) {
    if (error instanceof ShipperError) throw error;
    // The libraries have no errors of their own for what they cannot read.
    throw wrong(`it is not an RFC 3161 response (${codeOf(error)})`);
  }
}

function check(response: Buffer, expected: Expected, trusted: readonly X509Certificate[]): Stamp {
  const { signed, content, info } = parse(response);
  checkContent(info, expected);
  const [signer, ...others] = signed.signerInfos;
  if (signer === undefined || others.length > 0) throw wrong('it does not have exactly one signature');
  const certificates = certificatesOf(signed);
  const certificate = certificates.find(one => isOf(signer, one));
  if (certificate === undefined) throw wrong("the signer's certificate is not in it");
  checkSigned(signer, content, certificate);
  checkAuthority(certificate, info.genTime);
  if (trusted.length > 0) checkPath(certificate, certificates, trusted, info.genTime);
  const authority = certificate.subject.replaceAll('\n', ', ');
  return { time: info.genTime, authority, policy: info.policy };
}

function wrong(what: string): ShipperError {
  return new ShipperError('stamp', `the time stamp is not good: ${what}`);
}

function parse(response: Buffer): { signed: SignedData; content: Buffer; info: TSTInfo } {
  if (response.length > LARGEST_STAMP) throw wrong('it is too large');
  const { status, timeStampToken } = AsnConvert.parse(response, TimeStampResp);
  if (timeStampToken === undefined) throw wrong(`the authority refused it (status ${status.status})`);
  const signed = AsnConvert.parse(timeStampToken.content, SignedData);
  const { eContentType, eContent } = signed.encapContentInfo;
  const inner = eContent?.single ?? null;
  if (eContentType !== id_ct_tstInfo || inner === null) throw wrong('it holds something else');
  const content = Buffer.from(inner.buffer);
  return { signed, content, info: AsnConvert.parse(content, TSTInfo) };
}

/** Object identifier. */
export const SHA256 = '2.16.840.1.101.3.4.2.1';

function checkContent({ messageImprint, nonce, policy }: TSTInfo, expected: Expected): void {
  const { hashAlgorithm, hashedMessage } = messageImprint;
  if (hashAlgorithm.algorithm !== SHA256 || !Buffer.from(hashedMessage.buffer).equals(expected.sha256))
    throw wrong('it is over something else');
  if (
    expected.nonce !== undefined &&
    (nonce === undefined || !isSameNumber(Buffer.from(nonce), expected.nonce))
  )
    throw wrong('it answers another request');
  if (expected.policy !== undefined && policy !== expected.policy)
    throw wrong('it was made by another policy than the one asked for');
}

function isSameNumber(a: Buffer, b: Buffer): boolean {
  return BigInt(`0x0${a.toString('hex')}`) === BigInt(`0x0${b.toString('hex')}`);
}

function certificatesOf({ certificates }: SignedData): X509Certificate[] {
  return (certificates ?? []).flatMap(({ certificate }) =>
    certificate === undefined ? [] : [new X509Certificate(Buffer.from(AsnConvert.serialize(certificate)))],
  );
}

function isOf({ sid }: SignerInfo, { raw, serialNumber }: X509Certificate): boolean {
  const { issuerAndSerialNumber: named, subjectKeyIdentifier: key } = sid;
  if (named !== undefined) {
    const serial = Buffer.from(named.serialNumber);
    const issuer = Buffer.from(AsnConvert.serialize(named.issuer));
    return isSameNumber(serial, Buffer.from(evenHex(serialNumber), 'hex')) && raw.includes(issuer);
  }
  return key !== undefined && raw.includes(Buffer.from(key.buffer));
}

function evenHex(hex: string): string {
  return hex.length % 2 === 0 ? hex : `0${hex}`;
}

/** Names of hashes by their object identifiers: SHA-1 and MD5 prove nothing any more. */
const HASHES: Readonly<Record<string, string>> = {
  [SHA256]: 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12';
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';
const RSA_PSS = '1.2.840.113549.1.1.10';
const ED25519 = '1.3.101.112';

/** The signature covers attributes, which name the content and the certificate. */
function checkSigned(signer: SignerInfo, content: Buffer, certificate: X509Certificate): void {
  const hash = HASHES[signer.digestAlgorithm.algorithm];
  if (hash === undefined) throw wrong('its hash is not SHA-256, SHA-384 or SHA-512');
  const { signedAttrs = [] } = signer;
  const attributeOf = (type: string): Buffer | null => {
    const [value] = signedAttrs.find(({ attrType }) => attrType === type)?.attrValues ?? [];
    return value === undefined ? null : Buffer.from(value);
  };
  const digest = attributeOf(MESSAGE_DIGEST);
  const isOfContent =
    digest !== null &&
    Buffer.from(AsnConvert.parse(digest, OctetString).buffer).equals(
      createHash(hash).update(content).digest(),
    );
  if (!isOfContent || attributeOf(CONTENT_TYPE) === null) throw wrong('its content was changed');
  checkNamed(attributeOf(SIGNING_CERTIFICATE_V2), attributeOf(SIGNING_CERTIFICATE), certificate);
  // What is signed is the attributes as a SET OF, which the structure has under another tag (RFC 5652, 5.4).
  const set = new SetOf({ value: signedAttrs.map(one => fromBER(AsnConvert.serialize(one)).result) });
  const attributes = Buffer.from(set.toBER());
  const { algorithm } = signer.signatureAlgorithm;
  const key = certificate.publicKey;
  const options = algorithm === RSA_PSS ? { key, padding: constants.RSA_PKCS1_PSS_PADDING } : { key };
  if (!verify(algorithm === ED25519 ? null : hash, attributes, options, Buffer.from(signer.signature.buffer)))
    throw wrong('its signature does not fit');
}

/** The certificate's own hash is signed, too, so that no other one can take its place (RFC 5035). */
function checkNamed(v2: Buffer | null, v1: Buffer | null, { raw }: X509Certificate): void {
  const named = firstHash(v2 ?? v1);
  const hashes = v2 === null ? ['sha1'] : ['sha256', 'sha384', 'sha512'];
  if (named === null || !hashes.some(hash => createHash(hash).update(raw).digest().equals(named)))
    throw wrong('it does not name the certificate that it was signed with');
}

/** `SEQUENCE { SEQUENCE OF SEQUENCE { …, OCTET STRING, … } }`: the first of them. */
function firstHash(attribute: Buffer | null): Buffer | null {
  if (attribute === null) return null;
  let [node]: unknown[] = [fromBER(attribute).result];
  for (let depth = 0; depth < 2; depth++) node = node instanceof Sequence ? node.valueBlock.value[0] : null;
  const members: unknown[] = node instanceof Sequence ? node.valueBlock.value : [];
  const found = members.find(member => member instanceof Octets);
  return found instanceof Octets ? Buffer.from(found.valueBlock.valueHexView) : null;
}

const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';

function checkAuthority(certificate: X509Certificate, time: Date): void {
  if (!(certificate.keyUsage ?? []).includes(TIME_STAMPING))
    throw wrong('its certificate is not one for time stamps');
  if (!isValid(certificate, time)) throw wrong('its certificate was not valid at that time');
}

function isValid({ validFromDate, validToDate }: X509Certificate, time: Date): boolean {
  return validFromDate <= time && time <= validToDate;
}

/** Certificates between an authority and its root. */
const LONGEST_PATH = 8;

function checkPath(
  certificate: X509Certificate,
  given: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
  time: Date,
): void {
  let at = certificate;
  for (let steps = 0; steps < LONGEST_PATH; steps++) {
    if (trusted.some(one => one.raw.equals(at.raw) || issued(one, at, time))) return;
    const next = given.find(one => !one.raw.equals(at.raw) && issued(one, at, time));
    if (next === undefined) break;
    at = next;
  }
  throw wrong('its authority is none of those that are trusted');
}

function issued(issuer: X509Certificate, certificate: X509Certificate, time: Date): boolean {
  return (
    issuer.ca &&
    isValid(issuer, time) &&
    certificate.checkIssued(issuer) &&
    certificate.verify(issuer.publicKey)
  );
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates in a PEM file. Throws a ShipperError if there is none. */
export function certificatesIn(pem: string): X509Certificate[] {
  const found = pem.match(PEM) ?? [];
  if (found.length === 0) throw new ShipperError('certificate', 'there is no certificate (PEM) in it');
  return found.map(one => new X509Certificate(one));
}
