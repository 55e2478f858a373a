import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ThrowawayPostgres } from '../../demo/postgres.js';
import { temporaryFolder } from './temp.js';

/** A real PostgreSQL with pgAudit that is gone when the test ends; it fails, and says how to fix it, where there is none. */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<ThrowawayPostgres> {
  const folder = await temporaryFolder();
  // The server's unprivileged user has to pass through.
  await chmod(folder, 0o711);
  const postgres = await ThrowawayPostgres.start(join(folder, 'postgres'), settings);
  onTestFinished(() => postgres.stop());
  return postgres;
}
