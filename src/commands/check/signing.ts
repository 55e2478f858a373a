import { resolve } from 'node:path';
import { ConfigError } from '../../config/load.js';
import type { Config } from '../../config/schema.js';
import { openSigner } from '../../daemon/assemble/signing.js';
import { type Finding, failure, ok } from './finding.js';

/** Whether the key that signs the seals can be used; no finding if none is configured. */
export async function checkSigning(config: Config): Promise<Finding[]> {
  const { signingKeyFile } = config.archive;
  if (signingKeyFile === undefined) return [];
  const path = resolve(signingKeyFile);
  try {
    await openSigner(config);
    return [ok('archive', `${path} signs the seals`)];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [
      failure(
        'archive',
        error.faults.join('; '),
        'the daemon does not start until this is fixed',
        `let the user of the shipper read it; if there is no key yet: openssl genpkey -algorithm ed25519 -out ${path}`,
      ),
    ];
  }
}
