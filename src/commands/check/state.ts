import { stat, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Config } from '../../config/schema.js';
import { Disk } from '../../disk.js';
import { codeOf, StateError } from '../../errors.js';
import { readCheckpoint } from '../../journal/checkpoint.js';
import { mendFor } from '../../telemetry.js';
import { type Finding, failure, ok, warning } from './finding.js';

/** Whether the state folder can be written durably, has room, is closed to others, and holds a state that can be taken up. */
export async function checkState({ state, instance }: Config): Promise<Finding[]> {
  const directory = resolve(state.directory);
  try {
    const disk = new Disk();
    await disk.makeFolder(directory);
    const probe = join(directory, 'check');
    await disk.replace(probe, 'written by check\n');
    await disk.remove(probe);
    return [
      await checkMode(directory),
      await checkRoom(directory, state.maxSize),
      await checkCheckpoint(directory, instance),
    ];
  } catch (error) {
    return [
      failure(
        'state',
        `${directory} cannot be written (${codeOf(error)})`,
        `${mendFor(codeOf(error))}; set state.directory`,
      ),
    ];
  }
}

async function checkMode(directory: string): Promise<Finding> {
  const { mode } = await stat(directory);
  if ((mode & 0o077) === 0) return ok('state', `${directory} is writable, and closed to others`);
  return warning(
    'state',
    `${directory} can be entered by others`,
    `chmod 700 ${directory}: the journal holds SQL and parameters`,
  );
}

async function checkRoom(directory: string, maxSize: number): Promise<Finding> {
  const { bavail, bsize } = await statfs(directory);
  const [free, wanted] = [bavail * bsize, maxSize].map(bytes => `${(bytes / 1024 ** 3).toFixed(1)} GiB`);
  if (bavail * bsize >= maxSize) return ok('state', `${free} free for state.maxSize ${wanted}`);
  return warning(
    'state',
    `${free} free, less than state.maxSize ${wanted}`,
    'give it a larger disk, or lower state.maxSize',
  );
}

async function checkCheckpoint(directory: string, instance: string): Promise<Finding> {
  try {
    const saved = await readCheckpoint(join(directory, 'checkpoint.json'), instance);
    return ok(
      'state',
      saved === null
        ? 'no chain yet: the first start begins one'
        : `chain ${saved.chain.chain} up to seq ${saved.chain.nextSeq - 1}`,
    );
  } catch (error) {
    if (error instanceof StateError) return failure('state', error.message, 'see above');
    throw error;
  }
}
