/** Keeps two daemons off one state folder: they would fork its chain. */

import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { hasCode, ShipperError } from './errors.js';

/**
 * Takes the lock; the returned function gives it back. Throws a ShipperError where a living process
 * holds it. A process that was killed leaves the file behind; its holder is told by process id and
 * start time, so it never stands in the way.
 */
export async function acquireLock(path: string): Promise<() => Promise<void>> {
  const holder = await readHolder(path);
  const [pid] = holder.split(' ');
  if (pid !== undefined && holder === identityOf(pid)) {
    throw new ShipperError(
      'locked',
      `${path}: process ${pid} uses this state folder already; stop it, or give this one its own.`,
    );
  }
  await writeFile(path, identityOf(String(process.pid)) ?? '', { mode: 0o600 });
  return async () => rm(path, { force: true });
}

async function readHolder(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return '';
    throw error;
  }
}

/**
 * `<pid> <start time>`; process ids are used again, start times (proc(5), field 22) are not. `null` where no
 * such process is seen: it is gone, or runs on another machine or in another container.
 */
function identityOf(pid: string): string | null {
  try {
    const stat = readFileSync(`/proc/${Number(pid)}/stat`, 'utf8');
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return null;
    throw error;
  }
}
