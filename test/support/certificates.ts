/** A certificate authority of our own: no other process knows it, unless NODE_EXTRA_CA_CERTS names its file. */

import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import forge from 'node-forge';

/** What a TLS server needs, in PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export interface Authority {
  /** The authority's own certificate, in PEM. */
  readonly cert: string;
  /** A certificate for these host names. */
  certify(...names: string[]): Certificate;
  /**
   * Writes the authority's certificate into a folder, and returns the environment in which a process trusts it. That
   * includes gRPC, which would otherwise trust only the file of its own variable.
   */
  trustedIn(folder: string): Promise<NodeJS.ProcessEnv>;
}

const HOUR = 60 * 60 * 1000;
/** The type of subjectAltName for host names (RFC 5280, 4.2.1.6). */
const DNS_NAME = 2;

export function createAuthority(): Authority {
  const keys = rsaKeys();
  const subject = [{ name: 'commonName', value: 'pgaudit-shipper test authority' }];
  const sign = (certificate: forge.pki.Certificate): string => {
    certificate.setIssuer(subject);
    certificate.sign(keys.privateKey, forge.md.sha256.create());
    return forge.pki.certificateToPem(certificate);
  };
  const cert = sign(
    unsigned(keys.publicKey, subject, [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ]),
  );
  return {
    cert,
    certify(...names) {
      const { privatePem, publicKey } = rsaKeys();
      const altNames = names.map(value => ({ type: DNS_NAME, value }));
      const extensions = [
        { name: 'subjectAltName', altNames },
        { name: 'extKeyUsage', serverAuth: true },
      ];
      const owner = [{ name: 'commonName', value: names[0] ?? '' }];
      return { key: privatePem, cert: sign(unsigned(publicKey, owner, extensions)) };
    },
    async trustedIn(folder) {
      const path = join(folder, 'authority.pem');
      await writeFile(path, cert);
      return { NODE_EXTRA_CA_CERTS: path, GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: undefined };
    },
  };
}

/** Node.js makes keys at once; the library alone takes seconds. */
function rsaKeys(): {
  privatePem: string;
  privateKey: forge.pki.rsa.PrivateKey;
  publicKey: forge.pki.rsa.PublicKey;
} {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return {
    privatePem: privateKey,
    privateKey: forge.pki.privateKeyFromPem(privateKey),
    publicKey: forge.pki.publicKeyFromPem(publicKey),
  };
}

function unsigned(
  publicKey: forge.pki.PublicKey,
  subject: forge.pki.CertificateField[],
  extensions: object[],
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  // A leading one: serial numbers are positive, and begin with no zero (RFC 5280, 4.1.2.2; X.690, 8.3.2).
  certificate.serialNumber = `01${forge.util.bytesToHex(forge.random.getBytesSync(15))}`;
  certificate.validity.notBefore = new Date(Date.now() - HOUR);
  certificate.validity.notAfter = new Date(Date.now() + 24 * HOUR);
  certificate.setSubject(subject);
  certificate.setExtensions(extensions);
  return certificate;
}
