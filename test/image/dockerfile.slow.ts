/** The image: built as README says, and at work as users whom it does not know, writing to its state only. */

import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { chmod, chown, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { readArchive } from '../support/archive.js';
import { type ImageConfig, Images, startIn } from '../support/image.js';
import { eventually, settings } from '../support/shipper.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const { version } = JSON.parse(read('package.json'));
/** README's line, as it is there. */
const [, BUILD = ''] = /^ {4}(npm run image)\n/m.exec(read('README.md')) ?? [];
/** The image's own user, and Nais's. */
const USERS = [65532, 1069];
const STATE = '/var/lib/pgaudit-shipper';

let images: Images;
beforeAll(() => {
  images = new Images();
});
afterAll(() => images.remove());

test('base images are named by a full version, or given by their digest', () => {
  const bases = [...read('Dockerfile').matchAll(/^ARG \w+_IMAGE=(.*)$/gm)].map(([, image = '']) => image);
  expect(bases).toHaveLength(2);
  expect(bases.filter(image => !/^node:\d+\.\d+\.\d+-|:nonroot$/.test(image))).toEqual([]);
  expect(read('Dockerfile')).toMatch(/BUILD_IMAGE=node@sha256:.*RUNTIME_IMAGE=.*@sha256:/);
});

test('nothing but what the build needs goes into it', async () => {
  const context = join(images.folder, 'context');
  await mkdir(join(context, 'src'), { recursive: true });
  await cp(join(ROOT, '.dockerignore'), join(context, '.dockerignore'));
  const put = ['.git/config', '.npmrc', '.env', 'node_modules/pg/a.js', 'test/a.ts', 'dist/main.js'];
  for (const file of [...put, 'package.json', 'src/read/a.ts', 'scripts/sbom.js', 'scripts/setup.js']) {
    await mkdir(join(context, file, '..'), { recursive: true });
    await writeFile(join(context, file), '');
  }
  await writeFile(join(images.folder, 'Everything'), 'FROM scratch\nCOPY . /\n');
  images.buildah('build', '--file', join(images.folder, 'Everything'), '--tag', 'everything', context);
  const names = readdirSync(images.mount('everything'), { recursive: true, withFileTypes: true });
  expect(
    names
      .filter(one => one.isFile())
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['a.ts', 'package.json', 'sbom.js']);
});

describe('the image', () => {
  let root = '';
  let config: ImageConfig;
  const inside = (path: string): string => join(root, path);

  beforeAll(() => {
    images.makeBuildBase('localhost/build');
    images.makeRuntimeBase('localhost/runtime');
    const built = spawnSync('sh', ['-ec', BUILD], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...images.environment, BUILD_IMAGE: 'localhost/build', RUNTIME_IMAGE: 'localhost/runtime' },
    });
    expect(built.status, `${built.stdout.slice(-2000)}${built.stderr}`).toBe(0);
    expect(built.stdout).toMatch(new RegExp(`\npgaudit-shipper:${version}  \\d+ MB, built by buildah\n$`));
    root = images.mount(`pgaudit-shipper:${version}`);
    config = images.configOf(`pgaudit-shipper:${version}`);
  });

  test('contains the program, what it needs to run, and nothing else', () => {
    expect(readdirSync(inside('app')).sort()).toEqual([
      'LICENSE',
      'config',
      'dist',
      'node_modules',
      'package.json',
      'sbom.json',
    ]);
    const modules = readdirSync(inside('app/node_modules'));
    expect(modules).toContain('pg');
    const tools = ['vitest', 'typescript', 'fast-check', '.bin', '.package-lock.json'];
    expect(modules.filter(name => tools.includes(name) || name.startsWith('node-linux'))).toEqual([]);
    expect(existsSync(inside('bin/sh'))).toBe(false);
  });

  test('starts as a user without rights, and says what it is', () => {
    expect(config).toMatchObject({
      User: '65532:65532',
      ExposedPorts: { '8080/tcp': {} },
      Volumes: { [STATE]: {} },
      WorkingDir: '/app',
      Entrypoint: ['/nodejs/bin/node', 'dist/main.js'],
      Cmd: ['run', '--config', '/etc/pgaudit-shipper/config.yaml'],
    });
    const { stdout: head } = spawnSync('git', ['rev-parse', '--short=12', 'HEAD'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect(config.Labels).toMatchObject({
      'org.opencontainers.image.title': 'pgaudit-shipper',
      'org.opencontainers.image.licenses': 'MIT',
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.revision': expect.stringContaining(head.trim()),
      'org.opencontainers.image.base.name': 'localhost/runtime',
    });
    expect(read('package.json')).toContain('"license": "MIT"');
  });

  test('the SBOM names the packages that are in it, and no others', () => {
    const { components } = z
      .object({ components: z.array(z.object({ name: z.string(), version: z.string() })) })
      .parse(JSON.parse(readFileSync(inside('app/sbom.json'), 'utf8')));
    const named = components.map(one => `${one.name}@${one.version}`).sort();
    const bundled = named.filter(name => name.startsWith('@cj-tech-master/'));
    expect(bundled).toHaveLength(1);
    expect(named).toEqual([...new Set([...packagesIn(inside('app')), ...bundled])].sort());
  });

  test.each(USERS)('ships a log as user %i, and stops', async user => {
    const state = await furnish(user, STATE);
    const child = start(user);
    const printed = output(child);
    await eventually(async () => child.exitCode !== null || sizeOf(join(state, 'logging')) > 0);
    child.kill('SIGTERM');
    expect([await printed, child.exitCode]).toEqual([expect.stringContaining('"stopped"'), 0]);
    const events = await readArchive(join(state, 'archive'));
    expect(events.filter(({ kind }) => kind === 'statement').length).toBeGreaterThan(10);
  });

  test('can write nowhere else', async () => {
    await furnish(1070, '/app');
    const child = start(1070);
    expect([await output(child), child.exitCode]).toEqual([expect.stringContaining('EROFS'), 1]);
  });

  function start(user: number): ChildProcess {
    const own = join(images.folder, String(user));
    const read = { '/etc/pgaudit-shipper': join(own, 'config'), '/var/log/postgresql': join(own, 'log') };
    return startIn(root, user, config, { state: join(own, 'state'), read });
  }

  test('has a size of at most 250 MB', () => {
    const parts = {
      'Node.js': 'nodejs',
      modules: 'app/node_modules',
      program: 'app/dist',
      config: 'app/config',
    };
    const sizes = Object.entries(parts).map(([name, path]) => [name, sizeOf(inside(path))] as const);
    const all = sizeOf(root);
    const base = all - sizes.reduce((sum, [, size]) => sum + size, 0);
    for (const [name, size] of [...sizes, ['base system and the rest', base] as const, ['all', all] as const])
      console.log(`image, ${name}: ${(size / 1e6).toFixed(1)} MB`);
    expect(all).toBeLessThan(250e6);
  });
});

/** A recorded log, a configuration that writes to a folder there, and a state folder of the user, which it returns. */
async function furnish(user: number, to: string): Promise<string> {
  const own = join(images.folder, String(user));
  const state = join(own, 'state');
  for (const name of ['config', 'log', 'state']) await mkdir(join(own, name), { recursive: true });
  await cp(join(ROOT, 'demo/recorded/pg15.csv'), join(own, 'log/postgresql.csv'));
  const config = { ...settings(to, ['/var/log/postgresql/*.csv']), state: { directory: to } };
  await writeFile(join(own, 'config/config.yaml'), stringify(config));
  await chmod(state, 0o700);
  await chown(state, user, user);
  return state;
}

/** All that it prints, once it has ended. */
async function output(child: ChildProcess): Promise<string> {
  const printed: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => printed.push(chunk));
  await once(child, 'close');
  return Buffer.concat(printed).toString();
}

/** The packages in a folder's node_modules, and in theirs. */
function packagesIn(folder: string): string[] {
  const modules = join(folder, 'node_modules');
  if (!existsSync(modules)) return [];
  const folders = readdirSync(modules).flatMap(name =>
    name.startsWith('@') ? readdirSync(join(modules, name)).map(inner => join(name, inner)) : [name],
  );
  return folders.flatMap(name => {
    const manifest = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'));
    return [`${manifest.name}@${manifest.version}`, ...packagesIn(join(modules, name))];
  });
}

/** The bytes of all files in a folder; 0 if it is not there. */
function sizeOf(folder: string): number {
  if (!existsSync(folder)) return 0;
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(one => one.isFile());
  return entries.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}
