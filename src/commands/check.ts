/** `check`: says before the start what would go wrong after it. */

import { styleText } from 'node:util';
import type { Config } from '../config/schema.js';
import { checkCredentials } from './check/credentials.js';
import type { Finding } from './check/finding.js';
import { checkIdentity } from './check/identity.js';
import { checkSource } from './check/source.js';
import { checkState } from './check/state.js';

const COLORS = { ok: 'green', warning: 'yellow', failure: 'red' } as const;

/** Prints a table and returns the exit code: 1 where anything fails. */
export async function check(config: Config, file: string): Promise<number> {
  const findings: Finding[] = [
    { what: 'configuration', status: 'ok', detail: file },
    ...(await checkIdentity(config)),
    ...(await checkSource(config)),
    ...(await checkState(config)),
    ...(await checkCredentials(config)),
  ];
  for (const finding of findings) process.stdout.write(render(finding));
  return findings.some(finding => finding.status === 'failure') ? 1 : 0;
}

function render({ what, status, detail, mend }: Finding): string {
  const line = `${styleText(COLORS[status], status.padEnd(8))} ${what.padEnd(14)} ${detail}\n`;
  return mend === undefined ? line : `${line}${' '.repeat(24)}→ ${mend}\n`;
}
