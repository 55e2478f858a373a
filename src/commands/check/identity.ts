import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Config, SourceConfig } from '../../config/schema.js';
import { isYaml, MOST_YAML } from '../../identity/people/entry.js';
import { loadPeople } from '../../identity/people/load.js';
import { MOST_ENTRIES } from '../../identity/people/table.js';
import { fileSize } from '../../lib/disk.js';
import { codeOf, ShipperError } from '../../lib/errors.js';
import { type Finding, failure, ok, warning } from './finding.js';

const FIX = "identity: [{pattern: ['^(?<id>[A-Z]\\d{6})$']}], or another resolver";

/** At most this many columns are named; a file may have any number. */
const MOST_NAMED = 20;

/** Whether the directories of people can be read, and whether a resolver is configured. */
export async function checkIdentity({ identity }: Config): Promise<Finding[]> {
  const directories = identity.flatMap(one => ('directory' in one ? [resolve(one.directory)] : []));
  const tokens = identity.flatMap(({ http }) =>
    http?.tokenFile === undefined ? [] : [resolve(http.tokenFile)],
  );
  const findings = (
    await Promise.all([...directories.map(checkDirectory), ...tokens.map(checkToken)])
  ).flat();
  if (identity.length === 0) {
    findings.push(warning('identity', 'no resolver is configured', 'every event will be unresolved', FIX));
  }
  return findings;
}

/** Whether anybody is ever shipped. */
export function checkFilter({ filter }: SourceConfig): Finding[] {
  if (filter.personalUsers.length > 0 || filter.otherUsers === 'ship') return [];
  return [
    failure(
      'filter',
      'no user is ever shipped',
      'the archive stays empty',
      'filter: {personalUsers: [...]}, or filter: {otherUsers: ship}',
    ),
  ];
}

async function checkToken(path: string): Promise<Finding[]> {
  try {
    await readFile(path);
    return [];
  } catch (error) {
    return [
      warning(
        'identity',
        `${path} cannot be read (${codeOf(error)})`,
        'the look-up service is not queried, and nobody is found there',
        'fix tokenFile, or write the token there, readable by the user of the shipper',
      ),
    ];
  }
}

async function checkDirectory(path: string): Promise<Finding[]> {
  try {
    const { people, ignored } = await loadPeople(path);
    if (people.count === 0)
      return [
        warning('directory', `${path} is empty`, 'it names nobody', 'fill it, or remove it from identity'),
      ];
    return [
      ok('directory', `${path}: ${people.count} entries`),
      ...sizeFindings(path, people.count, await fileSize(path)),
      ...ignoredFindings(path, ignored),
    ];
  } catch (error) {
    if (!(error instanceof ShipperError)) throw error;
    return [
      failure(
        'directory',
        error.message,
        'the daemon does not start until this is fixed',
        'fix the file, or remove it from identity',
      ),
    ];
  }
}

function sizeFindings(path: string, count: number, size: number): Finding[] {
  const why = 'a larger file is refused: the people that were read before stay, and a start fails';
  if (count > MOST_ENTRIES / 2) {
    const what = `${path} has ${count} entries, and ${MOST_ENTRIES} are the most`;
    return [warning('directory', what, why, 'leave out who has no access to the servers')];
  }
  if (!isYaml(path) || size < MOST_YAML / 2) return [];
  const what = `${path} has ${(size / 1024 ** 2).toFixed(1)} MiB, and ${MOST_YAML / 1024 ** 2} MiB are the most in YAML`;
  return [warning('directory', what, why, 'save it as CSV, with the same fields as its header line')];
}

function ignoredFindings(path: string, fields: readonly string[]): Finding[] {
  if (fields.length === 0) return [];
  return [
    warning(
      'directory',
      `${path}: columns not read: ${fields.slice(0, MOST_NAMED).join(', ')}${fields.length > MOST_NAMED ? ', …' : ''}`,
      'what they say about people is in no event',
      'call the columns user, id, email, name, unit, validFrom, validTo; or ignore this',
    ),
  ];
}
