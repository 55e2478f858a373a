import { join, resolve } from 'node:path';
import { sleep } from '../clock.js';
import type { Config } from '../config/schema.js';
import { RoleCatalog } from '../database/catalog.js';
import { ShipperError } from '../errors.js';
import type { Surroundings } from './surroundings.js';

const RETRY = 1000;

/**
 * The database's roles, where it is configured. Where `memberOf` rules need them, reading the log waits until they were
 * read once: what is dropped cannot be told later.
 *
 * @param once does not wait for a database that is down, but throws a ShipperError
 */
export async function openCatalog(
  config: Config,
  once: boolean,
  { clock, disk, telemetry: report, stop, abort }: Surroundings,
): Promise<RoleCatalog | null> {
  if (config.database === undefined) return null;
  const cachePath = join(resolve(config.state.directory), 'catalog.json');
  const catalog = await RoleCatalog.load({ url: config.database.url, cachePath }, { clock, disk, report });
  await catalog.refresh();
  while (hasMemberRules(config) && catalog.loadedAt === null) {
    stop.throwIfAborted();
    if (once) {
      throw new ShipperError(
        'catalog',
        'memberOf rules need the database, and it cannot be read: mend database.url, or grant CONNECT',
      );
    }
    report.catalogAwaited();
    await sleep(clock, RETRY, stop);
    await catalog.refresh();
  }
  for (const role of groupRoles(config)) if (catalog.hasRole(role) === false) report.groupMissing(role);
  void catalog.follow(abort);
  return catalog;
}

export function hasMemberRules(config: Config): boolean {
  return groupRoles(config).length > 0;
}

function groupRoles({ filter }: Config): string[] {
  const rules = [...filter.personalUsers, ...filter.serviceUsers];
  return rules.flatMap(rule => ('memberOf' in rule ? [rule.memberOf] : []));
}
