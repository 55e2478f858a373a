/** What to do about a store or an object that cannot be read. */

import { codeOf, hasCode, ShipperError } from '../../lib/errors.js';
import { GzipError } from './gzip.js';
import { LongLineError } from './object-lines.js';

/** Why a store cannot be read, and what to do. */
export function whyUnreadable(error: unknown): string {
  if (error instanceof ShipperError) return error.message;
  if (hasCode(error, 'EACCES', 'EPERM'))
    return `no permission to read it (${codeOf(error)}): run this as a user who has it`;
  if (hasCode(error, 'ENOTDIR')) return 'it is not a folder: give the folder above instance=…';
  if (hasCode(error, 'ELOOP')) return 'it is a link that leads to itself: give the folder above instance=…';
  if (hasCode(error, 'ENAMETOOLONG')) return 'its path is too long: give the folder above instance=…';
  return `it cannot be read (${codeOf(error)}): try again, and check the network and the disk if it fails again`;
}

/** Errors of one object; the others may still be readable. */
const OF_ONE_OBJECT = ['404', 'ENOENT', 'EACCES', 'EPERM', 'EIO', 'EISDIR', 'ELOOP', 'no-file'];

/** What is wrong with the object; `null` if the error may concern the whole archive. */
export function damageOf(error: unknown): string | null {
  if (error instanceof GzipError) return `its compressed data is damaged (${error.fault})`;
  if (error instanceof LongLineError) return error.message;
  if (!hasCode(error, ...OF_ONE_OBJECT)) return null;
  return error instanceof ShipperError ? error.message : `it cannot be read (${codeOf(error)})`;
}
