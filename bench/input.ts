/** Logs to measure with: of a real PostgreSQL under pgbench, repeated until they are large enough. */

import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import { parse as parseNow } from 'csv-parse/sync';
import { cnpgText, criLines, jsonlogLine } from '../test/support/json-lines.js';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ThrowawayPostgres } from '../demo/postgres.js';
import { CHANGING_NAME, pgbench, WRITE } from './pgbench.js';

/** Kept between benches: it takes its time to make. */
export const CACHE = join(tmpdir(), 'pgaudit-shipper-bench');
const SERVICE = 'app_web';
export const PERSON = 'Z990001';
/** Transactions of pgbench, of seven statements each, in the log that is repeated. */
const TRANSACTIONS = 16_000;
/** One statement of a person among so many records. */
const PERSON_AMONG = 1000;

/** A log that a server writes for one kind of use. */
interface Kind {
  readonly settings: Readonly<Record<string, string>>;
  readonly load: (postgres: ThrowawayPostgres) => Promise<void>;
}

const ALL_AUDITED = { 'pgaudit.log': 'all' };
const LOAD = ['-c', '4', '-n'];

export const KINDS = {
  /** A service in few sessions does nearly everything, and a person 0.1 %. */
  sessions: {
    settings: ALL_AUDITED,
    async load(postgres) {
      const person = await postgres.connect(PERSON);
      const persons = (TRANSACTIONS * 7) / PERSON_AMONG;
      const work = (async () => {
        for (let n = 0; n < persons; n++)
          await person.query('UPDATE pgbench_tellers SET filler = $1 WHERE tid = $2 AND pg_sleep(0.1) IS NOT NULL', [
            `Kåre "${n}"`,
            n % 20,
          ]);
      })();
      await pgbench(postgres, SERVICE, [...LOAD, '-t', String(TRANSACTIONS / 4), '-M', 'extended']);
      await work;
      await person.end();
    },
  },
  /** A service connects for each transaction. */
  connections: {
    settings: ALL_AUDITED,
    load: async postgres => void (await pgbench(postgres, SERVICE, [...LOAD, '-C', '-t', '1500'])),
  },
  /** A person reads, which is logged and not shipped. */
  reads: {
    settings: ALL_AUDITED,
    load: async postgres => void (await pgbench(postgres, PERSON, [...LOAD, '-S', '-t', '20000'])),
  },
  /** The server logs each duration, and the service another application_name for each transaction. */
  durations: {
    settings: { log_min_duration_statement: '0' },
    load: async postgres => void (await pgbench(postgres, SERVICE, [...LOAD, '-t', '8000', '-f', CHANGING_NAME])),
  },
  /** One record in ten is shipped. */
  tenth: {
    settings: ALL_AUDITED,
    async load(postgres) {
      const persons = pgbench(postgres, PERSON, ['-c', '1', '-n', '-t', '8000', '-f', WRITE]);
      await Promise.all([persons, pgbench(postgres, SERVICE, [...LOAD, '-t', '2570'])]);
    },
  },
} satisfies Record<string, Kind>;
export type KindName = keyof typeof KINDS;

/** A log of about `megabytes` MB. */
export async function logOf(kind: KindName, megabytes: number): Promise<string> {
  await mkdir(CACHE, { recursive: true });
  const path = join(CACHE, `${kind}-${megabytes}.csv`);
  if (!existsSync(path)) await repeat(await recorded(kind), path, megabytes * 1e6);
  return path;
}

/** What one server logged. */
async function recorded(kind: KindName): Promise<string> {
  const path = join(CACHE, `${kind}.csv`);
  if (!existsSync(path)) await record(KINDS[kind], path);
  return path;
}

async function record({ settings, load }: Kind, path: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-bench-'));
  await chmod(folder, 0o711);
  const whole = { ...settings, log_filename: 'all.log', log_rotation_size: '0', log_rotation_age: '0' };
  const postgres = await ThrowawayPostgres.start(join(folder, 'postgres'), whole);
  try {
    await postgres.query('postgres', `CREATE ROLE ${SERVICE} LOGIN SUPERUSER`, `CREATE ROLE "${PERSON}" LOGIN SUPERUSER`);
    await pgbench(postgres, SERVICE, ['-i', '-s', '2', '-q']);
    const before = await size(postgres);
    await load(postgres);
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

/** Of log_time and session_start_time. */
const DATE = /\b20\d\d-\d\d-\d\d(?= \d\d:\d\d:\d\d)/g;
const SESSION = /,([0-9a-f]{8})\.([0-9a-f]+),(\d+),/g;
const DAY = 24 * 60 * 60;

/** Each repetition has sessions of its own, a day later, up to the day of the original: the lines of each start from 1. */
async function repeat(from: string, to: string, bytes: number): Promise<void> {
  const text = await readFile(from, 'latin1');
  const parts: Buffer[] = [];
  const first = 1 - Math.ceil(bytes / text.length);
  for (let day = first; day <= 0; day++) {
    const later = (date: string): string =>
      new Date(Date.parse(`${date}Z`) + day * DAY * 1000).toISOString().slice(0, 10);
    const shifted = text.replaceAll(DATE, later).replaceAll(SESSION, (_match, start: string, pid: string, line: string) => {
      const begun = (Number.parseInt(start, 16) + day * DAY).toString(16);
      return `,${begun}.${pid},${line},`;
    });
    parts.push(Buffer.from(shifted, 'latin1'));
  }
  await writeWhole(to, parts);
}

async function writeWhole(path: string, parts: readonly Buffer[]): Promise<void> {
  const file = await open(`${path}.tmp`, 'w');
  for (const part of parts) await file.write(part);
  await file.close();
  await rename(`${path}.tmp`, path);
}

const WRITERS = {
  jsonlog: (row: readonly string[]): Buffer[] => [Buffer.from(jsonlogLine(row))],
  cnpg: (row: readonly string[]): Buffer[] => criLines(cnpgText(row, auditOf(row))),
};

/** pgAudit's fields, which CloudNativePG takes apart. */
function auditOf(row: readonly string[]): string[] | null {
  const message = row[13] ?? '';
  if (!message.startsWith('AUDIT: ')) return null;
  const payloads: string[][] = parseNow(message.slice('AUDIT: '.length));
  return payloads[0] ?? null;
}

/** The same records in another format. */
export async function inFormat(csv: string, format: keyof typeof WRITERS): Promise<string> {
  const path = csv.replace('.csv', `.${format}`);
  if (existsSync(path)) return path;
  const file = await open(`${path}.tmp`, 'w');
  let lines: Buffer[] = [];
  for await (const row of createReadStream(csv).pipe(parse({ relax_column_count: true }))) {
    lines.push(...WRITERS[format](row));
    if (lines.length < 10_000) continue;
    await file.write(Buffer.concat(lines));
    lines = [];
  }
  await file.write(Buffer.concat(lines));
  await file.close();
  await rename(`${path}.tmp`, path);
  return path;
}
