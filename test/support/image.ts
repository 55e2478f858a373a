/**
 * The image, built by buildah out of base images that are made here of Debian 12's packages and this Node.js, since no
 * registry of images may be within reach. It needs root, and Debian's mmdebstrap and buildah.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { makeDebian } from './debian-root.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What Node.js is linked to, as in distroless images. */
const RUNTIME_PACKAGES = ['base-files', 'libc6', 'libgcc-s1', 'libstdc++6'];

const inspected = z.object({
  OCIv1: z.object({
    config: z.object({
      User: z.string(),
      ExposedPorts: z.record(z.string(), z.unknown()),
      Env: z.array(z.string()),
      Entrypoint: z.array(z.string()),
      Cmd: z.array(z.string()),
      Volumes: z.record(z.string(), z.unknown()),
      WorkingDir: z.string(),
      Labels: z.record(z.string(), z.string()),
    }),
  }),
});
export type ImageConfig = z.infer<typeof inspected>['OCIv1']['config'];

/** What a container gets from outside. */
export interface Mounts {
  /** Read-only, by their paths in the container. */
  readonly read: Readonly<Record<string, string>>;
  /** The state folder. */
  readonly state: string;
}

/** buildah with a storage of its own. */
export class Images {
  readonly folder = mkdtempSync(join(tmpdir(), 'pgaudit-shipper-test-'));
  readonly environment: NodeJS.ProcessEnv;

  constructor() {
    const storage = join(this.folder, 'storage.conf');
    writeFileSync(
      storage,
      `[storage]\ndriver = "vfs"\ngraphroot = "${this.folder}/images"\nrunroot = "${this.folder}/run"\n`,
    );
    this.environment = { ...process.env, CONTAINERS_STORAGE_CONF: storage };
  }

  /** As node's official image: Debian, with Node.js and npm. Beside them, what npm needs on this machine to reach its registry. */
  makeBuildBase(name: string): void {
    const settings: Record<string, string> = {
      npm_config_registry: output('npm', ['config', 'get', 'registry']),
    };
    const certificates = process.env.NODE_EXTRA_CA_CERTS;
    if (certificates !== undefined) settings.NODE_EXTRA_CA_CERTS = '/etc/certificates.pem';
    this.#make(name, settings, root => {
      makeDebian(root, '--variant=minbase');
      put(process.execPath, join(root, 'usr/local/bin/node'));
      output('npm', ['install', '--global', '--prefix', join(root, 'usr/local'), 'npm@11']);
      if (certificates !== undefined) put(certificates, join(root, 'etc/certificates.pem'));
    });
  }

  /** As distroless: Node.js, what it is linked to, and no shell. */
  makeRuntimeBase(name: string): void {
    this.#make(name, {}, root => {
      makeDebian(root, '--variant=extract', `--include=${RUNTIME_PACKAGES.join()}`);
      put(process.execPath, join(root, 'nodejs/bin/node'));
    });
  }

  #make(name: string, environment: Readonly<Record<string, string>>, fill: (root: string) => void): void {
    const container = this.buildah('from', 'scratch');
    fill(this.buildah('mount', container));
    const settings = Object.entries(environment).map(([key, value]) => `--env=${key}=${value}`);
    this.buildah('config', ...settings, container);
    this.buildah('commit', '--rm', container, name);
  }

  /** Prints; throws if it fails. */
  buildah(...args: readonly string[]): string {
    return output('buildah', args, this.environment);
  }

  /** The root of an image's files. */
  mount(image: string): string {
    return this.buildah('mount', this.buildah('from', '--pull-never', image));
  }

  configOf(image: string): ImageConfig {
    return inspected.parse(JSON.parse(this.buildah('inspect', '--type', 'image', image))).OCIv1.config;
  }

  remove(): void {
    this.buildah('umount', '--all');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * Starts a program as a cluster would: in the image's root, which is read-only, in its working directory and with its
 * environment alone, as a user without any right.
 */
export function startIn(root: string, user: number, config: ImageConfig, mounts: Mounts): ChildProcess {
  const state = '/var/lib/pgaudit-shipper';
  const targets = [...Object.keys(mounts.read), '/proc', state];
  for (const target of targets) mkdirSync(join(root, target), { recursive: true });
  const bind = (source: string, target: string, options = 'bind'): string =>
    `mount --bind '${source}' '${root}${target}'; mount -o remount,${options} '${root}${target}'`;
  const script = [
    bind(root, '', 'bind,ro'),
    bind('/proc', '/proc'),
    ...Object.entries(mounts.read).map(([target, source]) => bind(source, target, 'bind,ro')),
    bind(mounts.state, state),
    `exec env -i ${config.Env.map(one => `'${one}'`).join(' ')} setpriv --no-new-privs \
unshare --root='${root}' --wd='${config.WorkingDir}' --setgid=${user} --setuid=${user} -- "$@"`,
  ];
  const command = ['--mount', 'sh', '-euc', script.join('\n'), 'sh', ...config.Entrypoint, ...config.Cmd];
  return spawn('unshare', command, { stdio: ['ignore', 'pipe', 'pipe'] });
}

function put(file: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(file, to);
}

function output(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? stderr}`);
  return stdout.trim();
}
