import { readFile, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ThrowawayPostgres } from '../../demo/postgres.js';
import { RoleCatalog } from '../../src/database/catalog.js';
import { readCatalogs } from '../../src/database/read.js';
import { databaseResolver } from '../../src/identity/database.js';
import { type Clock, systemClock } from '../../src/lib/clock.js';
import { Disk } from '../../src/lib/disk.js';
import { codeOf } from '../../src/lib/errors.js';
import { whoIs } from '../support/asker.js';
import { ManualClock } from '../support/clock.js';
import { startPostgres } from '../support/postgres.js';
import { restarter } from '../support/restart.js';
import { temporaryFolder } from '../support/temp.js';

const START = '2026-11-21T20:40:00Z';
const MINUTE = 60_000;

const ROLES = [
  'CREATE ROLE shipper LOGIN',
  'CREATE ROLE persons',
  'CREATE ROLE finance IN ROLE persons',
  'CREATE ROLE "team ""A""" IN ROLE finance',
  'CREATE ROLE z990001 LOGIN IN ROLE "team ""A"""',
  "COMMENT ON ROLE z990001 IS 'Kari Nordmann <kari.nordmann@nav.no>'",
  'CREATE ROLE app LOGIN NOINHERIT IN ROLE finance',
  'CREATE ROLE loner LOGIN',
  "CREATE DATABASE old ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
];

const urlOf = ({ port }: { readonly port: number }): string =>
  `postgres://shipper:s3cret@127.0.0.1:${port}/postgres`;

interface Opened {
  readonly catalog: RoleCatalog;
  readonly reported: string[];
  readonly errors: unknown[];
  readonly cachePath: string;
}

async function open(
  url: string,
  clock: Clock = systemClock,
  path?: string,
  personGroups: readonly string[] = [],
): Promise<Opened> {
  const cachePath = path ?? join(await temporaryFolder(), 'roles.json');
  const [reported, errors]: [string[], unknown[]] = [[], []];
  const report = {
    catalogLoaded: () => void reported.push('loaded'),
    catalogFailed(error: unknown) {
      reported.push(`failed ${codeOf(error)}`);
      errors.push(error);
    },
    cacheFailed: (_path: string, error: unknown) => void reported.push(`cache ${codeOf(error)}`),
  };
  const catalog = await RoleCatalog.load(
    { url, cachePath, personGroups },
    { clock, disk: new Disk(), report, random: () => 0 },
  );
  onTestFinished(() => catalog.close());
  return { catalog, reported, errors, cachePath };
}

async function prepared(): Promise<ThrowawayPostgres> {
  const postgres = await startPostgres();
  await postgres.query('postgres', ...ROLES);
  return postgres;
}

/** Keeps everybody from reading comments, until the returned function is called. */
async function lockComments(postgres: ThrowawayPostgres): Promise<() => Promise<void>> {
  const client = await postgres.connect('postgres');
  await client.query('BEGIN; LOCK TABLE pg_catalog.pg_shdescription IN ACCESS EXCLUSIVE MODE');
  return async () => await client.end();
}

/** Runs a query until it returns a row. */
async function until(postgres: ThrowawayPostgres, query: string): Promise<void> {
  const client = await postgres.connect('postgres');
  while ((await client.query(query)).rows.length === 0);
  await client.end();
}

