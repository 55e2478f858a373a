/** The user that `check` runs as: root may read what the daemon's user may not. */

import { execFileSync } from 'node:child_process';
import { type Finding, ok, warning } from './finding.js';

interface Ids {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/**
 * Changes this process to that user permanently, with the user's groups: so check reads and tries everything as the
 * daemon will. Returns why that is not possible; else `null`.
 *
 * @param user a name, or a number that the system may not know (as in a container)
 */
export function becomeUser(user: string): string | null {
  const { setuid, setgid, setgroups, getuid } = process;
  if (!setuid || !setgid || !setgroups || !getuid) return '--user: this system has no users to change to';
  const ids = /^\d+$/.test(user) ? withoutName(Number(user)) : idsOf(user);
  if (ids === null) return `--user ${user}: the system knows no such user`;
  if (getuid() === ids.uid) return null;
  if (getuid() !== 0) return `--user ${user}: only root may change to another user`;
  setgroups([...ids.groups]);
  setgid(ids.gid);
  setuid(ids.uid);
  return null;
}

function withoutName(uid: number): Ids {
  return { uid, gid: uid, groups: [uid] };
}

function idsOf(user: string): Ids | null {
  try {
    const ask = (flag: string): number[] =>
      execFileSync('id', [flag, '--', user], { encoding: 'utf8', stdio: 'pipe' })
        .trim()
        .split(' ')
        .map(Number);
    const [[uid], [gid], groups] = [ask('-u'), ask('-g'), ask('-G')];
    return uid === undefined || gid === undefined ? null : { uid, gid, groups };
  } catch {
    return null;
  }
}

/** A finding about who runs check, if that decides what is found. */
export function checkUser(user: string | null): Finding[] {
  if (user !== null) return [ok('user', `checked as ${user}`)];
  if (process.getuid?.() !== 0) return [];
  return [
    warning(
      'user',
      'check runs as root, and the daemon will not',
      'what its user may read and write was not checked',
      'check --user USER, as in the unit or the container (`User=`, `runAsUser`)',
    ),
  ];
}
