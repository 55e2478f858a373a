import { stat, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Config } from '../../config/schema.js';
import { fixFor } from '../../daemon/fixes.js';
import { readCheckpoint } from '../../journal/checkpoint.js';
import { Disk } from '../../lib/disk.js';
import { codeOf, hasCode, StateError } from '../../lib/errors.js';
import { checkAhead } from './ahead.js';
import { type Finding, failure, ok, warning } from './finding.js';
import { checkWritable } from './folder.js';
import { checkDurable } from './mount.js';

const NO_START = 'the daemon does not start until this is fixed';

/**
 * Whether the state folder can be written durably, has room, is closed to other users, and contains a state that can be
 * used. A missing folder is not created: the daemon may run as another user.
 */
export async function checkState(config: Config): Promise<Finding[]> {
  const { state, instance } = config;
  const directory = resolve(state.directory);
  try {
    const { mode } = await stat(directory);
    await probe(directory);
    const findings = [checkMode(directory, mode), await checkRoom(directory, state.maxSize)];
    const durable = await checkDurable(directory);
    const checkpoint = await checkCheckpoint(directory, instance);
    const ahead = checkpoint.status === 'ok' ? await checkAhead(config) : [];
    return [...findings, ...durable, checkpoint, ...ahead];
  } catch (error) {
    if (hasCode(error, 'ENOENT'))
      return [await checkWritable('state', directory, NO_START), ...(await checkDurable(directory))];
    const code = codeOf(error);
    return [failure('state', `${directory} cannot be written (${code})`, NO_START, fixFor(code))];
  }
}

async function probe(directory: string): Promise<void> {
  const disk = new Disk();
  const path = join(directory, 'check');
  await disk.replace(path, 'written by check\n');
  await disk.remove(path);
}

function checkMode(directory: string, mode: number): Finding {
  if ((mode & 0o077) === 0) return ok('state', `${directory} is writable, and closed to other users`);
  const why = 'the journal contains SQL and parameters';
  return warning('state', `${directory} is open to other users`, why, `chmod 700 ${directory}`);
}

async function checkRoom(directory: string, maxSize: number): Promise<Finding> {
  const { bavail, bsize } = await statfs(directory);
  const [free, wanted] = [bavail * bsize, maxSize].map(bytes => `${(bytes / 1024 ** 3).toFixed(1)} GiB`);
  if (bavail * bsize >= maxSize) return ok('state', `${free} free for state.maxSize ${wanted}`);
  const why = 'if a sink is down for long, the disk is full before the limit is reached';
  const fix = 'use a larger disk, or lower state.maxSize';
  return warning('state', `${free} free, less than state.maxSize ${wanted}`, why, fix);
}

async function checkCheckpoint(directory: string, instance: string): Promise<Finding> {
  try {
    const saved = await readCheckpoint(join(directory, 'checkpoint.json'), instance);
    if (saved === null)
      return ok('state', 'no chain yet: the first start takes it up from the archive, or begins a new one');
    const { chain, nextSeq } = saved.state.chain;
    return ok('state', `chain ${chain} up to seq ${nextSeq - 1}`);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return failure('state', error.message, NO_START, `mv ${directory} ${directory}.damaged`);
  }
}