describe('the catalogs', () => {
  test('show groups, comments and encodings to a role that may only log in', async () => {
    const postgres = await prepared();
    const { catalog, reported } = await open(urlOf(postgres));
    expect([catalog.loadedAt, catalog.isMember('z990001', 'persons'), catalog.hasRole('persons')]).toEqual([
      null,
      null,
      null,
    ]);
    await catalog.refresh();
    expect(reported).toEqual(['loaded']);
    for (const group of ['persons', 'finance', 'team "A"'])
      expect(catalog.isMember('z990001', group)).toBe(true);
    expect(catalog.isMember('app', 'persons')).toBe(true);
    expect(catalog.isMember('app', 'team "A"')).toBe(false);
    expect(catalog.isMember('loner', 'persons')).toBe(false);
    expect(catalog.isMember('postgres', 'persons')).toBe(false);
    expect(catalog.isMember('stranger', 'persons')).toBeNull();
    expect([catalog.hasRole('persons'), catalog.hasRole('person')]).toEqual([true, false]);
    expect(catalog.commentOf('z990001')).toBe('Kari Nordmann <kari.nordmann@nav.no>');
    expect([catalog.commentOf('app'), catalog.commentOf('stranger')]).toEqual([null, null]);
    const encodings = ['old', 'postgres', 'none'].map(name => catalog.encodingOf(name));
    expect(encodings).toEqual(['LATIN1', 'UTF8', null]);
    expect(await whoIs('z990001', [databaseResolver(catalog, [])])).toMatchObject({
      status: 'resolved',
      name: 'Kari Nordmann',
      email: 'kari.nordmann@nav.no',
    });
  });

  test('are read in a transaction that cannot write, under the name of the shipper', async () => {
    const postgres = await prepared();
    const unlock = await lockComments(postgres);
    const reading = readCatalogs(urlOf(postgres), 0);
    await until(
      postgres,
      `SELECT 1 FROM pg_stat_activity WHERE application_name = 'pgaudit-shipper' AND usename = 'shipper'
          AND wait_event_type = 'Lock' AND backend_xid IS NULL`,
    );
    await unlock();
    expect((await reading).roles.find(({ name }) => name === 'app')?.memberOf).toEqual(['finance']);
  });

  test('are given up if they are locked', async () => {
    const postgres = await prepared();
    const unlock = await lockComments(postgres);
    const { catalog, reported } = await open(urlOf(postgres));
    await catalog.refresh();
    expect(reported).toEqual(['failed ETIMEDOUT']);
    await unlock();
  });

  test('are read once for a hundred callers at the same time', async () => {
    const postgres = await prepared();
    const { catalog } = await open(urlOf(postgres));
    const unlock = await lockComments(postgres);
    const all = Promise.all(Array.from({ length: 100 }, () => catalog.refresh()));
    const ours = "FROM pg_stat_activity WHERE application_name = 'pgaudit-shipper'";
    await until(postgres, `SELECT 1 ${ours} AND wait_event_type = 'Lock'`);
    await until(postgres, `SELECT 1 ${ours} HAVING count(*) = 1`);
    await unlock();
    await all;
    expect(catalog.commentOf('z990001')).toContain('Kari');
  });
});

describe('who could have written its own comment', () => {
  test('a superuser, CREATEROLE, and who can become one of them or reach the files of the server', async () => {
    const postgres = await prepared();
    await postgres.query(
      'postgres',
      'CREATE ROLE boss LOGIN SUPERUSER',
      'CREATE ROLE maker LOGIN CREATEROLE',
      'CREATE ROLE makers CREATEROLE',
      'CREATE ROLE half LOGIN NOINHERIT IN ROLE makers',
      'CREATE ROLE writer LOGIN IN ROLE pg_write_server_files',
      'CREATE ROLE deputy LOGIN IN ROLE boss',
      'CREATE ROLE plain LOGIN CREATEDB IN ROLE persons',
    );
    const { catalog } = await open(urlOf(postgres));
    await catalog.refresh();
    const names = ['boss', 'maker', 'half', 'writer', 'deputy', 'plain', 'z990001', 'gone'];
    expect(names.filter(name => catalog.mayCommentItself(name))).toEqual([
      ...['boss', 'maker', 'half', 'writer', 'deputy', 'gone'],
    ]);
  });

  test('its comment is claimed', async () => {
    const postgres = await prepared();
    await postgres.query(
      'postgres',
      'CREATE ROLE maker LOGIN CREATEROLE',
      "COMMENT ON ROLE maker IS 'Kari Nordmann <kari.nordmann@nav.no>'",
    );
    const { catalog } = await open(urlOf(postgres));
    await catalog.refresh();
    const byName = { name: 'pattern', resolve: () => ({ person: { id: 'M' } }) } as const;
    const people = [byName, databaseResolver(catalog, [])];
    expect(await whoIs('maker', people)).toMatchObject({ status: 'claimed', id: 'M', name: 'Kari Nordmann' });
    expect(await whoIs('z990001', people)).toMatchObject({ status: 'resolved', name: 'Kari Nordmann' });
  });
});

