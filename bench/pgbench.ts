import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ThrowawayPostgres } from '../demo/postgres.js';

/** One write a transaction. */
export const WRITE = fileURLToPath(new URL('write.sql', import.meta.url));

/** Another application_name for each transaction. */
export const CHANGING_NAME = fileURLToPath(new URL('changing-name.sql', import.meta.url));

/** What pgbench prints. */
export async function pgbench(
  { major, port }: ThrowawayPostgres,
  user: string,
  options: readonly string[],
): Promise<string> {
  const bin = join('/usr/lib/postgresql', String(major), 'bin', 'pgbench');
  const where = ['-h', '127.0.0.1', '-p', String(port), '-U', user];
  const { stdout } = await promisify(execFile)(bin, [...where, ...options, 'postgres']);
  return stdout;
}

/** Transactions per second. */
export async function tps(postgres: ThrowawayPostgres, user: string, options: readonly string[]): Promise<number> {
  return Number(/^tps = ([\d.]+)/m.exec(await pgbench(postgres, user, options))?.[1]);
}
