import { execFileSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ThrowawayPostgres } from '../../demo/postgres.js';

/** Returns a function that starts the stopped server again, at the same port; it stops when the test ends. */
export async function restarter(postgres: ThrowawayPostgres): Promise<() => void> {
  const client = await postgres.connect('postgres');
  const { rows } = await client.query("SELECT setting FROM pg_config WHERE name = 'BINDIR'");
  await client.end();
  const control = join(String(rows[0]?.setting), 'pg_ctl');
  // PostgreSQL runs as the owner of its folder.
  const { uid, gid } = await stat(postgres.folder);
  const data = join(postgres.folder, 'data');
  const run = (...words: string[]): void => {
    execFileSync(control, ['-D', data, '-s', '-w', ...words], {
      uid,
      gid,
      cwd: postgres.folder,
      stdio: 'ignore',
    });
  };
  return () => {
    run('start');
    onTestFinished(() => run('stop', '-m', 'immediate'));
  };
}
