/** Prevents two daemons from using one state folder: they would fork its chain. */

import { readFileSync } from 'node:fs';
import { link, lstat, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasCode, ShipperError } from '../lib/errors.js';

/** Attempts that others may win, each with a new file: after that, something else is wrong. */
const MOST_TRIES = 100;

/**
 * Takes the lock; the returned function releases it. Throws a ShipperError if a living process holds it.
 *
 * A process is identified by its id and start time, so that a killed one never blocks others. `lock.<id>-<start>` is
 * its file; the highest `lock.<number>` is a second name (a hard link) of the holder's file. A name can be created only
 * once: if two processes see the same dead holder, only one of them gets the next number. A process that releases the
 * lock removes its own file and leaves the number, since a number used twice would have two holders. All files are
 * empty, so a full disk does not matter. Version 0.1 wrote `<id> <start>` into `lock`, which counts as number 0.
 */
export async function acquireLock(path: string): Promise<() => Promise<void>> {
  const own = `${path}.${identityOf(String(process.pid)) ?? `${process.pid}-0`}`;
  await makeOwn(own, path);
  const release = async (): Promise<void> => await rm(own, { force: true });
  try {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const next = highest(await lockFiles(path)) + 1;
      await refuseLiving(path, next - 1);
      if (!(await isLinked(own, fileOf(path, next)))) continue;
      const found = await lockFiles(path);
      if (highest(found) === next) {
        await removeDead(path, found, next);
        return release;
      }
      // If lower numbers were removed meanwhile, another process may already be ahead.
      await rm(fileOf(path, next), { force: true });
    }
    throw new ShipperError('locked', `${path}: other processes keep taking this state folder; stop them.`);
  } catch (error) {
    await release();
    throw error;
  }
}

/** The files beside `lock` whose names begin with it. */
interface LockFiles {
  /** Numbers of holders; 0 is `lock` itself, whether it exists or not. */
  readonly numbers: readonly number[];
  /** `<id>-<start>` of processes that hold the lock, or try to. */
  readonly processes: readonly string[];
}

async function lockFiles(path: string): Promise<LockFiles> {
  const start = `${basename(path)}.`;
  const names = await readdir(dirname(path));
  const ends = names.flatMap(name => (name.startsWith(start) ? [name.slice(start.length)] : []));
  return {
    numbers: [0, ...ends.filter(end => /^\d{1,15}$/.test(end)).map(Number)],
    processes: ends.filter(end => /^\d+-\d+$/.test(end)),
  };
}

function highest({ numbers }: LockFiles): number {
  return Math.max(...numbers);
}

function fileOf(path: string, number: number): string {
  return number === 0 ? path : `${path}.${number}`;
}

async function makeOwn(own: string, path: string): Promise<void> {
  try {
    await writeFile(own, '', { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw hasCode(error, 'EEXIST') ? heldBy(String(process.pid), path) : error;
  }
}

async function refuseLiving(path: string, number: number): Promise<void> {
  const holder = number === 0 ? await readHolder(path) : await holderOf(path, number);
  const [pid] = holder?.split('-') ?? [];
  if (pid !== undefined && holder === identityOf(pid)) throw heldBy(pid, path);
}

function heldBy(pid: string, path: string): ShipperError {
  return new ShipperError(
    'locked',
    `${path}: process ${pid} already uses this state folder; stop it, or give this one its own.`,
  );
}

/** The process whose file has this number; `null` if it has released the lock. */
async function holderOf(path: string, number: number): Promise<string | null> {
  const file = await inodeOf(fileOf(path, number));
  for (const identity of (await lockFiles(path)).processes)
    if (file !== null && (await inodeOf(`${path}.${identity}`)) === file) return identity;
  return null;
}

/** `null` if it is gone. */
async function inodeOf(path: string): Promise<bigint | null> {
  return await unlessGone(async () => (await lstat(path, { bigint: true })).ino);
}

async function readHolder(path: string): Promise<string | null> {
  return await unlessGone(async () => (await readFile(path, 'utf8')).replace(' ', '-'));
}

async function unlessGone<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
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

/** Removes what dead processes left; after a crash here, the next holder removes the rest. */
async function removeDead(path: string, { numbers, processes }: LockFiles, own: number): Promise<void> {
  const dead = processes.filter(identity => identity !== identityOf(identity.split('-')[0] ?? ''));
  const names = numbers.filter(number => number < own).map(number => fileOf(path, number));
  for (const name of [...names, ...dead.map(identity => `${path}.${identity}`)])
    await rm(name, { force: true });
}

/**
 * `<pid>-<start time>`: process ids are reused, start times (proc(5), field 22) are not. `null` if no such process is
 * visible: it is gone, or runs on another machine or in another container.
 */
function identityOf(pid: string): string | null {
  try {
    const stat = readFileSync(join('/proc', String(Number(pid)), 'stat'), 'utf8');
    return `${pid}-${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return null;
    throw error;
  }
}
