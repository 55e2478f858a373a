import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { ConfigError, loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/schema.js';
import { temporaryFolder } from '../support/temp.js';

const LEAST = `
instance: hold-prod
source: {files: ["/var/log/postgresql/*.csv"]}
archive: {to: "gs://team-archive/hold"}
logging: {to: "projects/team-prod/logs/pgaudit"}
`;

async function load(yaml: string, environment: NodeJS.ProcessEnv = {}): Promise<Config> {
  const path = join(await temporaryFolder(), 'config.yaml');
  await writeFile(path, yaml);
  return await loadConfig(path, environment);
}

async function faults(yaml: string, environment: NodeJS.ProcessEnv = {}): Promise<string[]> {
  try {
    await load(yaml, environment);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [...error.faults];
  }
}

test('the least that must be said, and the defaults of the rest', async () => {
  const config = await load(LEAST);
  expect(config).toMatchObject({
    instance: 'hold-prod',
    sources: [
      {
        instance: 'hold-prod',
        maxRecordSize: 64 * 1024 ** 2,
        filter: { classes: ['WRITE', 'DDL', 'ROLE'], otherUsers: 'drop' },
      },
    ],
    state: { directory: '/var/lib/pgaudit-shipper', maxSize: 10 * 1024 ** 3 },
    archive: {
      to: { kind: 'cloud-storage', bucket: 'team-archive', prefix: 'hold' },
      segment: { maxSize: 64 * 1024 ** 2, maxAge: 15 * 60_000 },
      endpoint: null,
    },
    logging: {
      to: { kind: 'cloud-logging', logName: 'projects/team-prod/logs/pgaudit' },
      resource: { type: 'global', labels: {} },
    },
    http: { host: '0.0.0.0', port: 8080 },
    shutdown: { gracePeriod: 20_000 },
    log: { level: 'info' },
  });
  expect(config.node).not.toBe('');
});

describe('variables', () => {
  test('come from the environment, or from their default', async () => {
    const yaml = `${LEAST}\nnode: \${NODE_NAME:-}\nhttp: {port: "\${PORT:-9090}"}\nstate: {directory: "\${DIR}/\${SUB:-state}"}`;
    expect(await load(yaml, { DIR: '/data', NODE_NAME: 'pg-0' })).toMatchObject({
      node: 'pg-0',
      http: { port: 9090 },
      state: { directory: '/data/state' },
    });
    expect((await load(yaml, { DIR: '/data', NODE_NAME: '' })).node).not.toBe('');
  });

  test('cannot change the structure', async () => {
    expect(await load(LEAST.replace('hold-prod', `\${NAME}`), { NAME: 'a' })).toMatchObject({
      instance: 'a',
    });
    expect(await faults(LEAST.replace('hold-prod', `\${NAME}`), { NAME: 'a\nhttp: {port: 1}' })).toEqual([
      expect.stringMatching(/^instance: must be/),
    ]);
  });

  test('that are not set are a fault', async () => {
    expect(await faults(`${LEAST}\nstate: {directory: "\${NO_SUCH}"}`)).toEqual([
      'state.directory: environment variable NO_SUCH is not set',
    ]);
  });
});

describe('a time zone', () => {
  const inZone = (zone: string): string => LEAST.replace('.csv"]', `.csv"], timezone: "${zone}"`);

  // The names are of PostgreSQL's pg_timezone_names.
  test.each(['Europe/Oslo', 'UTC', 'Etc/UTC', 'GMT', 'Asia/Kolkata', 'Asia/Calcutta', 'US/Central'])(
    '%s may be one of the tz database or another name for one',
    async zone => {
      expect(await faults(inZone(zone))).toEqual([]);
    },
  );

  test.each(['Europe/Oslo', 'UTC', 'Etc/UTC'])('%s needs no formatter, which takes 8 MB', async zone => {
    const formatter = vi.spyOn(Intl, 'DateTimeFormat');
    await load(inZone(zone));
    expect(formatter).not.toHaveBeenCalled();
    formatter.mockRestore();
  });
});

describe('several servers', () => {
  const SHARED = LEAST.replace(/^source: .*\n/m, '');
  const DATABASE =
    'is required for memberOf rules and the database resolver: url: postgres://user@host/database';

  test('each has what it says itself, and else what is said beside them', async () => {
    const { sources, areNamed } = await load(`${SHARED}
sources:
  - {instance: orders, files: [a.csv], timezone: Europe/Oslo}
  - instance: billing
    files: [b.csv]
    database: {url: "postgres://b"}
    filter: {otherUsers: ship}
filter: {classes: [ddl], serviceUsers: ["^app_"]}
database: {url: "postgres://a"}
`);
    expect(areNamed).toBe(true);
    expect(sources).toMatchObject([
      {
        instance: 'orders',
        timezone: 'Europe/Oslo',
        database: { url: 'postgres://a' },
        filter: { classes: ['DDL'], otherUsers: 'drop' },
      },
      {
        instance: 'billing',
        maxRecordSize: 64 * 1024 ** 2,
        pgauditLogLevel: 'log',
        database: { url: 'postgres://b' },
        // As a whole: nothing of the other is left.
        filter: { classes: ['WRITE', 'DDL', 'ROLE'], serviceUsers: [], otherUsers: 'ship' },
      },
    ]);
  });

  test.each([
    ['', 'source: is required; or sources, for several servers'],
    ['sources: []', 'sources: must name at least one source'],
    ['sources: {orders: {files: [a]}}', 'sources: must be a list of sources'],
    ['sources: [{instance: a}]', 'sources[0].files: is required'],
    [
      'sources: [{instance: a, files: [a]}, {instance: b, files: []}]',
      'sources[1].files: must name at least one file',
    ],
    ['sources: [{files: [a]}]', 'sources[0].instance: is required'],
    [
      'sources: [{instance: a, files: [a]}, {instance: a, files: [b]}]',
      'sources[1].instance: must differ from those before it',
    ],
    [
      'source: {files: [a]}\nsources: [{instance: a, files: [a]}]',
      'sources: must not be given together with source: use one of them',
    ],
    [
      'sources: [{instance: a, files: [a], identity: []}]',
      'sources[0].identity: unknown setting; allowed here: instance, discover, files, format, timezone, pgauditLogLevel, maxRecordSize, database, rows, filter',
    ],
    [
      'sources: [{instance: a, files: [a]}, {instance: b, files: [b], filter: {personalUsers: ["memberOf:p"]}}]',
      `sources[1].database: ${DATABASE}`,
    ],
    [
      'sources: [{instance: a, files: [a], database: {url: "postgres://a"}}, {instance: b, files: [b]}]\nidentity: [{database: true}]',
      `sources[1].database: ${DATABASE}`,
    ],
  ])('%s', async (yaml, fault) => {
    expect(await faults(`${SHARED}\n${yaml}\n`)).toEqual([fault]);
  });
});

test('a database by what the path of a discovered server says', async () => {
  const source = '{files: "/logs/{host}/{port}/*.csv", instance: "{host}"}';
  const url = 'postgres://u@{host}.db:{port}/{host}';
  const yaml = LEAST.replace(/^source:.*$/m, `sources: [{discover: ${source}, database: {url: "${url}"}}]`);
  expect(await faults(yaml)).toEqual([]);
});

test.each([
  ...['postgres://u@h/d', 'postgresql://u:p%23w@h:5432/d', 'postgres://u@/d?host=/run/postgresql'],
  ...['postgres:///d', 'postgres://%2Frun%2Fpostgresql/d', 'postgres://u@[::1]/d', 'postgres://Åse@h/d'],
])('a database that pg can reach by %s', async url => {
  expect(await faults(`${LEAST}\ndatabase: {url: "${url}"}`)).toEqual([]);
});

describe('a fault is one line with file, key and what is allowed', () => {
  test.each([
    ['instance: ""', 'instance: must be 1 to 128 letters, digits, dots, dashes or underscores'],
    ['instance: ../../etc', 'instance: must be 1 to 128 letters, digits, dots, dashes or underscores'],
    ['source: {files: []}', 'source.files: must name at least one file'],
    ['source: {files: /var/log/x.csv}', 'source.files: must be a list of file names or globs'],
    [
      'source: {files: [a], timezone: Oslo}',
      'source.timezone: must be a time zone of the tz database, such as Europe/Oslo',
    ],
    [
      'source: {files: [a], maxRecordSize: 64MB}',
      'source.maxRecordSize: must be a size: a number with one of B, KiB, MiB, GiB, TiB',
    ],
    [
      'source: {files: [a], maxRecordSize: 64}',
      'source.maxRecordSize: must be a size: a number with one of B, KiB, MiB, GiB, TiB',
    ],
    [
      'archive: {to: "gs://a-b/c", segment: {maxAge: 15min}}',
      'archive.segment.maxAge: must be a duration: a number with one of ms, s, m, h, d',
    ],
    ['archive: {to: "s3://bucket"}', 'archive.to: must be gs://bucket/prefix or file:folder'],
    [
      'archive: {to: "gs://a-b", endpoint: "https://x"}',
      'archive.endpoint: must be http://host:port or https://host:port',
    ],
    ...['5', '5s', '32d', 'day'].map(every => [
      `archive: {to: "gs://a-b", timestamp: {url: "https://x", ca: y, every: ${every}}}`,
      'archive.timestamp.every: must be seal, or from 1m to 31d',
    ]),
    ['logging: {to: "pgaudit"}', 'logging.to: must be projects/<project>/logs/<log> or file:folder'],
    [
      'filter: {classes: [writes]}',
      'filter.classes[0]: must be one of read, write, function, role, ddl, misc',
    ],
    ['filter: {otherUsers: keep}', 'filter.otherUsers: must be one of drop, ship'],
    [
      'filter: {personalUsers: ["["]}',
      'filter.personalUsers[0]: must be a regular expression in RE2 syntax (no look-around, no back-references)',
    ],
    [
      'filter: {personalUser: []}',
      'filter.personalUser: unknown setting; allowed here: classes, personalUsers, serviceUsers, otherUsers, backgroundWorkers, rows',
    ],
    [
      'identity: [{pattern: ["^x$"]}]',
      'identity[0].pattern[0]: must have named groups, each one of id, email, name: (?<id>…)',
    ],
    [
      'identity: [{pattern: ["^(?<who>x)$"]}]',
      'identity[0].pattern[0]: must have named groups, each one of id, email, name: (?<id>…)',
    ],
    [
      'identity: [{ldap: x}]',
      'identity[0].ldap: unknown setting; allowed here: pattern, directory, authentication, database, http, comment',
    ],
    [
      'identity: [{directory: x, comment: ["(?<id>x)"]}]',
      'identity[0]: must be one of pattern, directory, authentication, database, http, comment',
    ],
    [
      'identity: [{http: {url: "https://x/", fields: {}}}]',
      'identity[0].http.url: must contain one of {id}, {email}, {user}',
    ],
    [
      'identity: [{http: {url: "https://x/{id}", fields: {id: id}}}]',
      'identity[0].http.fields.id: must be a JSON pointer, such as /person/email',
    ],
    [
      'identity: [{database: true}]',
      'database: is required for memberOf rules and the database resolver: url: postgres://user@host/database',
    ],
    ['database: {url: "mysql://x"}', 'database.url: must be postgres://user@host/database'],
    ...['u:p#w@h/d', 'u:p/w@h/d', 'u@[::1/d', 'u@h:port/d'].map(rest => [
      `database: {url: "postgres://${rest}"}`,
      'database.url: must be postgres://user:password@host:port/database, with / # and ? in a password as %2F %23 and %3F',
    ]),
    ['filter: {personalUsers: ["memberOf:"]}', 'filter.personalUsers[0]: must name a role: memberOf:ROLE'],
    ['http: {port: 70000}', 'http.port: must be a port number'],
    ['http: {port: true}', 'http.port: must be a port number'],
    ['http: {port: ""}', 'http.port: must be a port number'],
    ['source: {files: [a], maxRecordSize: 1GiB}', 'source.maxRecordSize: must be from 1KiB to 64MiB'],
    ['shutdown: {gracePeriod: 30d}', 'shutdown.gracePeriod: must be from 0s to 1h'],
    [
      'filter: {personalUsers: ["memberOf:persons"]}',
      'database: is required for memberOf rules and the database resolver: url: postgres://user@host/database',
    ],
    ['log: {level: loud}', 'log.level: must be one of debug, info, warn, error'],
    ['state: {maxSize: 100MiB}', 'state.maxSize: must be at least twice archive.segment.maxSize'],
  ])('%s', async (change, fault) => {
    const [section = ''] = change.split(':');
    const yaml = LEAST.split('\n').filter(line => !line.startsWith(`${section}:`));
    expect(await faults([...yaml, change].join('\n'))).toEqual([fault]);
  });

  test('a section that is a value says what belongs there', async () => {
    expect(await faults(`${LEAST}database: postgres://x@h/d\nredact: {escrowTo: []}\nhttp: 8080`)).toEqual([
      'database: must have settings of its own: url',
      'http: must have settings of its own: host, port',
    ]);
  });

  test('in another encoding than UTF-8, no expression silently matches nobody', async () => {
    const path = join(await temporaryFolder(), 'config.yaml');
    await writeFile(path, `${LEAST}filter: {personalUsers: ["^Kj\u00e6r"]}\n`, 'latin1');
    await expect(loadConfig(path, {})).rejects.toThrow(new ConfigError(['is not UTF-8: save it as UTF-8']));
    await writeFile(path, `\ufeff${LEAST}filter: {personalUsers: ["^Kj\u00e6r"]}\n`);
    await expect(loadConfig(path, {})).resolves.toMatchObject({ instance: 'hold-prod' });
  });

  test('all of them at once', async () => {
    expect(await faults('instance: x\nfoo: 1\nbar: 2\nsource: {}')).toEqual([
      'source.files: is required',
      'archive: is required',
      'logging: is required',
      expect.stringMatching(/^foo: unknown setting; allowed here: instance, node, /),
      expect.stringMatching(/^bar: unknown setting; /),
    ]);
  });

  test.each([
    ['', 'must contain settings, such as instance: my-database'],
    ['- a', 'must contain settings, such as instance: my-database'],
    ['a: [', 'line 1: is not YAML (BAD_INDENT)'],
    ['a: *nowhere', 'has aliases without an anchor, or too many aliases'],
    ['a: 1\na: 2', 'line 2: is not YAML (DUPLICATE_KEY)'],
  ])('%j', async (yaml, fault) => {
    expect((await faults(yaml))[0]).toBe(fault);
  });

  test('no fault shows a value', async () => {
    const secret = 'hunter2-secret';
    const text = (
      await faults(
        `instance: "${secret} "\nlogging: {to: ${secret}}\nfilter: {otherUsers: ${secret}}\nhttp: {port: ${secret}}`,
      )
    ).join('\n');
    expect(text).not.toContain(secret);
  });
});
