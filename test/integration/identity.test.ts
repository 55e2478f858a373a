/** Who did it, on a real PostgreSQL: group roles, comments, how a session was authenticated, what failed, which encoding. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ThrowawayPostgres } from '../../demo/postgres.js';
import type { ArchivedEvent } from '../support/archive.js';
import { startPostgres } from '../support/postgres.js';
import { archived, eventually, type Settings, Shipper, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

interface Scene {
  readonly postgres: ThrowawayPostgres;
  readonly folder: string;
  readonly config: Settings;
  shipper: Shipper;
  /** The events of a kind, once there are that many. */
  events(kind: string, count: number): Promise<ArchivedEvent[]>;
}

/** A server with one table and these roles, and a shipper beside it that may read its catalogs. */
async function scene(
  roles: readonly string[],
  more: Settings,
  server: Record<string, string> = {},
): Promise<Scene> {
  const postgres = await startPostgres(server);
  await postgres.query(
    'postgres',
    'CREATE TABLE t (id int PRIMARY KEY, name text)',
    'GRANT ALL ON t TO PUBLIC',
    'CREATE ROLE shipper LOGIN',
    ...roles,
  );
  const folder = await temporaryFolder();
  const database = { url: `postgres://shipper@127.0.0.1:${postgres.port}/postgres` };
  const config = settings(folder, [postgres.logPattern], { database, ...more });
  const shipper = await Shipper.start(folder, config);
  const events = async (kind: string, count: number): Promise<ArchivedEvent[]> => {
    await eventually(async () => (await archived(folder, kind)).length >= count);
    return await archived(folder, kind);
  };
  return { postgres, folder, config, shipper, events };
}

test('persons are the members of a group role, also of one that was just granted; comments name them', async () => {
  const { postgres, events } = await scene(
    [
      'CREATE ROLE persons',
      'CREATE ROLE team IN ROLE persons',
      'CREATE ROLE kari LOGIN IN ROLE team',
      "COMMENT ON ROLE kari IS 'Kari Nordmann <kari.nordmann@nav.no>'",
      'CREATE ROLE ola LOGIN',
      'CREATE ROLE batch LOGIN',
    ],
    { filter: { personalUsers: ['memberOf:persons'] }, identity: [{ database: true }] },
  );
  await postgres.query('ola', "INSERT INTO t VALUES (1, 'before')");
  await postgres.query('kari', "INSERT INTO t VALUES (2, 'kari')");
  // Memberships count as they are when the record is read.
  await events('statement', 1);
  await postgres.query('postgres', 'GRANT persons TO ola');
  await postgres.query('ola', "INSERT INTO t VALUES (3, 'after')");
  await postgres.query('postgres', 'CREATE ROLE new LOGIN IN ROLE team');
  await postgres.query('new', "INSERT INTO t VALUES (4, 'new')");
  await postgres.query('batch', "INSERT INTO t VALUES (5, 'batch')");
  const statements = await events('statement', 3);
  expect(statements.map(({ actor }) => [actor?.user, actor?.status, actor?.name])).toEqual([
    ['kari', 'resolved', 'Kari Nordmann'],
    ['ola', 'unresolved', undefined],
    ['new', 'unresolved', undefined],
  ]);
});

test('the database is down at a start: the cached roles still count', async () => {
  const { postgres, folder, config, shipper, events } = await scene(
    ['CREATE ROLE persons', 'CREATE ROLE kari LOGIN IN ROLE persons'],
    { filter: { personalUsers: ['memberOf:persons'] } },
  );
  await postgres.query('kari', "INSERT INTO t VALUES (1, 'a')");
  await events('statement', 1);
  await shipper.stop();
  await postgres.query('kari', "INSERT INTO t VALUES (2, 'b')");
  await postgres.stop();
  const second = await Shipper.start(folder, config);
  await events('statement', 2);
  expect(second.logged('catalog-failed')).toHaveLength(1);
});

