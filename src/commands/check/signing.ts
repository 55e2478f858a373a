import { hash } from 'node:crypto';
import { ConfigError } from '../../config/load.js';
import type { Config } from '../../config/schema.js';
import { openSigner, signingKeyOf } from '../../daemon/assemble/signing.js';
import { isSignedWith, signed } from '../../event/line.js';
import { ShipperError } from '../../lib/errors.js';
import { type Finding, failure, ok } from './finding.js';

/** Signs once, and checks the signature; no finding if no key is configured. */
export async function checkSigning(config: Config): Promise<Finding[]> {
  const key = signingKeyOf(config.archive);
  if (key === null) return [];
  const name = key.kind === 'file' ? key.path : key.name;
  try {
    const signer = await openSigner(key, config.archive);
    const publicKey = await signer.publicKey();
    const line = Buffer.from(JSON.stringify({ v: 1, kind: 'check' }));
    const signature = await signer.sign(line);
    if (isSignedWith(signed(line, signature), publicKey) !== true)
      return [
        notUsable(
          `${name} signs with another key than the public one that it names`,
          'make a new version of the key',
        ),
      ];
    const fingerprint = hash('sha256', publicKey.export({ type: 'spki', format: 'der' }), 'hex');
    return [ok('archive', `${name} signs the seals (key ${fingerprint.slice(0, 16)}…)`)];
  } catch (error) {
    if (error instanceof ConfigError)
      return [
        notUsable(
          error.faults.join('; '),
          `let the user of the shipper read it; if there is no key yet: openssl genpkey -algorithm ed25519 -out ${name}`,
        ),
      ];
    if (!(error instanceof ShipperError)) throw error;
    return [notUsable(error.message, 'see to it that the key can be used: until then no segment is sealed')];
  }
}

function notUsable(what: string, fix: string): Finding {
  return failure('archive', what, 'seals are not signed, and nothing gets into the archive', fix);
}
