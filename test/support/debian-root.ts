/** A fresh Debian 12 with PostgreSQL and pgAudit in a folder, to install into. It needs root, and Debian's mmdebstrap. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const PACKAGES = ['postgresql-15', 'postgresql-15-pgaudit', 'systemd', 'passwd'];
/** Nothing of this machine's environment gets in. */
const ENVIRONMENT = ['env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL=C.UTF-8'];

export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

export class DebianRoot {
  readonly folder: string;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'pgaudit-shipper-test-'));
    makeDebian(this.folder, '--variant=minbase', `--include=${PACKAGES.join()}`);
    // PostgreSQL needs both.
    chmodSync(join(this.folder, 'dev/shm'), 0o1777);
    const mounted = spawnSync('mount', ['--bind', '/proc', join(this.folder, 'proc')], { encoding: 'utf8' });
    if (mounted.status !== 0) throw new Error(`/proc cannot be mounted there: ${mounted.stderr}`);
  }

  /** Copies a file into /tmp there; returns its path there. */
  add(file: string): string {
    copyFileSync(file, join(this.folder, 'tmp', basename(file)));
    return `/tmp/${basename(file)}`;
  }

  /** Runs a script there to its end. */
  run(script: string): Ran {
    const args = [this.folder, ...ENVIRONMENT, 'sh', '-ec', script];
    const { status, stdout, stderr } = spawnSync('chroot', args, { encoding: 'utf8' });
    return { code: status, output: `${stdout}${stderr}` };
  }

  /** Starts a program there as a user with that user's groups. */
  start(user: string, ...command: readonly string[]): ChildProcess {
    const args = [
      this.folder,
      ...ENVIRONMENT,
      'setpriv',
      `--reuid=${user}`,
      `--regid=${user}`,
      '--init-groups',
      ...command,
    ];
    return spawn('chroot', args, { stdio: ['ignore', 'ignore', 'ignore'] });
  }

  remove(): void {
    spawnSync('umount', [join(this.folder, 'proc')]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Fills a folder with a Debian 12. */
export function makeDebian(folder: string, ...options: readonly string[]): void {
  const args = [...options, 'bookworm', folder, 'http://deb.debian.org/debian'];
  const made = spawnSync('mmdebstrap', args, { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`a Debian 12 cannot be made: ${made.stderr ?? made.error}`);
}