test('statements carry how their session was authenticated, also after a restart of the shipper', async () => {
  const { postgres, folder, config, shipper, events } = await scene(
    [
      'CREATE ROLE "Z990001" LOGIN PASSWORD \'p\'',
      'CREATE ROLE "Z990002" LOGIN',
      'CREATE ROLE "Z990003" LOGIN',
    ],
    {
      filter: { personalUsers: ['^Z'] },
      identity: [{ authentication: ['^(?<id>root|postgres)$'] }, { pattern: ['^(?<id>[A-Z]\\d{6})$'] }],
    },
  );
  const hba = join(postgres.folder, 'data', 'pg_hba.conf');
  const [method, identity] = process.getuid?.() === 0 ? ['peer map=m', 'root'] : ['trust', null];
  await writeFile(
    hba,
    `host all "Z990001" 127.0.0.1/32 scram-sha-256\nlocal all "Z990002" ${method}\n${await readFile(hba, 'utf8')}`,
  );
  await writeFile(join(postgres.folder, 'data', 'pg_ident.conf'), 'm root "Z990002"\n');
  await postgres.query('postgres', 'SELECT pg_reload_conf()');
  const scram = await postgres.connect('Z990001', { password: 'p' });
  await scram.query("INSERT INTO t VALUES (1, 'scram')");
  const peer = await postgres.connect('Z990002', { host: postgres.folder });
  await peer.query("INSERT INTO t VALUES (2, 'peer')");
  await postgres.query('Z990003', "INSERT INTO t VALUES (3, 'trust')");
  await events('statement', 3);
  await shipper.stop();
  await Shipper.start(folder, config);
  await scram.query("INSERT INTO t VALUES (4, 'after a restart')");
  await scram.end();
  await peer.end();
  const statements = await events('statement', 4);
  const reported = statements.map(({ actor, session }) => [actor?.user, session?.authentication, actor?.id]);
  const byScram = { identity: 'Z990001', method: 'scram-sha-256' };
  expect(reported).toEqual([
    ['Z990001', byScram, 'Z990001'],
    ['Z990002', { identity, method: 'peer' }, identity],
    ['Z990003', undefined, 'Z990003'],
    ['Z990001', byScram, 'Z990001'],
  ]);
});

test('a failure or rollback is reported with the statement that it undoes, and without its message', async () => {
  const { postgres, events, shipper, folder } = await scene(
    ['CREATE ROLE "Z990001" LOGIN'],
    { filter: { personalUsers: ['^Z'] } },
    { 'pgaudit.log': 'write,ddl,role,misc', lc_messages: 'C.UTF-8' },
  );
  const kari = await postgres.connect('Z990001');
  await kari.query("INSERT INTO t VALUES (1, 'a')");
  await expect(kari.query("INSERT INTO t VALUES (1, 'hemmelig')")).rejects.toThrow('duplicate');
  await expect(kari.query('SELECT 1/0')).rejects.toThrow('zero');
  await kari.query('BEGIN');
  await kari.query("UPDATE t SET name = 'b'");
  await kari.query('SAVEPOINT s');
  await kari.query("UPDATE t SET name = 'c'");
  await kari.query('ROLLBACK TO SAVEPOINT s');
  await kari.query('ROLLBACK');
  await kari.query('BEGIN');
  await kari.query("UPDATE t SET name = 'd'");
  await expect(kari.query('SELECT 1/0')).rejects.toThrow('zero');
  await expect(kari.query('SELECT 1')).rejects.toThrow('aborted');
  await kari.query('ROLLBACK');
  await kari.query("DO $$BEGIN RAISE WARNING 'x' USING ERRCODE = '23505'; END$$");
  await kari.query("UPDATE t SET name = 'e'");
  await kari.end();
  const statements = await events('statement', 6);
  const failures = await events('failure', 3);
  const texts = new Map(statements.map(({ id, audit }) => [id, audit?.statement]));
  expect(failures.map(({ failure }) => [texts.get(failure?.statement ?? ''), failure?.sqlState])).toEqual([
    ["INSERT INTO t VALUES (1, 'hemmelig')", '23505'],
    ["UPDATE t SET name = 'c'", null],
    ["UPDATE t SET name = 'd'", '22012'],
  ]);
  expect(JSON.stringify(failures)).not.toContain('hemmelig');
  await shipper.stop();
  expect(await archived(folder, 'failure')).toHaveLength(3);
});

test('databases in LATIN1, SQL_ASCII and UTF-8 in one file: each is read in its own encoding', async () => {
  const { postgres, events } = await scene(
    [
      'CREATE ROLE "Z990001" LOGIN',
      "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
      "CREATE DATABASE raw ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
    ],
    { filter: { personalUsers: ['^Z'] } },
  );
  const text = "UPDATE t SET name = 'Kåre Ærø' -- Ã¥";
  for (const database of ['latin', 'raw', 'postgres']) {
    const admin = await postgres.connect('postgres', { database });
    if (database !== 'postgres') {
      await admin.query('CREATE EXTENSION pgaudit');
      await admin.query('CREATE TABLE t (name text)');
      await admin.query('GRANT ALL ON t TO PUBLIC');
    }
    await admin.end();
    const kari = await postgres.connect('Z990001', { database });
    await kari.query(text);
    // A byte that is not UTF-8: only SQL_ASCII accepts anything.
    if (database === 'raw') await kari.query("DO $$BEGIN EXECUTE E'UPDATE t SET name = ''\\xe5'''; END$$");
    await kari.end();
  }
  const statements = await events('statement', 4);
  const raw = statements.map(({ source }) => Buffer.from(source?.raw ?? '', 'base64').includes(0xe5));
  expect(statements.map(({ database, audit }, index) => [database, audit?.statement, raw[index]])).toEqual([
    ['latin', text, true],
    ['raw', text, false],
    ['raw', "UPDATE t SET name = '\uFFFD'", true],
    ['postgres', text, false],
  ]);
});
