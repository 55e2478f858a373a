/** Persons by membership who are no longer members: the daemon still ships what they do for 30 days. */

import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Config, SourceConfig } from '../../config/schema.js';
import { catalogs } from '../../database/catalogs.js';
import type { Sorted } from '../../decide/roles.js';
import { hasCode } from '../../lib/errors.js';
import { parseJson } from '../../lib/json.js';
import { identifier, some } from '../../lib/sql/compose.js';
import { type Finding, ok } from './finding.js';

/** Those whom the daemon saw in a group of persons in the last 30 days. */
export async function keptPersons({ instance }: SourceConfig, config: Config): Promise<ReadonlySet<string>> {
  const name = instance === config.instance ? 'catalog.json' : `catalog-${instance}.json`;
  return new Set(await personsIn(join(resolve(config.state.directory), name)));
}

/** @param sorted by present memberships */
export function formerFindings(kept: ReadonlySet<string>, sorted: readonly Sorted[]): Finding[] {
  const kinds = new Map(sorted.map(({ role, kind }) => [role.name, kind]));
  const former = [...kept].filter(person => kinds.get(person) !== 'person').map(identifier);
  if (former.length === 0) return [];
  return [ok('filter', `${some(former)}: left the group of persons recently; still shipped for 30 days`)];
}

/** Empty if the daemon has not run here, or if this user may not read its state. */
async function personsIn(path: string): Promise<string[]> {
  try {
    const parsed = catalogs.safeParse(parseJson(await readFile(path)));
    return parsed.success ? parsed.data.persons.map(({ name }) => name) : [];
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'ENOTDIR')) return [];
    throw error;
  }
}
