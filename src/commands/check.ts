/** `check`: says before the start what would go wrong after it. */

import type { Config } from '../config/schema.js';
import { parseDuration } from '../config/units.js';
import { checkDatabase } from './check/database.js';
import { checkDestinations } from './check/destinations.js';
import { checkEndToEnd } from './check/end-to-end.js';
import { type Finding, ok } from './check/finding.js';
import { checkIdentity } from './check/identity.js';
import { renderJson, renderTable } from './check/render.js';
import { checkSigning } from './check/signing.js';
import { checkSource } from './check/source.js';
import { checkState } from './check/state.js';

/** As the command line gives them. */
export interface CheckArguments {
  readonly json?: boolean;
  /** Makes a change as a person, and follows it. */
  readonly endToEnd?: boolean;
  /** Who makes it: a role, or a connection URL. */
  readonly as?: string;
  /** How long it may take: `60s`. */
  readonly wait?: string;
}

const FAILED = 1;
const BAD_USAGE = 2;
const DEFAULT_WAIT = '60s';

/** Prints what it finds and returns the exit code: 1 where anything fails. */
export async function check(config: Config, file: string, options: CheckArguments = {}): Promise<number> {
  const { json = false, endToEnd = false, as = null, wait: written = DEFAULT_WAIT } = options;
  const wait = parseDuration(written);
  if (wait === null) {
    process.stderr.write('--wait takes a duration, such as 60s\n');
    return BAD_USAGE;
  }
  const findings: Finding[] = [
    ok('configuration', file),
    ...(await checkIdentity(config)),
    ...(await checkSource(config)),
    ...(await checkState(config)),
    ...(await checkSigning(config)),
    ...(await checkDestinations(config)),
    ...(await checkDatabase(config)),
    ...(endToEnd ? await checkEndToEnd(config, { as, wait }) : []),
  ];
  process.stdout.write(json ? renderJson(findings) : renderTable(findings));
  return findings.some(({ status }) => status === 'failure') ? FAILED : 0;
}
