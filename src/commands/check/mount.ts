/** What kind of disk a folder is on, according to Linux (proc(5), /proc/self/mountinfo). */

import { readFile, realpath } from 'node:fs/promises';
import { type Finding, ok, warning } from './finding.js';
import { nearest } from './folder.js';

export interface Mount {
  /** Where it is mounted. */
  readonly point: string;
  /** Which folder of its file system is mounted there. */
  readonly root: string;
  /** `ext4`, `tmpfs`, `nfs4`, … */
  readonly type: string;
}

/** Whether what is synced there survives a restart; no finding if the system does not say. */
export async function checkDurable(folder: string): Promise<Finding[]> {
  try {
    const path = await realpath(await nearest(folder));
    const mount = mountOf(await readFile('/proc/self/mountinfo', 'utf8'), path);
    return mount === null ? [] : [durableFinding(folder, mount)];
  } catch {
    return [];
  }
}

/** The mount that contains a path; if several have the same mount point, the last one counts. */
export function mountOf(mountinfo: string, path: string): Mount | null {
  const holds = ({ point }: Mount): boolean =>
    path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`);
  const mounts = mountinfo
    .split('\n')
    .flatMap(line => readMount(line) ?? [])
    .filter(holds);
  return mounts.reduce<Mount | null>(
    (best, mount) => (best === null || mount.point.length >= best.point.length ? mount : best),
    null,
  );
}

/** `36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw` */
function readMount(line: string): Mount | null {
  const [fields = '', after = ''] = line.split(' - ', 2);
  const [, , , root, point] = fields.split(' ').map(plain);
  const [type] = after.split(' ');
  return root === undefined || point === undefined || !type ? null : { root, point, type };
}

/** Spaces and similar characters are written as `\040`. */
function plain(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_all, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

const IN_MEMORY = ['tmpfs', 'ramfs', 'devtmpfs'];
const LAYERED = ['overlay', 'aufs', 'unionfs'];
const NETWORK = /^(nfs|cifs|smb|9p$|afs$|ceph|gluster|lustre|fuse\.(sshfs|gcsfuse|s3fs|glusterfs))/;

export function durableFinding(folder: string, { root, type }: Mount): Finding {
  const fix = 'state: {directory: …} on its own disk; in Kubernetes a PersistentVolumeClaim';
  const lost = (detail: string, when: string): Finding =>
    warning(
      'state',
      `${folder}: ${detail}`,
      `it is lost ${when}; what was not delivered by then is read again if the log still has it, and the chain is taken up from the archive`,
      fix,
    );
  if (IN_MEMORY.includes(type)) return lost(`${type} keeps it in memory`, 'after a restart of the machine');
  if (LAYERED.includes(type)) return lost(`${type} is the container's own layer`, 'with the container');
  if (root.includes('kubernetes.io~empty-dir')) return lost('an emptyDir', 'with the pod');
  if (NETWORK.test(type))
    return warning(
      'state',
      `${folder}: ${type} is a network file system`,
      'its server decides whether synced data is durable and whether locks keep others out',
      fix,
    );
  return ok('state', `${folder} is on ${type}`);
}
