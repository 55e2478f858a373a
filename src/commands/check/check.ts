/** `check`: names before the start what would go wrong after it. */

import type { Config, SourceConfig } from '../../config/schema.js';
import { parseDuration } from '../../config/units.js';
import { findServers } from '../../daemon/assemble/found-servers.js';
import { withOwnNames } from '../../daemon/discovery.js';
import { fixFor } from '../../daemon/fixes.js';
import { checkDatabase } from './database.js';
import { checkDestinations } from './destinations.js';
import { checkEndToEnd } from './end-to-end.js';
import { checkEscrow } from './escrow.js';
import { type Finding, failure, ok } from './finding.js';
import { checkFilter, checkIdentity } from './identity.js';
import { checkMemory } from './memory.js';
import { checkOverlap } from './overlap.js';
import { renderJson, renderTable } from './render.js';
import { checkRows } from './rows.js';
import { checkSigning } from './signing.js';
import { checkSource } from './source.js';
import { checkState } from './state.js';
import { checkTimestamp } from './timestamp.js';
import { checkUser } from './user.js';

/** As the command line gives them. */
export interface CheckArguments {
  readonly json?: boolean;
  /** Makes a change as a person, and follows it. */
  readonly endToEnd?: boolean;
  /** The instance of one of several sources: checks only this one. */
  readonly source?: string;
  /** Who makes the change: a role, or a connection URL. */
  readonly as?: string;
  /** How long the change may take to arrive: `60s`. */
  readonly wait?: string;
  /** The user that check runs as; main changed to it already. */
  readonly user?: string;
}

const FAILED = 1;
const BAD_USAGE = 2;
const DEFAULT_WAIT = '60s';

/** Prints the findings and returns the exit code: 1 if anything fails. */
export async function check(config: Config, file: string, options: CheckArguments = {}): Promise<number> {
  const { json = false, endToEnd = false, as = null, wait: written = DEFAULT_WAIT } = options;
  const wait = parseDuration(written);
  if (wait === null) return refuse('--wait takes a duration, such as 60s');
  const found = await foundBy(config);
  const all = [...config.sources, ...found.servers];
  const sources = all.filter(({ instance }) => instance === (options.source ?? instance));
  const names = all.map(({ instance }) => instance).join(', ');
  if (sources.length === 0 && config.discovered.length === 0)
    return refuse(`--source takes one of the configured sources: ${names}`);
  if (endToEnd && sources.length > 1) return refuse(`--end-to-end needs --source, one of ${names}`);
  const findings: Finding[] = [
    ok('configuration', file),
    ...found.findings,
    ...checkUser(options.user ?? null),
    ...(await checkIdentity(config)),
    ...(await ofEach(sources, config, async source => [
      ...checkFilter(source),
      ...(await checkSource(source, config)),
    ])),
    ...(await checkOverlap(sources)),
    ...(await checkState(config)),
    ...checkMemory(config),
    ...(await checkSigning(config)),
    ...(await checkTimestamp(config)),
    ...(await checkEscrow(config)),
    ...(await checkDestinations(config)),
    ...(await ofEach(sources, config, source => checkDatabase(source, config))),
    ...(await ofEach(sources, config, checkRows)),
    ...(endToEnd ? await ofEach(sources, config, source => checkEndToEnd(source, config, { as, wait })) : []),
  ];
  process.stdout.write(json ? renderJson(findings) : renderTable(findings));
  return findings.some(({ status }) => status === 'failure') ? FAILED : 0;
}

/** With several servers, each finding names its server. */
async function ofEach(
  sources: readonly SourceConfig[],
  { areNamed }: Config,
  look: (source: SourceConfig) => Promise<Finding[]>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const source of sources) {
    const found = await look(source);
    const { instance } = source;
    findings.push(...(areNamed ? found.map(one => ({ ...one, what: `${instance}: ${one.what}` })) : found));
  }
  return findings;
}

/** Servers that are found by their files now. */
async function foundBy({
  discovered,
}: Config): Promise<{ readonly servers: SourceConfig[]; readonly findings: Finding[] }> {
  const servers: SourceConfig[] = [];
  const findings: Finding[] = [];
  const names = new Map<string, string>();
  for (const one of discovered) {
    const { files, most } = one.discover;
    const { servers: all, faults, unnamed } = await findServers(one);
    const found = withOwnNames(all, names);
    servers.push(...found);
    findings.push(
      ...all
        .filter(server => !found.includes(server))
        .map(({ instance, files: [path = ''] }) =>
          failure(
            'servers',
            path,
            'it is not read',
            `another server is named ${instance}, too: change discover: instance`,
          ),
        ),
      ...faults.map(({ path, code }) =>
        failure('servers', `${path} (${code})`, 'servers there are not found', fixFor(code)),
      ),
      ...unnamed.map(path =>
        failure(
          'servers',
          path,
          'it is not read',
          'its instance is no valid name: change discover: instance',
        ),
      ),
    );
    const count = `${found.length} servers by ${files}`;
    if (found.length > most)
      findings.push(
        failure('servers', count, `only ${most} are read`, 'raise discover: most, or run another daemon'),
      );
    else if (found.length === 0)
      findings.push(
        failure(
          'servers',
          count,
          'nothing is read, and nothing is proved until a server is found',
          'see whether the path and its placeholders are right; on a host that has no server yet this is expected',
        ),
      );
    else findings.push(ok('servers', `${count}: ${found.map(({ instance }) => instance).join(', ')}`));
  }
  return { servers, findings };
}

function refuse(fault: string): number {
  process.stderr.write(`${fault}\n`);
  return BAD_USAGE;
}
