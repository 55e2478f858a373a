import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ThrowawayPostgres } from '../../demo/postgres.js';
import { temporaryFolder } from './temp.js';

/**
 * A real PostgreSQL with pgAudit that is removed when the test ends; if none is installed, it fails, and says how to
 * fix it.
 */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<ThrowawayPostgres> {
  const folder = await temporaryFolder();
  // The server's unprivileged user needs to pass through.
  await chmod(folder, 0o711);
  const postgres = await ThrowawayPostgres.start(join(folder, 'postgres'), settings);
  onTestFinished(() => postgres.stop());
  return postgres;
}