test('a person stays one for 30 days after the last look that showed it, also after a restart', async () => {
  const clock = new ManualClock(START);
  const postgres = await prepared();
  const arePersons = ({ catalog }: Opened): boolean[] =>
    ['z990001', 'app', 'loner'].map(name => catalog.wasPerson(name));
  const first = await open(urlOf(postgres), clock, undefined, ['persons']);
  await first.catalog.refresh();
  expect(arePersons(first)).toEqual([true, true, false]);
  await postgres.query('postgres', 'REVOKE "team ""A""" FROM z990001', 'DROP ROLE app');
  await clock.advance(29 * 24 * 60 * MINUTE);
  await first.catalog.refresh();
  await first.catalog.close();
  const second = await open(urlOf(postgres), clock, first.cachePath, ['persons']);
  expect(arePersons(second)).toEqual([true, true, false]);
  await clock.advance(24 * 60 * MINUTE);
  await second.catalog.refresh();
  expect(arePersons(second)).toEqual([false, false, false]);
});

describe('changes', () => {
  test('a role that is newer than the last read causes a read; one that is gone does not, again and again', async () => {
    const postgres = await prepared();
    const { catalog } = await open(urlOf(postgres));
    await catalog.refresh();
    expect(catalog.knows('z990001', Date.now() + 1000)).toBe(true);
    await postgres.query('postgres', 'CREATE ROLE z990002 LOGIN IN ROLE persons');
    expect(await catalog.knows('z990002', Date.now() + 1)).toBe(true);
    expect(catalog.isMember('z990002', 'persons')).toBe(true);
    await catalog.refresh();
    expect(catalog.knows('dropped-long-ago', Date.now() - 60_000)).toBe(false);
  });

  test('a changed membership is seen by the next question after it was reported', async () => {
    const postgres = await prepared();
    const { catalog } = await open(urlOf(postgres));
    await catalog.refresh();
    await postgres.query('postgres', 'GRANT persons TO loner', 'REVOKE "team ""A""" FROM z990001');
    expect(catalog.knows('loner', 0)).toBe(true);
    expect(catalog.isMember('loner', 'persons')).toBe(false);
    catalog.expire();
    expect(await catalog.knows('loner', 0)).toBe(true);
    expect([catalog.isMember('loner', 'persons'), catalog.isMember('z990001', 'persons')]).toEqual([
      true,
      false,
    ]);
    expect(catalog.knows('loner', 0)).toBe(true);
  });

  test('one that comes during a read is seen by the next question, too', async () => {
    const postgres = await prepared();
    const unlock = await lockComments(postgres);
    const { catalog } = await open(urlOf(postgres));
    const reading = catalog.refresh();
    await until(postgres, "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
    await postgres.query('postgres', 'GRANT persons TO loner');
    catalog.expire();
    const asked = catalog.knows('loner', 0);
    await unlock();
    await reading;
    await asked;
    expect(catalog.isMember('loner', 'persons')).toBe(true);
  });

  test('are read every minute, until it ends', async () => {
    const clock = new ManualClock(START);
    const postgres = await prepared();
    const { catalog } = await open(urlOf(postgres), clock);
    const stop = new AbortController();
    const following = catalog.follow(stop.signal);
    await expect.poll(() => catalog.loadedAt).toBe(Date.parse(START));
    await postgres.query('postgres', "COMMENT ON ROLE loner IS 'Ola'");
    await expect.poll(() => clock.waiting).toBe(2);
    await clock.advance(MINUTE);
    await expect.poll(() => catalog.commentOf('loner')).toBe('Ola');
    stop.abort();
    await following;
  });
});

describe('a database that is down', () => {
  test('answers from the last read, also after a restart, and is stale after ten minutes', async () => {
    const clock = new ManualClock(START);
    const postgres = await prepared();
    const startAgain = await restarter(postgres);
    const first = await open(urlOf(postgres), clock);
    await first.catalog.refresh();
    await first.catalog.close();
    expect((await stat(first.cachePath)).mode & 0o777).toBe(0o600);
    expect(await readFile(first.cachePath, 'utf8')).not.toContain('s3cret');
    await postgres.stop();

    const { catalog, reported, errors } = await open(urlOf(postgres), clock, first.cachePath);
    const people = [databaseResolver(catalog, [])];
    expect(await whoIs('z990001', people)).toMatchObject({ status: 'resolved', name: 'Kari Nordmann' });
    expect(catalog.isMember('z990001', 'persons')).toBe(true);
    expect(catalog.loadedAt).toBe(Date.parse(START));
    for (let minute = 0; minute < 10; minute += 1) {
      await catalog.refresh();
      await clock.advance(MINUTE);
    }
    expect(await whoIs('z990001', people)).toMatchObject({ status: 'stale', name: 'Kari Nordmann' });
    expect(await whoIs('z990002', people)).toMatchObject({ status: 'unresolved' });
    expect(reported).toEqual(['failed ECONNREFUSED']);
    expect(String(errors)).not.toMatch(/s3cret|127\.0\.0\.1|postgres:/);
    expect(Object(errors[0])).not.toHaveProperty('cause');

    startAgain();
    await catalog.refresh();
    expect(await whoIs('z990001', people)).toMatchObject({ status: 'resolved' });
    expect(reported).toEqual(['failed ECONNREFUSED', 'loaded']);
  });

  test('is not asked for a while, whoever asks', async () => {
    const clock = new ManualClock(START);
    let connections = 0;
    const server = createServer(socket => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { catalog, reported } = await open(urlOf(addressOf(server)), clock);
    for (let second = 0; second < 3600; second += 1) {
      expect(await catalog.knows('z990001', clock.now())).toBe(false);
      await clock.advance(1000);
    }
    expect(reported).toHaveLength(1);
    expect(connections).toBeGreaterThan(50);
    expect(connections).toBeLessThan(80);
  });

  test('that never answers delays nobody for over two seconds', async () => {
    const clock = new ManualClock(START);
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { catalog, reported } = await open(urlOf(addressOf(server)), clock);
    const connected = new Promise(resolve => server.once('connection', resolve));
    const asked = catalog.knows('z990001', clock.now());
    await connected;
    await clock.advance(2000);
    expect(await asked).toBe(false);
    expect(reported).toEqual(['failed ETIMEDOUT']);
  });

  test('that ends the connection in the middle does not end the process', async () => {
    const postgres = await prepared();
    const unlock = await lockComments(postgres);
    const { catalog, reported } = await open(urlOf(postgres));
    const reading = catalog.refresh();
    const ours = "FROM pg_stat_activity WHERE application_name = 'pgaudit-shipper'";
    await until(postgres, `SELECT 1 ${ours} AND wait_event_type = 'Lock'`);
    await until(postgres, `SELECT pg_terminate_backend(pid) ${ours}`);
    await reading;
    expect(reported).toEqual(['failed 57P01']);
    await unlock();
  });

  test('that does not know the role is reported by its code, without the password', async () => {
    const postgres = await startPostgres();
    const { catalog, reported, errors } = await open(urlOf(postgres));
    await catalog.refresh();
    expect(reported).toEqual(['failed 28000']);
    expect(String(errors)).not.toMatch(/s3cret|shipper"/);
  });
});

describe('the file', () => {
  test('that is damaged is reported, and nothing is known', async () => {
    const path = join(await temporaryFolder(), 'roles.json');
    await writeFile(path, '{');
    const { catalog, reported } = await open('postgres://127.0.0.1:1/x', systemClock, path);
    expect([reported, catalog.loadedAt]).toEqual([['cache cache'], null]);
  });

  test('of another server is not used', async () => {
    const path = join(await temporaryFolder(), 'roles.json');
    const saved = { v: 1, server: 'elsewhere:5432', loadedAt: 1, roles: [], databases: [] };
    await writeFile(path, JSON.stringify(saved));
    const { catalog, reported } = await open('postgres://127.0.0.1:5432/x', systemClock, path);
    expect([reported, catalog.loadedAt]).toEqual([[], null]);
    const same = await open('postgres://elsewhere/x', systemClock, path);
    expect(same.catalog.loadedAt).toBe(1);
  });

  test('is not read with an invalid URL, which is not shown', async () => {
    const url = 'postgres://shipper:s3cret@host:port/x';
    await expect(open(url)).rejects.toThrow('database.url (or --as) is not a connection URL of PostgreSQL');
  });
});

function addressOf(server: { address(): AddressInfo | string | null }): { port: number } {
  const address = server.address();
  return { port: typeof address === 'object' ? (address?.port ?? 0) : 0 };
}
