import { join, resolve } from 'node:path';
import { ConfigError } from '../../config/load.js';
import type { Config } from '../../config/schema.js';
import type { RoleCatalog } from '../../database/catalog.js';
import { authenticationResolver } from '../../identity/authentication.js';
import { commentResolver } from '../../identity/comment.js';
import { databaseResolver } from '../../identity/database.js';
import type { Directory } from '../../identity/directory.js';
import { HttpResolver } from '../../identity/http.js';
import { tokenFile } from '../../identity/lookup.js';
import { patternResolver } from '../../identity/pattern.js';
import type { Resolver } from '../../identity/resolver.js';
import { ShipperError } from '../../lib/errors.js';
import { createRedactor } from '../../redact/redact.js';
import type { Surroundings } from './surroundings.js';

/** One entry of `identity`: exactly one of its settings is present. */
type ResolverConfig = Config['identity'][number];

interface Opening {
  readonly config: Config;
  readonly surroundings: Surroundings;
}

/** All servers share them, except the one that reads the server's own database. */
export interface Resolvers {
  /** In the configured order. */
  of(catalog: RoleCatalog | null): Resolver[];
  close(): Promise<void>;
}

type ResolverOf = (catalog: RoleCatalog | null) => Resolver | null;

/** Throws a ConfigError that names all resolvers that cannot be used. */
export async function openResolvers(opening: Opening): Promise<Resolvers> {
  const faults: string[] = [];
  const resolvers: ResolverOf[] = [];
  for (const [index, one] of opening.config.identity.entries()) {
    try {
      resolvers.push(await openResolver(one, index, opening));
    } catch (error) {
      if (!(error instanceof ShipperError)) throw error;
      faults.push(`identity[${index}].${Object.keys(one).join()}: ${error.message}`);
    }
  }
  if (faults.length > 0) throw new ConfigError(faults);
  const of = (catalog: RoleCatalog | null): Resolver[] =>
    resolvers.map(make => make(catalog)).filter(resolver => resolver !== null);
  const lookups = of(null).filter(resolver => resolver instanceof HttpResolver);
  return { of, close: async () => void (await Promise.all(lookups.map(lookup => lookup.close()))) };
}

async function openResolver(one: ResolverConfig, index: number, opening: Opening): Promise<ResolverOf> {
  const { database } = one;
  if (database !== undefined) {
    const redact = createRedactor(opening.config.redact.patterns.map(({ compiled }) => compiled));
    const scrub = (text: string): string =>
      redact({ statement: null, parameters: [text] }).parameters?.[0] ?? '';
    return catalog => catalog && databaseResolver(catalog, database, scrub);
  }
  const shared = await openShared(one, index, opening);
  return () => shared;
}

async function openShared(one: ResolverConfig, index: number, opening: Opening): Promise<Resolver | null> {
  const { pattern, directory, authentication, http, comment } = one;
  if (pattern !== undefined) return patternResolver(pattern);
  if (authentication !== undefined) return authenticationResolver(authentication);
  if (comment !== undefined) return commentResolver(comment);
  if (http !== undefined) return await openHttp(http, index, opening);
  return directory === undefined ? null : await openDirectory(directory, opening);
}

async function openDirectory(path: string, { surroundings }: Opening): Promise<Directory> {
  const { clock, telemetry, abort } = surroundings;
  const { Directory: People } = await import('../../identity/directory.js');
  const directory = await People.load(resolve(path), telemetry);
  void directory.follow(clock, abort);
  return directory;
}

async function openHttp(
  { token, tokenFile: path, cache, negativeCache, ...request }: NonNullable<ResolverConfig['http']>,
  index: number,
  { config, surroundings }: Opening,
): Promise<HttpResolver> {
  const { clock, disk, telemetry: report } = surroundings;
  const supplier = path !== undefined ? tokenFile(resolve(path)) : token === undefined ? token : () => token;
  const cachePath = join(resolve(config.state.directory), `cache-http-${index}.json`);
  const options = { ...request, token: supplier, freshFor: cache, nobodyFor: negativeCache, cachePath };
  return await HttpResolver.open(options, { clock, disk, report });
}
