/** One server's log in each format: the same events, whatever happens while it is read. */

import { randomInt } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import type { ThrowawayPostgres } from '../../demo/postgres.js';
import type { ArchivedEvent } from '../support/archive.js';
import { Kubelet } from '../support/kubelet.js';
import { startPostgres } from '../support/postgres.js';
import {
  archived,
  eventually,
  oneSegment,
  runCommand,
  runOnce,
  type Settings,
  Shipper,
  settings,
  severalSettings,
} from '../support/shipper.js';
import { often } from '../support/soak.js';
import { temporaryFolder } from '../support/temp.js';

const ROTATED = { log_filename: 'postgresql-%H%M%S.log', log_rotation_size: '64kB' };
const SETUP = ['CREATE ROLE "Z990001" LOGIN', 'CREATE TABLE t (n int, a text)', 'GRANT ALL ON t TO PUBLIC'];

/** What an event says, without its place in a chain and in a file. */
function said({ kind, id, time, ...event }: ArchivedEvent): object {
  const { chain: _c, seq: _s, previousHash: _p, receivedAt: _r, source: _o, ...rest } = event;
  return { kind, id, time, ...rest };
}

async function saidIn(folder: string, instance = 'samples'): Promise<object[]> {
  const kinds = ['statement', 'failure', 'suspect', 'gap'];
  const events = (await archived(folder)).filter(
    ({ kind, id }) => kinds.includes(kind) && id.startsWith(instance),
  );
  return events.map(said);
}

/** Statements with everything that is hard to write, failures and a forged record. */
async function work(postgres: ThrowawayPostgres, count: number): Promise<void> {
  const client = await postgres.connect('Z990001');
  for (let n = 0; n < count; n++) {
    const text = `"${n}",\n\\ å \u{1F600} ${'x'.repeat(n % 500)}`;
    await client.query('INSERT INTO t VALUES ($1, $2)', [n, text]);
    if (n % 50 === 0) await client.query(`INSERT INTO t VALUES (1/0, 'n')`).catch(() => undefined);
    if (n % 50 === 1)
      await client.query(`DO $$BEGIN RAISE LOG 'AUDIT: SESSION,1,1,WRITE,INSERT,,,x,<none>'; END$$`);
  }
  await client.end();
}

const KILLS = often(20, 100);

test('csvlog and jsonlog of one server give equal events, through kills and rotations (I1)', {
  timeout: KILLS * 30_000,
}, async () => {
  const postgres = await startPostgres({ ...ROTATED, log_destination: 'csvlog,jsonlog' });
  await postgres.query('postgres', ...SETUP);
  const folders = { csv: await temporaryFolder(), json: await temporaryFolder() };
  const configOf = (end: keyof typeof folders): Settings =>
    settings(folders[end], [join(postgres.logs, `*.${end}`)]);
  for (let kill = 0; kill < KILLS; kill++) {
    const shipper = await Shipper.start(folders.json, configOf('json'));
    await Promise.all([work(postgres, 60), sleep(randomInt(300)).then(() => shipper.kill())]);
  }
  for (const end of ['csv', 'json'] as const)
    expect(await runOnce(folders[end], configOf(end))).toMatchObject({ code: 0 });
  const [csv, json] = [await saidIn(folders.csv), await saidIn(folders.json)];
  expect(csv.length).toBeGreaterThan(KILLS * 60);
  expect(json).toEqual(csv);
  expect((await readdir(postgres.logs)).filter(name => name.endsWith('.json')).length).toBeGreaterThan(5);
});

async function csvlogOf({ logs }: { readonly logs: string }): Promise<string> {
  const files = (await readdir(logs)).filter(name => name.endsWith('.csv'));
  return (await Promise.all(files.map(name => readFile(join(logs, name), 'utf8')))).join('');
}

test('the server changes to jsonlog: each statement once, and a config event (I1)', async () => {
  const postgres = await startPostgres();
  await postgres.query('postgres', ...SETUP);
  const folder = await temporaryFolder();
  const config = settings(folder, [join(postgres.logs, '*.{csv,json}')], oneSegment(folder));
  const client = await postgres.connect('Z990001');
  const insert = async (n: number): Promise<void> => {
    await client.query('INSERT INTO t VALUES ($1)', [n]);
  };
  /** It takes effect in a session when that begins its next statement. */
  const logTo = async (destination: string): Promise<void> => {
    await postgres.query(
      'postgres',
      `ALTER SYSTEM SET log_destination = ${destination}`,
      'SELECT pg_reload_conf()',
    );
    const now = async (): Promise<string> =>
      (await client.query('SHOW log_destination')).rows[0]?.log_destination;
    await eventually(async () => (await now()) === destination.replaceAll("'", ''));
  };
  await insert(1);
  expect(await runOnce(folder, config)).toMatchObject({ code: 0 });
  await insert(2);
  await logTo("'csvlog,jsonlog'");
  await insert(3);
  expect(await runOnce(folder, config)).toMatchObject({ code: 0 });
  await insert(4);
  // PostgreSQL's collector closes the csvlog as soon as it is told to: what is still in its pipe is then not in it.
  await eventually(async () => (await csvlogOf(postgres)).split('INSERT INTO t VALUES ($1)').length === 5);
  await logTo("'jsonlog'");
  await insert(5);
  const other = await postgres.connect('Z990001');
  await other.query('INSERT INTO t VALUES (6)');
  await other.end();
  expect(await runOnce(folder, config)).toMatchObject({ code: 0 });
  await insert(7);
  expect(await runOnce(folder, config)).toMatchObject({ code: 0 });
  await client.end();
  const events = await archived(folder);
  const statements = events.filter(({ kind, actor }) => kind === 'statement' && actor?.user === 'Z990001');
  const numberOf = ({ audit }: ArchivedEvent): string =>
    audit?.parameters?.[0] ?? audit?.statement?.at(-2) ?? '';
  expect(statements.map(numberOf)).toEqual(['1', '2', '3', '4', '5', '6', '7']);
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  expect(statements.map(({ id }) => /\/j\d+$/.test(id))).toEqual([
    false,
    false,
    false,
    false,
    true,
    true,
    true,
  ]);
  expect(events.filter(({ kind }) => kind === 'gap')).toEqual([]);
  const changes = events.flatMap(({ config }) => config?.changes ?? []);
  expect(changes).toEqual([{ what: 'format', name: 'source.format', before: 'csvlog', after: 'jsonlog' }]);
  expect((await runCommand(['verify', join(folder, 'archive')])).code).toBe(0);
});

