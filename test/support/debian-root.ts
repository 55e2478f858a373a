/**
 * A fresh Debian 12 with PostgreSQL and pgAudit in a folder, and its own systemd, to install into. It needs root, and
 * Debian's mmdebstrap.
 */

import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { eventually } from './shipper.js';

const PACKAGES = ['postgresql-15', 'postgresql-15-pgaudit', 'systemd-sysv', 'dbus', 'passwd'];
/** Nothing of this machine's environment gets in. */
const ENVIRONMENT = ['env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL=C.UTF-8'];

export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

export class DebianRoot {
  readonly folder = mkdtempSync(join(tmpdir(), 'pgaudit-shipper-test-'));
  #init = '';

  constructor() {
    makeDebian(this.folder, '--variant=minbase', `--include=${PACKAGES.join()}`);
    // PostgreSQL needs it.
    chmodSync(join(this.folder, 'dev/shm'), 0o1777);
  }

  /** Starts its systemd in namespaces of its own, so that all that runs there ends with it, and no port is in the way. */
  async boot(): Promise<void> {
    const root = this.folder;
    const script = [
      `mount --bind '${root}' '${root}'`,
      `mount -t proc proc '${root}/proc'; mount -t tmpfs tmpfs '${root}/run'; mount -t sysfs -o ro sysfs '${root}/sys'`,
      `mount -t cgroup2 cgroup2 '${root}/sys/fs/cgroup'`,
      `exec chroot '${root}' ${ENVIRONMENT.join(' ')} container=test /lib/systemd/systemd`,
    ];
    const namespaces = ['--mount', '--pid', '--fork', '--cgroup', '--uts', '--ipc', '--net'];
    const { pid } = spawn('unshare', [...namespaces, 'sh', '-euc', script.join('\n')], { stdio: 'ignore' });
    await eventually(async () => {
      this.#init = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
      return this.#init !== '' && this.run('systemctl is-system-running').output === 'running\n';
    });
  }

  /** Copies a file into /tmp there; returns its path there. */
  add(file: string): string {
    copyFileSync(file, join(this.folder, 'tmp', basename(file)));
    return `/tmp/${basename(file)}`;
  }

  /** Runs a script there to its end, in /tmp. */
  run(script: string): Ran {
    const inside = ['env', '--chdir=/tmp', ...ENVIRONMENT, 'sh', '-ec', script];
    const args = ['--target', this.#init, '--all', '--root', ...inside];
    const { status, stdout, stderr } = spawnSync('nsenter', args, { encoding: 'utf8' });
    return { code: status, output: `${stdout}${stderr}` };
  }

  remove(): void {
    // All others there die with it.
    if (this.#init !== '') process.kill(Number(this.#init), 'SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Fills a folder with a Debian 12. */
export function makeDebian(folder: string, ...options: readonly string[]): void {
  const args = [...options, 'bookworm', folder, 'http://deb.debian.org/debian'];
  const made = spawnSync('mmdebstrap', args, { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`a Debian 12 cannot be made: ${made.stderr ?? made.error}`);
}
