import { ConfigError } from '../../config/load.js';
import type { Config } from '../../config/schema.js';
import { openEscrow } from '../../daemon/assemble/escrow.js';
import { type Finding, failure, ok, warning } from './finding.js';

/** Whether somebody can read the originals of what is redacted. */
export async function checkEscrow(config: Config): Promise<Finding[]> {
  const { escrowTo } = config.redact;
  if (escrowTo.length === 0)
    return [
      warning(
        'escrow',
        'nobody can read the original of what is redacted',
        'whoever makes a change look like a password hides it: only the number of redactions is kept',
        "age-keygen -o auditor.key on the auditors' machine; redact: {escrowTo: [age1…]}",
      ),
    ];
  try {
    await (await openEscrow(config))?.close();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [
      failure('escrow', error.message, 'the daemon does not start', 'age-keygen -y auditor.key prints it'),
    ];
  }
  return [ok('escrow', `${escrowTo.length} keys can decrypt what is redacted`)];
}
