import { ConfigError } from '../../config/load.js';
import type { Config } from '../../config/schema.js';
import { openEscrow } from '../../daemon/assemble/escrow.js';
import { type Finding, failure, ok, warning } from './finding.js';

/** Whether what is scrubbed is kept for somebody. */
export async function checkEscrow(config: Config): Promise<Finding[]> {
  const { escrowTo } = config.redact;
  if (escrowTo.length === 0)
    return [
      warning(
        'escrow',
        'nobody keeps the original of what is scrubbed',
        'whoever makes a change look like a password leaves its count alone',
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
  return [ok('escrow', `${escrowTo.length} keys open what is scrubbed`)];
}
