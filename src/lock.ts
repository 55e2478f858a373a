/** Keeps two daemons off one state folder: they would fork its chain. */

import { readFileSync } from 'node:fs';
import { link, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasCode, ShipperError } from './errors.js';

/** So often others were faster, each time with a new file: then something else is wrong. */
const MOST_TRIES = 100;

/**
 * Takes the lock; the returned function gives it back. Throws a ShipperError where a living process holds it.
 *
 * Each holder has a file of its own, `lock.<number>`; the highest number holds. A holder is known by process id and start
 * time, so that a process that was killed never stands in the way. A link is made with its content, and only once under
 * a name: of two that see the same dead holder one becomes the next. Who gives it back leaves an empty file, since a
 * number that was used twice would have two holders. Version 0.1 wrote `lock`, which counts as number 0.
 */
export async function acquireLock(path: string): Promise<() => Promise<void>> {
  const own = identityOf(String(process.pid)) ?? '';
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, own, { mode: 0o600 });
  try {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const next = (await highest(path)) + 1;
      await refuseLiving(path, next - 1);
      if (!(await isLinked(temporary, fileOf(path, next)))) continue;
      // Where the numbers before were removed meanwhile, another may have gone ahead.
      if ((await highest(path)) > next) {
        await rm(fileOf(path, next), { force: true });
        continue;
      }
      await removeBefore(path, next);
      return async () => await writeFile(fileOf(path, next), '', { mode: 0o600 });
    }
  } finally {
    await rm(temporary, { force: true });
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
  const holder = await readHolder(fileOf(path, number));
  const [pid] = holder.split(' ');
  if (pid === undefined || holder !== identityOf(pid)) return;
  throw new ShipperError(
    'locked',
    `${path}: process ${pid} uses this state folder already; stop it, or give this one its own.`,
  );
}

async function isLinked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
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
    const stat = readFileSync(join('/proc', String(Number(pid)), 'stat'), 'utf8');
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return null;
    throw error;
  }
}
