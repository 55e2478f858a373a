/** A time stamping authority of openssl's, on loopback. */

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/** An object identifier for tests (RFC 3161 has none of its own). */
export const POLICY = '1.2.3.4.1';

const CONFIG = `
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[tsa]
basicConstraints = CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[other]
extendedKeyUsage = serverAuth
[reply]
default_tsa = reply
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = ${POLICY}
other_policies = 1.2.3.4.5
digests = sha256, sha512
ess_cert_id_chain = no
ess_cert_id_alg = sha256
`;

type KeyKind = 'rsa' | 'ec' | 'ed25519';

export class Tsa {
  readonly folder: string;
  /** The root's certificate (PEM). */
  readonly ca: string;

  /** @param usage `other`: its certificate is not for time stamps */
  constructor(folder: string, kind: KeyKind = 'rsa', usage: 'tsa' | 'other' = 'tsa') {
    this.folder = folder;
    this.ca = join(folder, 'ca.pem');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'tsa.cnf'), CONFIG);
    writeFileSync(join(folder, 'serial'), '01\n');
    this.#key('ca', 'ec');
    this.#key('tsa', kind);
    this.#run(
      'req',
      '-x509',
      '-new',
      '-key',
      'ca.key',
      '-subj',
      '/CN=Test root',
      '-days',
      '30',
      '-extensions',
      'ca',
      '-config',
      'req.cnf',
      '-out',
      'ca.pem',
    );
    this.#run(
      'req',
      '-new',
      '-key',
      'tsa.key',
      '-subj',
      '/O=Test/CN=Test TSA',
      '-config',
      'req.cnf',
      '-out',
      'tsa.csr',
    );
    this.#run(
      'x509',
      '-req',
      '-in',
      'tsa.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-days',
      '20',
      '-extfile',
      'tsa.cnf',
      '-extensions',
      usage,
      '-out',
      'tsa.pem',
    );
  }

  #key(name: string, kind: KeyKind): void {
    const options = {
      rsa: ['-algorithm', 'rsa', '-pkeyopt', 'rsa_keygen_bits:2048'],
      ec: ['-algorithm', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
      ed25519: ['-algorithm', 'ed25519'],
    }[kind];
    this.#run('genpkey', ...options, '-out', `${name}.key`);
    const sections = CONFIG.slice(0, CONFIG.indexOf('[reply]'));
    writeFileSync(join(this.folder, 'req.cnf'), `[req]\ndistinguished_name = dn\n[dn]\n${sections}`);
  }

  #run(...args: readonly string[]): void {
    execFileSync('openssl', args, { cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] });
  }

  /** The response to a request, both in DER. */
  reply(request: Buffer): Buffer {
    writeFileSync(join(this.folder, 'request.tsq'), request);
    this.#run(
      'ts',
      '-reply',
      '-queryfile',
      'request.tsq',
      '-section',
      'reply',
      '-config',
      'tsa.cnf',
      '-inkey',
      'tsa.key',
      '-signer',
      'tsa.pem',
      '-out',
      'reply.tsr',
    );
    return readFileSync(join(this.folder, 'reply.tsr'));
  }

  /** A stamp over this SHA-256 (hex), without a nonce. */
  stamp(sha256: string): Buffer {
    this.#run('ts', '-query', '-digest', sha256, '-sha256', '-cert', '-no_nonce', '-out', 'own.tsq');
    return this.reply(readFileSync(join(this.folder, 'own.tsq')));
  }

  /** What `openssl ts` says of a response to this SHA-256 (hex). */
  accepts(response: Buffer, sha256: string): boolean {
    writeFileSync(join(this.folder, 'given.tsr'), response);
    try {
      this.#run('ts', '-verify', '-digest', sha256, '-in', 'given.tsr', '-CAfile', 'ca.pem');
      return true;
    } catch {
      return false;
    }
  }
}

export interface TsaServer {
  readonly url: string;
  readonly requests: number;
  /** What it answers instead of a stamp; `null`: a stamp again. */
  answer: ((request: Buffer) => { status: number; body: Buffer }) | null;
  close(): Promise<void>;
}

export async function serveTsa(tsa: Tsa, port = 0): Promise<TsaServer> {
  let requests = 0;
  const server: Server = createServer(async (request, response) => {
    requests += 1;
    const body = await buffer(request);
    const { status, body: answer } = made.answer?.(body) ?? { status: 200, body: tsa.reply(body) };
    response.writeHead(status, { 'content-type': 'application/timestamp-reply' }).end(answer);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: given }: AddressInfo = Object(server.address());
  const made: TsaServer = {
    url: `http://127.0.0.1:${given}/tsa`,
    get requests() {
      return requests;
    },
    answer: null,
    async close() {
      server.closeAllConnections();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
  onTestFinished(() => made.close());
  return made;
}
