/**
 * Every setting, its allowed values, and its default.
 *
 * What is parsed here is trusted everywhere else. Imports `event/` and `lib/`.
 */

import { hostname } from 'node:os';
import { z } from 'zod';
import { LOG_FORMATS } from '../lib/log-format.js';
import { detect } from './detect.js';
import { type Discover, discoverSchema } from './discover.js';
import { siem } from './siem.js';
import {
  auditClass,
  bucket,
  duration,
  endpoint,
  expression,
  folder,
  log,
  name,
  pattern,
  port,
  signingKey,
  size,
  text,
  timezone,
  userRule,
} from './values.js';

const patterns = z.array(pattern, { error: 'must be a list of regular expressions' });
const pointer = z
  .string({ error: 'must be a JSON pointer' })
  .regex(/^(\/([^~/]|~[01])*)+$/, 'must be a JSON pointer, such as /person/email');

/** `true`, or expressions that are more specific. */
const trueOrPatterns = z.union([z.literal(true).transform(() => []), patterns.min(1)], {
  error: 'must be true, or a list of regular expressions with named groups id, email, name',
});

/** A service that resolves who somebody is. */
const lookup = z.strictObject({
  url: text
    .regex(/^https?:\/\//, 'must begin with https:// or http://')
    .regex(/\{(id|email|user)\}/, 'must contain one of {id}, {email}, {user}'),
  method: z.enum(['GET', 'POST'], { error: 'must be one of GET, POST' }).default('GET'),
  body: z.json().optional(),
  token: text.optional(),
  tokenFile: text.optional(),
  fields: z.strictObject({
    id: pointer.optional(),
    email: pointer.optional(),
    name: pointer.optional(),
    unit: pointer.optional(),
  }),
  timeout: duration('10ms', '2s').default(2000),
  cache: duration('1s', '30d').default(60 * 60_000),
  negativeCache: duration('1s', '30d').default(5 * 60_000),
});

const resolverKinds = z.strictObject({
  pattern: patterns.min(1).exactOptional(),
  directory: text.exactOptional(),
  authentication: trueOrPatterns.exactOptional(),
  database: trueOrPatterns.exactOptional(),
  http: lookup.exactOptional(),
  comment: patterns.min(1).exactOptional(),
});

const resolver = resolverKinds.refine(one => Object.keys(one).length === 1, {
  error: `must be one of ${Object.keys(resolverKinds.shape).join(', ')}`,
  when: ({ issues }) => issues.length === 0,
});

/** As pg reads it: without a host it takes a socket, where a URL may not be without. With `discover` it has parts of the path (`{port}`). */
const databaseUrl = text
  .regex(/^postgres(ql)?:\/\//, 'must be postgres://user@host/database')
  .refine(
    url => URL.canParse(url.replace(/\{\w+\}/g, '1').replace('@/', '@host/')),
    'must be postgres://user:password@host:port/database, with / # and ? in a password as %2F %23 and %3F',
  );

const database = z.strictObject({ url: databaseUrl });

const rows = z.strictObject({
  database: databaseUrl,
  keep: duration('1d', '5000d').exactOptional(),
});

const filter = z.strictObject({
  classes: z
    .array(auditClass, { error: 'must be a list of pgAudit classes' })
    .min(1, 'must name at least one class')
    .default(['WRITE', 'DDL', 'ROLE']),
  personalUsers: z.array(userRule, { error: 'must be a list of regular expressions' }).default([]),
  serviceUsers: z.array(userRule, { error: 'must be a list of regular expressions' }).default([]),
  otherUsers: z.enum(['drop', 'ship'], { error: 'must be one of drop, ship' }).default('drop'),
  backgroundWorkers: z.enum(['drop', 'ship'], { error: 'must be one of drop, ship' }).default('ship'),
  rows: z.enum(['drop', 'ship'], { error: 'must be one of drop, ship' }).default('ship'),
});

const files = z
  .array(text, { error: 'must be a list of file names or globs' })
  .min(1, 'must name at least one file');

const source = z.strictObject({
  files,
  format: z
    .enum(['auto', ...LOG_FORMATS], { error: `must be one of auto, ${LOG_FORMATS.join(', ')}` })
    .default('auto'),
  timezone: timezone.optional(),
  pgauditLogLevel: z.enum(['log', 'warning'], { error: 'must be one of log, warning' }).default('log'),
  maxRecordSize: size('1KiB', '64MiB').default(64 * 1024 ** 2),
});

/**
 * One of several servers, or several that are found by their files; the filter defaults to the one next to `sources`, and
 * so do the database and the history of rows of a server that is named.
 */
const namedSource = z.strictObject({
  instance: name.exactOptional(),
  discover: discoverSchema.exactOptional(),
  ...source.shape,
  files: files.exactOptional(),
  database: database.exactOptional(),
  rows: rows.exactOptional(),
  filter: filter.exactOptional(),
});

const settings = z
  .strictObject({
    instance: name,
    node: z
      .string()
      .transform(written => written || hostname())
      .pipe(name)
      .default(hostname()),
    source: source.exactOptional(),
    sources: z
      .array(namedSource, { error: 'must be a list of sources' })
      .min(1, 'must name at least one source')
      .exactOptional(),
    filter: filter.prefault({}),
    identity: z.array(resolver, { error: 'must be a list of resolvers' }).default([]),
    database: database.exactOptional(),
    rows: rows.exactOptional(),
    redact: z
      .strictObject({
        patterns: z.array(expression, { error: 'must be a list of regular expressions' }).default([]),
        escrowTo: z
          .array(text.regex(/^age1[02-9ac-hj-np-z]{20,}$/, 'must be a public key of age: age1…'), {
            error: 'must be a list of public keys of age',
          })
          .default([]),
      })
      .prefault({}),
    state: z
      .strictObject({
        directory: text.default('/var/lib/pgaudit-shipper'),
        maxSize: size('1MiB', '1024TiB').default(10 * 1024 ** 3),
        takeUpTimeout: duration('0s', '1h').default(10_000),
      })
      .prefault({}),
    archive: z.strictObject({
      to: z.union([folder, bucket], { error: 'must be gs://bucket/prefix or file:folder' }),
      segment: z
        .strictObject({
          maxSize: size('1KiB', '256MiB').default(64 * 1024 ** 2),
          maxAge: duration('100ms', '24h').default(15 * 60_000),
        })
        .prefault({}),
      signingKeyFile: text.exactOptional(),
      signingKey: signingKey.exactOptional(),
      previousSigningKey: signingKey.exactOptional(),
      signingKeyEndpoint: endpoint,
      witness: z
        .union([folder, bucket], { error: 'must be gs://bucket/prefix or file:folder' })
        .exactOptional(),
      timestamp: z
        .strictObject({
          url: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).exactOptional(),
          every: z
            .union([z.literal('seal').transform(() => 0), duration('1m', '31d')], {
              error: 'must be seal, or from 1m to 31d',
            })
            .default(60 * 60_000),
          ca: text.exactOptional(),
          policy: z
            .string()
            .regex(/^[0-2](\.(0|[1-9]\d*))+$/, 'must be an object identifier, such as 1.3.6.1.4.1.13762.3')
            .exactOptional(),
        })
        .refine(({ url, ca }) => (url === undefined) === (ca === undefined), {
          error: 'url and ca belong together: whose stamps are trusted must be known',
        })
        .prefault({}),
      endpoint,
    }),
    logging: z.strictObject({
      to: z.union([folder, log], { error: 'must be projects/<project>/logs/<log> or file:folder' }),
      payload: z.enum(['event', 'nais'], { error: 'must be one of event, nais' }).default('event'),
      resource: z
        .strictObject({ type: text.default('global'), labels: z.record(z.string(), z.string()).default({}) })
        .prefault({}),
      endpoint,
    }),
    detect: detect.exactOptional(),
    siem: siem.nullable().default(null),
    shutdown: z.strictObject({ gracePeriod: duration('0s', '1h').default(20_000) }).prefault({}),
    http: z.strictObject({ host: text.default('0.0.0.0'), port: port.default(8080) }).prefault({}),
    log: z
      .strictObject({
        level: z
          .enum(['debug', 'info', 'warn', 'error'], { error: 'must be one of debug, info, warn, error' })
          .default('info'),
      })
      .prefault({}),
  })
  .refine(({ state, archive }) => state.maxSize >= 2 * archive.segment.maxSize, {
    path: ['state', 'maxSize'],
    error: 'must be at least twice archive.segment.maxSize',
  })
  .refine(({ archive }) => archive.signingKey === undefined || archive.signingKeyFile === undefined, {
    path: ['archive', 'signingKeyFile'],
    error: 'must not be given together with archive.signingKey',
  })
  .superRefine((written, context) => {
    for (const [path, message] of [...listFaults(written), ...databaseFaults(written)])
      context.addIssue({ code: 'custom', path: [...path], message });
  });

/** `source` and `sources` become one form here. */
export const schema = settings.transform(written => {
  const {
    source: _one,
    sources: _several,
    filter: _filter,
    database: _database,
    rows: _rows,
    ...shared
  } = written;
  return {
    ...shared,
    sources: sourcesOf(written),
    discovered: discoveredIn(written),
    areNamed: written.sources !== undefined,
  };
});

export type Config = z.output<typeof schema>;
export type FilterConfig = z.output<typeof filter>;

/** One server's log. */
export interface SourceConfig extends z.output<typeof source> {
  /** The server's name in its events and their ids. */
  readonly instance: string;
  /** Of `files`, those that `backfill` added. */
  readonly backfilled?: readonly string[];
  readonly filter: FilterConfig;
  readonly database?: z.output<typeof database>;
  readonly rows?: RowsConfig;
}

/** The history of rows that is read; `keep` in milliseconds. */
export type RowsConfig = z.output<typeof rows>;

/** Servers that are found by their files. What URLs of databases have in braces is replaced, too. */
export type DiscoverConfig = Omit<SourceConfig, 'instance' | 'files'> & { readonly discover: Discover };

function discoveredIn({ sources = [], filter: shared }: z.output<typeof settings>): DiscoverConfig[] {
  return sources.flatMap(({ instance: _instance, files: _files, discover, ...one }) =>
    discover === undefined ? [] : [{ filter: shared, ...one, discover }],
  );
}

function sourcesOf(written: z.output<typeof settings>): SourceConfig[] {
  const { instance, sources, filter: sharedFilter, database: sharedDatabase, rows: sharedRows } = written;
  const several = sources?.flatMap(({ discover, instance: own, files: names, ...rest }) =>
    discover !== undefined || own === undefined || names === undefined
      ? []
      : [{ ...rest, instance: own, files: names }],
  );
  const named = several ?? (written.source === undefined ? [] : [{ instance, ...written.source }]);
  return named.map(one => ({
    filter: sharedFilter,
    ...(sharedDatabase !== undefined && { database: sharedDatabase }),
    ...(sharedRows !== undefined && { rows: sharedRows }),
    ...one,
  }));
}

type Fault = readonly [path: readonly (string | number)[], message: string];

function listFaults({ source: one, sources }: z.output<typeof settings>): Fault[] {
  if (sources === undefined)
    return one === undefined ? [[['source'], 'is required; or sources, for several servers']] : [];
  if (one !== undefined) return [[['sources'], 'must not be given together with source: use one of them']];
  const names = sources.map(({ instance }) => instance);
  return sources.flatMap((source, index): Fault[] => [
    ...placeFaults(source, index),
    ...(source.instance === undefined || names.indexOf(source.instance) === index
      ? []
      : [[['sources', index, 'instance'], 'must differ from those before it'] as const]),
  ]);
}

/** A source has an instance and files, or `discover`, which says both. */
function placeFaults(source: z.output<typeof namedSource>, index: number): Fault[] {
  const { discover } = source;
  return (['instance', 'files'] as const).flatMap((key): Fault[] => {
    if (discover === undefined)
      return source[key] === undefined ? [[['sources', index, key], 'is required']] : [];
    return source[key] === undefined
      ? []
      : [[['sources', index, key], 'must not be given together with discover']];
  });
}

/** Faults if a rule or a resolver needs a database's catalogs and no database is configured. */
function databaseFaults(written: z.output<typeof settings>): Fault[] {
  const asksDatabase = written.identity.some(one => one.database !== undefined);
  const { sources, source: one, filter: shared, database: ofAll } = written;
  const all = sources ?? (one === undefined ? [] : [one]);
  return all.flatMap((given: Partial<z.output<typeof namedSource>>, index): Fault[] => {
    const known = given.database ?? (given.discover === undefined ? ofAll : undefined);
    return known === undefined && (asksDatabase || groupRoles(given.filter ?? shared).length > 0)
      ? [[[...(sources === undefined ? [] : ['sources', index]), 'database'], DATABASE_NEEDED]]
      : [];
  });
}

const DATABASE_NEEDED =
  'is required for memberOf rules and the database resolver: url: postgres://user@host/database';

/** The group roles in the rules. */
export function groupRoles({ personalUsers, serviceUsers }: FilterConfig): string[] {
  return groupsIn([...personalUsers, ...serviceUsers]);
}

export function groupsIn(rules: FilterConfig['personalUsers']): string[] {
  return rules.flatMap(rule => ('memberOf' in rule ? [rule.memberOf] : []));
}

/** The names of all settings with their sections, such as `source.files`. */
export function settingNames(section: z.core.$ZodType = settings, prefix = ''): string[] {
  const inner = innerOf(section);
  if (!(inner instanceof z.ZodObject)) return [prefix];
  return Object.entries(inner.shape).flatMap(([key, type]) =>
    settingNames(type, prefix ? `${prefix}.${key}` : key),
  );
}

/** The inner type of an optional or repeated setting. */
function innerOf(type: z.core.$ZodType): z.core.$ZodType {
  if (type instanceof z.ZodPrefault || type instanceof z.ZodDefault || type instanceof z.ZodExactOptional)
    return innerOf(type.def.innerType);
  if (type instanceof z.ZodPipe) return innerOf(type.def.out);
  if (type instanceof z.ZodNullable) return innerOf(type.def.innerType);
  return type instanceof z.ZodArray && type.def.element instanceof z.ZodObject ? type.def.element : type;
}
