/** Whether the server still writes a readable log: old files in another format do not matter. */

import type { UnsupportedReason } from '../record.js';
import type { Surveyed } from './survey.js';

/** Why a path is not read, if reading showed that after the survey. */
export type ReasonOf = (path: string) => UnsupportedReason | undefined;

/** The newest file if it is in another format than csvlog, and no readable file is as new. */
export function newestInOtherFormat(files: readonly Surveyed[], reasonOf: ReasonOf): string | null {
  const reasonFor = ({ path, identity }: Surveyed): UnsupportedReason | undefined =>
    identity.kind === 'unsupported' ? identity.reason : reasonOf(path);
  const readable = files.filter(file => reasonFor(file) === undefined);
  const paths = new Set(readable.map(({ path }) => path));
  const isOther = (file: Surveyed): boolean => OTHER.has(reasonFor(file)) && !isBeside(file.path, paths);
  const [newest] = files.filter(isOther).sort((a, b) => b.modified - a.modified);
  if (newest === undefined || readable.some(({ modified }) => modified >= newest.modified)) return null;
  return newest.path;
}

const OTHER: ReadonlySet<UnsupportedReason | undefined> = new Set(['format', 'columns']);

/** The logging collector writes a file without records beside each csvlog file, with the same base name (syslogger.c). */
function isBeside(path: string, readable: ReadonlySet<string>): boolean {
  return readable.has(`${path.replace(/\.(log|json)$/, '')}.csv`);
}

/** Whether there is a readable file, even an empty one. */
export function isAnyReadable(files: readonly Surveyed[], reasonOf: ReasonOf): boolean {
  return files.some(({ path, identity }) => {
    const reason = reasonOf(path);
    return identity.kind !== 'unsupported' && (reason === undefined || reason === 'zone');
  });
}
