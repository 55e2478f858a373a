import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { requestStamp } from '../../src/lib/timestamp/request.js';
import { certificatesIn, checkStamp } from '../../src/lib/timestamp/stamp.js';
import { temporaryFolder } from '../support/temp.js';
import { POLICY, serveTsa, Tsa } from '../support/tsa.js';

const { signal } = new AbortController();
const DIGEST = createHash('sha256').update('a seal').digest();
const OTHER = createHash('sha256').update('another').digest();

async function authority(...args: [kind?: 'rsa' | 'ec' | 'ed25519', usage?: 'tsa' | 'other']) {
  const tsa = new Tsa(join(await temporaryFolder(), 'tsa'), ...args);
  return { tsa, trusted: certificatesIn(readFileSync(tsa.ca, 'utf8')) };
}

test.each(['rsa', 'ec'] as const)(
  'a stamp is asked for and checked, and openssl takes it, too: %s',
  async kind => {
    const { tsa, trusted } = await authority(kind);
    const { url } = await serveTsa(tsa);
    const before = Date.now() - 1000;
    const { response, stamp } = await requestStamp(DIGEST, { url, trusted, policy: POLICY }, signal);
    expect(stamp).toMatchObject({ authority: 'O=Test, CN=Test TSA', policy: POLICY });
    expect(stamp.time.getTime()).toBeGreaterThan(before);
    expect(tsa.accepts(response, DIGEST.toString('hex'))).toBe(true);
    expect(checkStamp(response, { sha256: DIGEST }, trusted)).toEqual(stamp);
  },
);

test('what is over something else, of another authority, or of no authority is refused', async () => {
  const [{ tsa, trusted }, other, web] = await Promise.all([
    authority(),
    authority('ec'),
    authority('rsa', 'other'),
  ]);
  const good = tsa.stamp(DIGEST.toString('hex'));
  expect(checkStamp(good, { sha256: DIGEST }, trusted).policy).toBe(POLICY);
  expect(() => checkStamp(good, { sha256: OTHER }, trusted)).toThrow('over something else');
  expect(() => checkStamp(good, { sha256: DIGEST }, other.trusted)).toThrow('none of those that are trusted');
  expect(() => checkStamp(good, { sha256: DIGEST, nonce: Buffer.from('01', 'hex') }, trusted)).toThrow(
    'another request',
  );
  expect(() => checkStamp(good, { sha256: DIGEST, policy: '1.2.3.4.5' }, trusted)).toThrow('another policy');
  expect(() => web.tsa.stamp(DIGEST.toString('hex'))).toThrow();
});

test('any changed byte is refused, or changes nothing that is signed', async () => {
  const { tsa, trusted } = await authority('ec');
  const good = tsa.stamp(DIGEST.toString('hex'));
  const stamp = checkStamp(good, { sha256: DIGEST }, trusted);
  for (let at = 0; at < good.length; at++) {
    const bad = Buffer.from(good);
    bad[at] = (bad[at] ?? 0) ^ 0x01;
    let found = null;
    try {
      found = checkStamp(bad, { sha256: DIGEST }, trusted);
    } catch (error) {
      expect(error).toMatchObject({ code: 'stamp' });
    }
    if (found !== null) expect(found).toEqual(stamp);
  }
  for (let length = 0; length < good.length; length += 97)
    expect(() => checkStamp(good.subarray(0, length), { sha256: DIGEST }, trusted)).toThrow('not good');
});

test('a stamp from outside the life of its certificate is refused', async () => {
  const { tsa, trusted } = await authority('ec');
  const { validTo } = new X509Certificate(readFileSync(join(tsa.folder, 'tsa.pem')));
  expect(Date.parse(validTo)).toBeGreaterThan(Date.now());
  expect(() => certificatesIn('nothing')).toThrow('no certificate');
  expect(trusted).toHaveLength(1);
});

test.each<[string, (request: Buffer) => { status: number; body: Buffer }, string]>([
  ['an error', () => ({ status: 503, body: Buffer.from('no') }), '503'],
  [
    'something that is no stamp',
    () => ({ status: 200, body: Buffer.from('<html>') }),
    'not an RFC 3161 response',
  ],
  ['without end', () => ({ status: 200, body: Buffer.alloc(1 << 20) }), 'too-large'],
])('an authority that answers %s', async (_name, answer, error) => {
  const { tsa, trusted } = await authority('ec');
  const server = await serveTsa(tsa);
  server.answer = answer;
  await expect(requestStamp(DIGEST, { url: server.url, trusted }, signal)).rejects.toThrow(error);
});

test('the answer to an earlier request is refused', async () => {
  const { tsa, trusted } = await authority('ec');
  const server = await serveTsa(tsa);
  const old = tsa.stamp(DIGEST.toString('hex'));
  server.answer = () => ({ status: 200, body: old });
  await expect(requestStamp(DIGEST, { url: server.url, trusted }, signal)).rejects.toThrow('another request');
});
