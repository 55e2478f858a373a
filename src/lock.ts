/** Keeps two daemons off one state folder: they would fork its chain. */

import { readFileSync } from 'node:fs';
import { readdir, readFile, readlink, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasCode, ShipperError } from './errors.js';

/** So often others were faster, each time with a new file: then something else is wrong. */
const MOST_TRIES = 100;
/** No process's. */
const NOBODY = 'nobody';

/**
 * Takes the lock; the returned function gives it back. Throws a ShipperError where a living process holds it.
 *
 * Each holder has a symbolic link of its own, `lock.<number>`, that points to what it is known by: its process id and
 * start time, so that a process that was killed never stands in the way. The highest number holds. A link is made with
 * its content, only once under a name, and on a full disk, too: of two that see the same dead holder one becomes the
 * next. Who gives it back makes the next number nobody's, since one that was used twice would have two holders.
 * Version 0.1 wrote a file `lock`, which counts as number 0.
 */
export async function acquireLock(path: string): Promise<() => Promise<void>> {
  const own = identityOf(String(process.pid)) ?? NOBODY;
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const next = (await highest(path)) + 1;
    await refuseLiving(path, next - 1);
    if (!(await isLinked(own, fileOf(path, next)))) continue;
    // Where the numbers before were removed meanwhile, another may have gone ahead.
    if ((await highest(path)) > next) {
      await rm(fileOf(path, next), { force: true });
      continue;
    }
    await removeBefore(path, next);
    return async () => {
      await isLinked(NOBODY, fileOf(path, next + 1));
      await rm(fileOf(path, next), { force: true });
    };
  }
  throw new ShipperError('locked', `${path}: others take this state folder again and again; stop them.`);
}

function fileOf(path: string, number: number): string {
  return number === 0 ? path : `${path}.${number}`;
}

/** Numbers of the lock's files, in no order. */
async function numbers(path: string): Promise<number[]> {
  const name = basename(path);
  const names = await readdir(dirname(path));
  return names.flatMap(one => {
    if (one === name) return 0;
    const [, number] = /^\.(\d{1,15})$/.exec(one.startsWith(name) ? one.slice(name.length) : '') ?? [];
    return number === undefined ? [] : Number(number);
  });
}

async function highest(path: string): Promise<number> {
  return Math.max(0, ...(await numbers(path)));
}

async function refuseLiving(path: string, number: number): Promise<void> {
  const holder = await readHolder(path, number);
  const [pid] = holder.split(' ');
  if (pid === undefined || holder !== identityOf(pid)) return;
  throw new ShipperError(
    'locked',
    `${path}: process ${pid} uses this state folder already; stop it, or give this one its own.`,
  );
}

async function isLinked(holder: string, at: string): Promise<boolean> {
  try {
    await symlink(holder, at);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Dead ones; a crash leaves some of them, which the next one removes. */
async function removeBefore(path: string, number: number): Promise<void> {
  for (const one of await numbers(path)) if (one < number) await rm(fileOf(path, one), { force: true });
}

async function readHolder(path: string, number: number): Promise<string> {
  try {
    return number === 0 ? await readFile(path, 'utf8') : await readlink(fileOf(path, number));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return NOBODY;
    throw error;
  }
}

/**
 * `<pid> <start time>`; process ids are used again, start times (proc(5), field 22) are not. `null` where no
 * such process is seen: it is gone, or runs on another machine or in another container.
 */
function identityOf(pid: string): string | null {
  try {
    const stat = readFileSync(join('/proc', String(Number(pid)), 'stat'), 'utf8');
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return null;
    throw error;
  }
}
