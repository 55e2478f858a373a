import { groupRoles, groupsIn, type SourceConfig } from '../../config/schema.js';
import type { CatalogSurroundings, RoleCatalog } from '../../database/catalog.js';
import { sleep } from '../../lib/clock.js';
import { ShipperError } from '../../lib/errors.js';
import type { Telemetry } from '../telemetry/telemetry.js';

const RETRY = 1000;
/** Milliseconds before the server works for seconds once more to no avail. */
const RETRY_OVERRUN = 60_000;
/** The log has the reason why the database cannot be read. */
const AWAITED = 'its database, since memberOf rules need its roles';
const FIX = 'fix database.url, or start it; catalog-failed in the log says what is wrong';

export interface CatalogOptions {
  /** The file that keeps what was read last. */
  readonly cachePath: string;
  /** Throws a ShipperError instead of waiting for a database that is down. */
  readonly once: boolean;
  /** Ends the wait, and the work in the background. */
  readonly until: AbortSignal;
}

/**
 * The roles of a server's database; `null` if none is configured. If `memberOf` rules need them, reading the log waits
 * until they were read once: a record that was dropped cannot be recovered later. Throws the signal's reason if it
 * aborts first.
 */
export async function openCatalog(
  { database, filter }: SourceConfig,
  { cachePath, once, until }: CatalogOptions,
  surroundings: CatalogSurroundings & { readonly report: Telemetry },
): Promise<RoleCatalog | null> {
  if (database === undefined) return null;
  const { clock, report } = surroundings;
  const groups = groupRoles(filter);
  // The client takes time to load, and most daemons have no database.
  const { RoleCatalog: Catalog } = await import('../../database/catalog.js');
  const personGroups = groupsIn(filter.personalUsers);
  const catalog = await Catalog.load({ url: database.url, cachePath, personGroups }, surroundings);
  await catalog.refresh();
  while (groups.length > 0 && catalog.loadedAt === null) {
    until.throwIfAborted();
    report.sourceWaits(AWAITED, FIX);
    if (once) {
      throw new ShipperError(
        'catalog',
        'memberOf rules need the database, and it cannot be read: fix database.url, or grant CONNECT',
      );
    }
    await sleep(clock, catalog.hasOverrun ? RETRY_OVERRUN : RETRY, until);
    await catalog.refresh();
  }
  for (const role of groups) if (catalog.hasRole(role) === false) report.groupMissing(role);
  void catalog.follow(until);
  return catalog;
}