test('CloudNativePG’s lines give the events of the csvlog behind them, through kills and rotations (I1)', {
  timeout: 600_000,
}, async () => {
  const postgres = await startPostgres({ log_filename: 'one.log' });
  await postgres.query('postgres', ...SETUP);
  await work(postgres, 1000);
  await postgres.stop();
  const rows: string[][] = parse(await readFile(join(postgres.logs, 'one.csv')), {
    relax_column_count: true,
  });
  const folders = { csv: await temporaryFolder(), cnpg: await temporaryFolder() };
  const pods = join(folders.cnpg, 'pods');
  await mkdir(pods);
  const discover = { files: `${pods}/{namespace}_{pod}_{uid}/postgres/*.log`, instance: '{namespace}.{pod}' };
  const config = severalSettings(folders.cnpg, [{ discover, timezone: 'Europe/Oslo' }]);
  const kubelet = new Kubelet(join(pods, 'db_pg-1_6f2c', 'postgres'));
  await kubelet.begin();
  const kills = often(50, 200);
  const each = Math.ceil(rows.length / kills);
  for (let kill = 0; kill < kills; kill++) {
    const shipper = await Shipper.spawn(folders.cnpg, config);
    for (const [n, row] of rows.slice(kill * each, (kill + 1) * each).entries())
      await kubelet.write(row, kill % 3 === 1 && n === each >> 1);
    if (kill === kills >> 1) kubelet.restart();
    await eventually(async () => shipper.port > 0);
    await sleep(randomInt(200));
    await shipper.kill();
  }
  expect(await runOnce(folders.cnpg, config)).toMatchObject({ code: 0 });
  const csv = settings(folders.csv, [join(postgres.logs, 'one.csv')], { instance: 'db.pg-1' });
  expect(await runOnce(folders.csv, csv)).toMatchObject({ code: 0 });
  expect(await saidIn(folders.cnpg, 'db.pg-1')).toEqual(await saidIn(folders.csv, 'db.pg-1'));
  // The pod goes away while nobody reads: nothing more is expected of it, but its end is not known.
  await rm(join(pods, 'db_pg-1_6f2c'), { recursive: true });
  expect((await runOnce(folders.cnpg, config)).code).toBe(0);
  const actions = (await archived(folders.cnpg)).flatMap(({ lifecycle }) => lifecycle?.action ?? []);
  expect(actions.filter(action => action === 'found' || action === 'retired')).toEqual(['found', 'retired']);
  expect((await runCommand(['verify', join(folders.cnpg, 'archive')])).code).toBe(3);
});

test('a forged log in another format neither ends reading nor hides that anything is unread', async () => {
  const postgres = await startPostgres();
  await postgres.query('postgres', ...SETUP);
  const folder = await temporaryFolder();
  const config = settings(folder, [join(postgres.logs, '*.csv')], oneSegment(folder));
  const client = await postgres.connect('Z990001');
  await client.query('INSERT INTO t VALUES ($1)', [1]);
  expect(await runOnce(folder, config)).toMatchObject({ code: 0 });
  // Whoever may write files on the server can name one like a log, and write any time into it.
  const forged = { timestamp: '2099-01-01 00:00:00.000 CET', pid: 1, session_id: '6b0c0001.1', line_num: 1 };
  const rest = { session_start: '2099-01-01 00:00:00 CET', txid: 0, error_severity: 'LOG', message: 'x' };
  await writeFile(join(postgres.logs, 'z.csv'), `${JSON.stringify({ ...forged, ...rest, query_id: 0 })}\n`);
  expect(await runOnce(folder, config)).toMatchObject({ code: 0 });
  await client.query('INSERT INTO t VALUES ($1)', [2]);
  expect(await runOnce(folder, config)).toMatchObject({ code: 0 });
  await client.end();
  const statements = (await archived(folder)).filter(({ actor }) => actor?.user === 'Z990001');
  expect(statements.map(({ audit }) => audit?.parameters?.[0])).toEqual(['1', '2']);
});
