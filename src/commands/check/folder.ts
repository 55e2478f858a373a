/** Whether this user may write to a folder, or create it. */

import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fixFor } from '../../daemon/fixes.js';
import { codeOf, hasCode } from '../../lib/errors.js';
import { type Finding, failure, ok } from './finding.js';

/** The folder itself if it exists; else the nearest parent that does. */
export async function nearest(folder: string): Promise<string> {
  try {
    await stat(folder);
    return folder;
  } catch (error) {
    if (!hasCode(error, 'ENOENT') || dirname(folder) === folder) throw error;
    return await nearest(dirname(folder));
  }
}

/** Does not create the folder: the daemon may run as another user. */
export async function checkWritable(what: string, folder: string, why: string): Promise<Finding> {
  try {
    const there = await nearest(folder);
    await access(there, constants.W_OK | constants.X_OK);
    return ok(
      what,
      there === folder ? `${folder} is writable` : `${folder} will be created by the first start`,
    );
  } catch (error) {
    const code = codeOf(error);
    const fix = `mkdir -p ${folder}; make the user of the shipper its owner, mode 0700`;
    return failure(what, `${folder} cannot be written (${code}): ${fixFor(code)}`, why, fix);
  }
}
