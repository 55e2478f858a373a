/**
 * Every setting, its allowed values, and its default.
 *
 * What is parsed here is trusted everywhere else. Imports `event/` and `lib/`.
 */

import { hostname } from 'node:os';
import { z } from 'zod';
import type { Expression } from '../lib/expression.js';
import { detect } from './detect.js';
import { auditClass, compile, duration, expression, size, text, timezone } from './parts.js';

/** The named groups that a pattern of the `pattern` resolver may have. */
const PATTERN_GROUPS: readonly string[] = ['id', 'email', 'name'];

/** Names are used in object paths and event ids. */
const name = z
  .string({ error: 'must be a name' })
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
    'must be 1 to 128 letters, digits, dots, dashes or underscores',
  );

const MEMBER_OF = 'memberOf:';

/** A rule for users: a regular expression for the role's name, or `memberOf:ROLE`. */
const userRule = text.transform((source, context): Expression | { readonly memberOf: string } => {
  if (!source.startsWith(MEMBER_OF)) return compile(source, context);
  const memberOf = source.slice(MEMBER_OF.length).trim();
  if (memberOf === '') context.addIssue({ code: 'custom', message: 'must name a role: memberOf:ROLE' });
  return { memberOf };
});

const pattern = expression.refine(
  value => value.groupNames.length > 0 && value.groupNames.every(group => PATTERN_GROUPS.includes(group)),
  `must have named groups, each one of ${PATTERN_GROUPS.join(', ')}: (?<id>…)`,
);

const ENDPOINT = 'must be http://host:port or https://host:port';

/** With http, another server without credentials; with https, the same service at another address. */
const endpoint = z
  .string({ error: ENDPOINT })
  .regex(/^https?:\/\/[^/\s@]+:\d+\/?$/, ENDPOINT)
  .refine(url => URL.canParse(url), ENDPOINT)
  .transform(url => url.replace(/\/$/, ''))
  .nullable()
  .default(null);

/** `file:<folder>`: a folder on this machine. */
const folder = z
  .string()
  .regex(/^file:.+/)
  .transform(to => ({ kind: 'file', folder: to.slice('file:'.length) }) as const);

const KMS =
  /^kms:(projects\/[^/\s]+\/locations\/[^/\s]+\/keyRings\/[^/\s]+\/cryptoKeys\/[^/\s]+\/cryptoKeyVersions\/\d+)$/;

/** A private key: `file:PATH`, or a version of a key in Cloud KMS. */
const signingKey = z.string().transform((written, context) => {
  const [, name] = KMS.exec(written) ?? [];
  if (name !== undefined) return { kind: 'kms', name } as const;
  if (/^file:.+/.test(written)) return { kind: 'file', path: written.slice('file:'.length) } as const;
  const message =
    'must be file:PATH or kms:projects/…/locations/…/keyRings/…/cryptoKeys/…/cryptoKeyVersions/N';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const bucket = z
  .string()
  .regex(/^gs:\/\/[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](\/[A-Za-z0-9._/=-]*)?$/)
  .transform(to => {
    const [bucketName = '', ...prefix] = to.slice('gs://'.length).split('/');
    return { kind: 'cloud-storage', bucket: bucketName, prefix: prefix.filter(Boolean).join('/') } as const;
  });

const log = z
  .string()
  .regex(/^projects\/[^/\s]+\/logs\/[^/\s]+$/)
  .transform(logName => ({ kind: 'cloud-logging', logName }) as const);

/** A number, or its digits if they come from a variable. */
const port = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)], { error: 'must be a port number' })
  .refine(number => Number.isInteger(number) && number >= 0 && number <= 65535, 'must be a port number');

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

const database = z.strictObject({
  url: text.regex(/^postgres(ql)?:\/\//, 'must be postgres://user@host/database'),
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
});

const source = z.strictObject({
  files: z
    .array(text, { error: 'must be a list of file names or globs' })
    .min(1, 'must name at least one file'),
  timezone: timezone.optional(),
  pgauditLogLevel: z.enum(['log', 'warning'], { error: 'must be one of log, warning' }).default('log'),
  maxRecordSize: size('1KiB', '64MiB').default(64 * 1024 ** 2),
});

/** One of several servers; its database and filter default to those next to `sources`. */
const namedSource = z.strictObject({
  instance: name,
  ...source.shape,
  database: database.exactOptional(),
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
          every: z.union([z.literal('seal').transform(() => 0), duration('1m', '31d')]).default(60 * 60_000),
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
  const { source: _one, sources: _several, filter: _filter, database: _database, ...shared } = written;
  return { ...shared, sources: sourcesOf(written), areNamed: written.sources !== undefined };
});

export type Config = z.output<typeof schema>;
export type FilterConfig = z.output<typeof filter>;

/** One server's log. */
export interface SourceConfig extends z.output<typeof source> {
  /** The server's name in its events and their ids. */
  readonly instance: string;
  readonly filter: FilterConfig;
  readonly database?: z.output<typeof database>;
}

function sourcesOf(written: z.output<typeof settings>): SourceConfig[] {
  const { instance, sources, filter: sharedFilter, database: sharedDatabase } = written;
  const named = sources ?? (written.source === undefined ? [] : [{ instance, ...written.source }]);
  return named.map(one => ({
    filter: sharedFilter,
    ...(sharedDatabase !== undefined && { database: sharedDatabase }),
    ...one,
  }));
}

type Fault = readonly [path: readonly (string | number)[], message: string];

function listFaults({ source: one, sources }: z.output<typeof settings>): Fault[] {
  if (sources === undefined)
    return one === undefined ? [[['source'], 'is required; or sources, for several servers']] : [];
  if (one !== undefined) return [[['sources'], 'must not be given together with source: use one of them']];
  const names = sources.map(({ instance }) => instance);
  return names.flatMap((instance, index): Fault[] =>
    names.indexOf(instance) === index
      ? []
      : [[['sources', index, 'instance'], 'must differ from those before it']],
  );
}

/** Faults if a rule or a resolver needs a database's catalogs and no database is configured. */
function databaseFaults(written: z.output<typeof settings>): Fault[] {
  const asksDatabase = written.identity.some(one => one.database !== undefined);
  return sourcesOf(written).flatMap((one, index): Fault[] =>
    one.database === undefined && (asksDatabase || groupRoles(one.filter).length > 0)
      ? [[[...(written.sources === undefined ? [] : ['sources', index]), 'database'], DATABASE_NEEDED]]
      : [],
  );
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
