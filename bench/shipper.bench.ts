/** Speed and size of every way through the shipper, each beside csv-parse on the same file: one table in ten minutes. */

import { createReadStream, existsSync } from 'node:fs';
import { chmod, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { ThrowawayPostgres } from '../demo/postgres.js';
import { CACHE, inFormat, type KindName, logOf, PERSON } from './input.js';
import { pgbench, tps, WRITE } from './pgbench.js';
import { untilRead, untilReady, usageNow, withConfig, withDaemon, withLoggingServer } from './processes.js';
import { addRow, compare, median, printTable, quantile } from './table.js';

const CLASSES = ['read', 'write', 'function', 'role', 'ddl', 'misc'];
const ALL = { filter: { classes: CLASSES, otherUsers: 'ship' }, keepsAll: true };
const PERSONS = { personalUsers: [`^${PERSON}$`], serviceUsers: ['^app_'], otherUsers: 'drop' };
const PORT = 18_181;

afterAll(printTable);

async function recordsIn(file: string): Promise<number> {
  let records = 0;
  // Every record of these logs is one line.
  for await (const chunk of createReadStream(file)) for (const byte of chunk) if (byte === 0x0a) records += 1;
  return records;
}

/** Logs of which nearly everything is dropped, each as a real server wrote it. */
test.each<[string, KindName]>([
  ['(a) long sessions of a service, 0.1 % by a person', 'sessions'],
  ['(b) a connection for each transaction', 'connections'],
  ['(c) reads by a person, dropped', 'reads'],
  ['(d) all durations, another application_name each time', 'durations'],
  ['(e) one record in ten is shipped', 'tenth'],
])('%s', async (name, kind) => {
  const file = await logOf(kind, 400);
  await compare(name, file, await recordsIn(file), { filter: PERSONS });
});

test('(a) with a tenth of it takes no less memory', async () => {
  const file = await logOf('sessions', 40);
  await compare('(a) a tenth of it', file, await recordsIn(file), { filter: PERSONS }, 1);
});

test.each(['jsonlog', 'cnpg'] as const)('(n) the log of (a) as %s', async format => {
  const file = await logOf('sessions', 400);
  const same = await inFormat(file, format);
  await compare(`(n) (a) as ${format}`, file, await recordsIn(file), { filter: PERSONS }, 3, same);
});

test('(f) everything is kept, in local folders', async () => {
  const file = await logOf('sessions', 150);
  await compare('(f) keep all, folders', file, await recordsIn(file), ALL);
});

test('(g) everything is kept, to Cloud Logging', async () => {
  const file = await logOf('sessions', 50);
  const records = await recordsIn(file);
  await withLoggingServer(async (endpoint, ask) => {
    const logging = { to: 'projects/bench/logs/bench', endpoint };
    await compare('(g) keep all, gRPC', file, records, { ...ALL, logging }, 1);
    expect((await ask()).received).toBeGreaterThan(records * 0.9);
  });
});

test('(h) one record of 60 MB', async () => {
  const file = join(CACHE, 'large.csv');
  if (!existsSync(file)) await writeLarge(file);
  await compare('(h) one 60 MB record', file, 1, ALL, 1);
});

async function writeLarge(path: string): Promise<void> {
  const file = await open(path, 'w');
  const who = `"${PERSON}","postgres",1,"127.0.0.1:1",6b0201a1.1,1,"INSERT"`;
  const start = `2026-11-24 07:50:05.791 CET,${who},2026-11-24 07:50:05 CET,3/34,0,LOG,00000,`;
  await file.write(`${start}"AUDIT: SESSION,1,1,WRITE,INSERT,,,""INSERT INTO t VALUES ('`);
  for (let megabyte = 0; megabyte < 60; megabyte++) await file.write('x'.repeat(1e6));
  await file.write(`')"",<none>",,,,,,,,,"","client backend",,0\n`);
  await file.close();
}

/** Calls `use` with a server that logs every write. */
async function withPostgres<T>(use: (postgres: ThrowawayPostgres) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-bench-'));
  await chmod(folder, 0o711);
  const postgres = await ThrowawayPostgres.start(join(folder, 'postgres'));
  try {
    await postgres.query('postgres', `CREATE ROLE "${PERSON}" LOGIN SUPERUSER`, 'CREATE ROLE app_web LOGIN SUPERUSER');
    await pgbench(postgres, PERSON, ['-i', '-q']);
    return await use(postgres);
  } finally {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

test('(k) from log_time to receipt, (i) idle, (j) start-up', async () => {
  await withPostgres(postgres =>
    withLoggingServer(async (endpoint, ask) => {
      const logging = { to: 'projects/bench/logs/bench', endpoint };
      const settings = { ...ALL, logging, port: PORT };
      await withConfig(join(postgres.logs, '*.csv'), settings, config =>
        withDaemon(config, async ({ pid = 0 }) => {
          addRow('(j) start-up to ready', { ms: (await untilReady(PORT)).toFixed(0) });
          await pause(8000);
          addRow('(i) idle, nothing shipped yet', { 'RSS MB': (await usageNow(pid)).rss.toFixed(0) });
          await ask();
          await pgbench(postgres, PERSON, ['-R', '500', '-T', '20', '-c', '4', '-f', WRITE]);
          await pause(1000);
          const { delays } = await ask();
          expect(delays.length).toBeGreaterThan(5000);
          const ms = [0.5, 0.99, 1].map(part => quantile(delays, part).toFixed(0)).join(' / ');
          addRow('(k) 500 events/s: delay', { 'ms, p50 / p99 / max': ms });
          await pause(5000);
          const before = await usageNow(pid);
          await pause(20_000);
          const after = await usageNow(pid);
          const share = `${(((after.cpu - before.cpu) / 20) * 100).toFixed(2)} %`;
          addRow('(i) idle, after that', { 'of a core': share, 'RSS MB': after.rss.toFixed(0) });
        }),
      );
    }),
  );
});

test('(l) what PostgreSQL loses by it', async () => {
  await withPostgres(async postgres => {
    const load = (): Promise<number> => tps(postgres, 'app_web', ['-T', '10', '-c', '4', '-n']);
    const alone: number[] = [];
    const beside: number[] = [];
    const runBeside = (config: string): Promise<unknown> =>
      withDaemon(config, async () => {
        await untilReady(PORT);
        // What the loads before it logged is not this one's.
        await untilRead(PORT);
        beside.push(await load());
      });
    await load();
    // The server becomes slower as its tables grow: what comes first takes turns.
    await withConfig(join(postgres.logs, '*.csv'), { filter: PERSONS, port: PORT }, async config => {
      for (let pair = 0; pair < 6; pair++) {
        if (pair % 2 === 0) alone.push(await load());
        await runBeside(config);
        if (pair % 2 === 1) alone.push(await load());
      }
    });
    const [without, withIt] = [median(alone), median(beside)];
    const values = { tps: `${without.toFixed(0)} alone, ${withIt.toFixed(0)} beside`, ratio: (withIt / without).toFixed(3) };
    addRow('(l) pgbench', values);
  });
});
