import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../../config/schema.js';
import { Disk } from '../../disk.js';
import { codeOf, hasCode, StateError } from '../../errors.js';
import { readCheckpoint } from '../../journal/checkpoint.js';
import { mendFor } from '../../telemetry.js';
import { type Finding, failure, ok, warning } from './finding.js';

/**
 * Whether the state folder can be written durably, has room, is closed to others, and holds a state that
 * can be taken up. Where there is none yet, it is not made: the daemon may run as another user.
 */
export async function checkState({ state, instance }: Config): Promise<Finding[]> {
  const directory = resolve(state.directory);
  try {
    const { mode } = await stat(directory);
    await probe(directory);
    const findings = [checkMode(directory, mode), await checkRoom(directory, state.maxSize)];
    return [...findings, await checkCheckpoint(directory, instance)];
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [await checkParent(dirname(directory), directory)];
    return [failure('state', `${directory} cannot be written (${codeOf(error)})`, mendFor(codeOf(error)))];
  }
}

async function probe(directory: string): Promise<void> {
  const disk = new Disk();
  const path = join(directory, 'check');
  await disk.replace(path, 'written by check\n');
  await disk.remove(path);
}

/** The nearest folder above that is there must let this user make the state folder. */
async function checkParent(parent: string, directory: string): Promise<Finding> {
  try {
    await access(parent, constants.W_OK);
    return ok('state', `${directory} will be made by the first start`);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return await checkParent(dirname(parent), directory);
    const detail = `${directory} is missing, and cannot be made in ${parent} (${codeOf(error)})`;
    return failure('state', detail, 'make it, give it to the user of the shipper, mode 0700');
  }
}

function checkMode(directory: string, mode: number): Finding {
  if ((mode & 0o077) === 0) return ok('state', `${directory} is writable, and closed to others`);
  const mend = `chmod 700 ${directory}: the journal holds SQL and parameters`;
  return warning('state', `${directory} can be entered by others`, mend);
}

async function checkRoom(directory: string, maxSize: number): Promise<Finding> {
  const { bavail, bsize } = await statfs(directory);
  const [free, wanted] = [bavail * bsize, maxSize].map(bytes => `${(bytes / 1024 ** 3).toFixed(1)} GiB`);
  if (bavail * bsize >= maxSize) return ok('state', `${free} free for state.maxSize ${wanted}`);
  const mend = 'give it a larger disk, or lower state.maxSize';
  return warning('state', `${free} free, less than state.maxSize ${wanted}`, mend);
}

async function checkCheckpoint(directory: string, instance: string): Promise<Finding> {
  try {
    const saved = await readCheckpoint(join(directory, 'checkpoint.json'), instance);
    if (saved === null)
      return ok('state', 'no chain yet: the first start takes it up from the archive, or begins one');
    return ok('state', `chain ${saved.chain.chain} up to seq ${saved.chain.nextSeq - 1}`);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return failure('state', error.message, 'the daemon will not start before that');
  }
}
