import { resolve } from 'node:path';
import type { Config } from '../../config/schema.js';
import { codeOf, ShipperError } from '../../errors.js';
import { Directory } from '../../identity/directory.js';
import { type Finding, failure, ok, warning } from './finding.js';

/** Whether the files of people can be read, and whether anybody is named at all. */
export async function checkIdentity({ identity, filter }: Config): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const one of identity)
    if ('directory' in one) findings.push(await checkDirectory(resolve(one.directory)));
  if (identity.length === 0)
    findings.push(
      warning('identity', 'no resolver is configured', 'every event will be unresolved; set identity'),
    );
  if (filter.personalUsers.length === 0 && filter.otherUsers === 'drop') {
    findings.push(
      failure('filter', 'no user is ever shipped', 'set filter.personalUsers, or filter.otherUsers: ship'),
    );
  }
  return findings;
}

async function checkDirectory(path: string): Promise<Finding> {
  let people = 0;
  const report = {
    directoryLoaded(_path: string, count: number) {
      people = count;
    },
    directoryFailed: () => undefined,
  };
  try {
    await Directory.load(path, report);
    return people > 0
      ? ok('directory', `${path}: ${people} entries`)
      : warning('directory', `${path} is empty`, 'fill it, or remove it from identity');
  } catch (error) {
    const problem =
      error instanceof ShipperError ? error.message : `${path} cannot be read (${codeOf(error)})`;
    return failure('directory', problem, 'mend the file, or remove it from identity');
  }
}
