import { hash } from 'node:crypto';
import { ConfigError } from '../../config/load.js';
import type { Config } from '../../config/schema.js';
import { openSigner, signingKeyOf } from '../../daemon/assemble/signing.js';
import { isSignedWith, signed } from '../../event/line.js';
import { ShipperError } from '../../lib/errors.js';
import { type Finding, failure, ok } from './finding.js';

/** The key that signs, and the one before it: the daemon starts with neither if one of them cannot be used. */
export async function checkSigning({ archive }: Config): Promise<Finding[]> {
  return [...(await checkKey(signingKeyOf(archive), archive)), ...(await checkPrevious(archive))];
}

/** The key before this one is asked for nothing: it may be one that nobody may use any more. */
async function checkPrevious(archive: Config['archive']): Promise<Finding[]> {
  const { previousSigningKey: key } = archive;
  if (key === undefined) return [];
  try {
    await openSigner(key, archive, 'previousSigningKey');
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const fix =
      'let the user of the shipper read it; or remove the setting: nobody then vouches for the new key';
    return [
      failure('archive', error.faults.join('; '), 'the daemon does not start until this is fixed', fix),
    ];
  }
}

/** Signs once, and checks the signature; no finding if no key is configured. */
async function checkKey(
  key: ReturnType<typeof signingKeyOf>,
  archive: Config['archive'],
): Promise<Finding[]> {
  if (key === null) return [];
  const name = key.kind === 'file' ? key.path : key.name;
  try {
    const signer = await openSigner(key, archive);
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
