/**
 * Whether the file that the server writes now is among those that the shipper reads, and whether the shipper may read
 * it.
 */

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type ActiveFile, activeFile, nameActive } from '../../database/population/active-file.js';
import { serverValue } from '../../database/population/effective.js';
import type { Snapshot } from '../../database/snapshot.js';
import { alterSystem, identifier } from '../../lib/sql/compose.js';
import { discover, type Listed } from '../../read/files/discover.js';
import { type Finding, failure, ok, warning } from './finding.js';

/** Who runs the shipper: its user and groups; `null` if the system has none. */
export interface Runner {
  readonly uid: number;
  readonly gids: readonly number[];
}

/** Who owns a log file. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export async function logFileFindings(server: Snapshot, patterns: readonly string[]): Promise<Finding[]> {
  const { files } = await discover(patterns.map(pattern => resolve(pattern)));
  const active = await activeFile(server, files);
  return [...activeFindings(server, active), ...modeFindings(server, await ownerOf(files), runner())];
}

export function activeFindings(server: Snapshot, active: ActiveFile | null): Finding[] {
  if (active === null) return notVisible(server);
  const { path, state } = active;
  if (state === 'matched') return [ok('active file', `${path} is among source.files`)];
  if (state === 'unmatched')
    return [
      failure(
        'active file',
        `${path} is the file the server writes now, and source.files does not match it`,
        'it is not read',
        nameActive(active),
      ),
    ];
  return [
    warning(
      'active file',
      `${path} is the file the server writes now; this user sees no such file on this machine`,
      'whether source.files matches it was not checked',
      'if the server runs on this machine, let the user of the shipper into the folder',
    ),
  ];
}

function notVisible({ logFile, user, settings }: Snapshot): Finding[] {
  if (logFile === null) {
    if (/csvlog|jsonlog/.exec(settings.get('log_destination')?.value ?? '') === null) return [];
    const why = 'nothing that could be shipped is written';
    return [
      failure(
        'active file',
        'the server writes neither csvlog nor jsonlog',
        why,
        'see logging_collector and log_destination',
      ),
    ];
  }
  const role = identifier(user);
  const execute = `GRANT EXECUTE ON FUNCTION pg_current_logfile(text) TO ${role};`;
  return [
    warning(
      'active file',
      `role ${role} has no permission to see which file the server writes now`,
      'whether source.files matches it was not checked',
      `${logFile === 'hidden' ? `${execute} ` : ''}GRANT pg_read_all_settings TO ${role};`,
    ),
  ];
}

/** Whether this user may read the files that the server creates from now on. */
export function modeFindings(server: Snapshot, owner: Owner | null, who: Runner | null): Finding[] {
  const text = serverValue(server, 'log_file_mode');
  if (text === null || owner === null || who === null) return [];
  const mode = Number.parseInt(text, 8);
  if (who.uid === 0) return [ok('log_file_mode', `${text}, and this is root, who may read everything`)];
  if (who.uid === owner.uid) return [ok('log_file_mode', `${text}, and this user owns the files`)];
  const isInGroup = who.gids.includes(owner.gid);
  if ((mode & 0o004) !== 0)
    return [
      warning(
        'log_file_mode',
        `${text}: everybody may read the log`,
        'it contains statements and parameters',
        alterSystem('log_file_mode', '0640'),
      ),
    ];
  if ((mode & 0o040) !== 0 && isInGroup)
    return [ok('log_file_mode', `${text}, and this user is in the group`)];
  return [
    failure(
      'log_file_mode',
      `${text}: the files belong to user ${owner.uid}, group ${owner.gid}, and this is user ${who.uid}`,
      'files that the server creates from now on cannot be read',
      `${(mode & 0o040) === 0 ? `${alterSystem('log_file_mode', '0640')} ` : ''}and add this user to group ${owner.gid}`,
    ),
  ];
}

async function ownerOf(files: readonly Listed[]): Promise<Owner | null> {
  const [newest] = files.filter(file => file.isFile).sort((a, b) => b.modified - a.modified);
  if (newest === undefined) return null;
  try {
    return await stat(newest.path);
  } catch {
    return null;
  }
}

function runner(): Runner | null {
  const [uid, gids] = [process.getuid?.(), process.getgroups?.()];
  return uid === undefined ? null : { uid, gids: [...(gids ?? []), process.getgid?.() ?? uid] };
}
