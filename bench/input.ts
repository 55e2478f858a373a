/** Logs to measure with: of a real PostgreSQL under pgbench, repeated until they are large enough. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ThrowawayPostgres } from '../demo/postgres.js';

const run = promisify(execFile);

/** Kept between benches: it takes its time to make. */
export const CACHE = join(tmpdir(), 'pgaudit-shipper-bench');
const SERVICE = 'app_web';
export const PERSON = 'Z990001';
/** Transactions of pgbench, of seven statements each, in the log that is repeated. */
const TRANSACTIONS = 16_000;
/** One statement of a person among so many records. */
const PERSON_AMONG = 1000;

/** A log of about `megabytes` MB in which a service does nearly everything, and a person 0.1 %. */
export async function logOf(megabytes: number): Promise<string> {
  await mkdir(CACHE, { recursive: true });
  const path = join(CACHE, `log-${megabytes}.csv`);
  if (!existsSync(path)) await repeat(await recorded(), path, megabytes * 1e6);
  return path;
}

/** What one server logged. */
async function recorded(): Promise<string> {
  const path = join(CACHE, 'recorded.csv');
  if (!existsSync(path)) await record(path);
  return path;
}

async function record(path: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-bench-'));
  await chmod(folder, 0o711);
  const settings = { 'pgaudit.log': 'all', log_filename: 'all.log', log_rotation_size: '0', log_rotation_age: '0' };
  const postgres = await ThrowawayPostgres.start(join(folder, 'postgres'), settings);
  try {
    await postgres.query('postgres', `CREATE ROLE ${SERVICE} LOGIN SUPERUSER`, `CREATE ROLE "${PERSON}" LOGIN SUPERUSER`);
    await pgbench(postgres, ['-i', '-s', '2', '-q']);
    const before = await size(postgres);
    const person = await postgres.connect(PERSON);
    const persons = (TRANSACTIONS * 7) / PERSON_AMONG;
    const work = (async () => {
      for (let n = 0; n < persons; n++)
        await person.query('UPDATE pgbench_tellers SET filler = $1 WHERE tid = $2 AND pg_sleep(0.1) IS NOT NULL', [`Kåre "${n}"`, n % 20]);
    })();
    await pgbench(postgres, ['-c', '4', '-t', String(TRANSACTIONS / 4), '-M', 'extended', '-n']);
    await work;
    await person.end();
    const log = await readFile(join(postgres.logs, 'all.csv'));
    // From the first record of the load on: what the set-up wrote is large, and not the load.
    const start = log.indexOf('\n2', before) + 1;
    await writeWhole(path, [log.subarray(start)]);
  } finally {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function size({ logs }: ThrowawayPostgres): Promise<number> {
  const names = (await readdir(logs)).filter(name => name.endsWith('.csv'));
  return (await readFile(join(logs, names[0] ?? ''))).length;
}

async function pgbench(postgres: ThrowawayPostgres, options: readonly string[]): Promise<void> {
  const bin = join('/usr/lib/postgresql', String(postgres.major), 'bin', 'pgbench');
  await run(bin, ['-h', '127.0.0.1', '-p', String(postgres.port), '-U', SERVICE, ...options, 'postgres']);
}

const SESSION = /,([0-9a-f]{8})\.([0-9a-f]+),(\d+),/g;
const DAY = 24 * 60 * 60;

/** Each repetition has sessions of its own, a day later: the lines of each go on from 1. */
async function repeat(from: string, to: string, bytes: number): Promise<void> {
  const text = await readFile(from, 'latin1');
  const parts: Buffer[] = [];
  for (let written = 0, day = 0; written < bytes; day++) {
    const shifted = text.replaceAll(SESSION, (_match, start: string, pid: string, line: string) => {
      const later = (Number.parseInt(start, 16) + day * DAY).toString(16);
      return `,${later}.${pid},${line},`;
    });
    const part = Buffer.from(shifted, 'latin1');
    parts.push(part);
    written += part.length;
  }
  await writeWhole(to, parts);
}

async function writeWhole(path: string, parts: readonly Buffer[]): Promise<void> {
  const file = await open(`${path}.tmp`, 'w');
  for (const part of parts) await file.write(part);
  await file.close();
  await rename(`${path}.tmp`, path);
}
