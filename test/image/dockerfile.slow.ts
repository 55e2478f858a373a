/**
 * The Dockerfile's steps make a program that works as a user whom the image does not know, and writes only to its
 * state.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, chown, copyFile, lstat, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readArchive } from '../support/archive.js';
import { type Built, buildContext, isIgnored, parseDockerfile, replay } from '../support/dockerfile.js';
import { settings } from '../support/shipper.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const stages = parseDockerfile(read('Dockerfile'));
/** As Nais runs it. */
const USER = 1069;

describe('what goes into the build', () => {
  test.each([
    '.git/config',
    '.npmrc',
    'node_modules/pg/package.json',
    'test/temp.ts',
    'dist/main.js',
    '.env',
  ])('%s does not', path => {
    expect(isIgnored(path, read('.dockerignore'))).toBe(true);
  });

  test.each(['package-lock.json', 'src/main.ts', 'src/read/files/tail.ts', 'config/local.yaml'])(
    '%s does',
    path => {
      expect(isIgnored(path, read('.dockerignore'))).toBe(false);
    },
  );

  test('base images are named by a full version, or given by their digest', () => {
    const images = stages.map(({ image }) => image);
    expect(images.filter(image => !/^node:\d+\.\d+\.\d+-|:nonroot$/.test(image))).toEqual([]);
    expect(read('Dockerfile')).toMatch(/BUILD_IMAGE=node@sha256:.*RUNTIME_IMAGE=.*@sha256:/);
  });

  test('no step of RUN leaves its WORKDIR', () => {
    const commands = stages.flatMap(({ steps }) => steps.filter(({ instruction }) => instruction === 'RUN'));
    expect(commands.filter(({ text }) => /(^|[\s>])[/~]|\.\./.test(text))).toEqual([]);
  });
});

describe('the image', () => {
  let folder = '';
  let image: Built = { root: '', workdir: '', env: {} };
  const inside = (path: string): string => join(image.root, path);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-test-'));
    await chmod(folder, 0o755);
    await mkdir(join(folder, 'context'));
    await buildContext(ROOT, join(folder, 'context'), read('.dockerignore'));
    image = await replay(stages, join(folder, 'context'), folder);
    await mkdir(inside('nodejs/bin'), { recursive: true });
    await copyFile(process.execPath, inside('nodejs/bin/node'));
  }, 120_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('contains the program, what it needs to run, and nothing else', async () => {
    expect((await readdir(inside('app'))).sort()).toEqual([
      'LICENSE',
      'config',
      'dist',
      'node_modules',
      'package.json',
    ]);
    const modules = await readdir(inside('app/node_modules'));
    expect(modules).toContain('pg');
    for (const name of ['vitest', 'typescript', 'fast-check', '.bin']) expect(modules).not.toContain(name);
    expect(modules.filter(name => name.startsWith('node-linux'))).toEqual([]);
  });

  test('starts as a user without rights', () => {
    const last = Object.fromEntries(
      stages.at(-1)?.steps.map(({ instruction, text }) => [instruction, text]) ?? [],
    );
    expect(last).toMatchObject({ USER: '65532:65532', VOLUME: '/var/lib/pgaudit-shipper', EXPOSE: '8080' });
    expect(JSON.parse(last.ENTRYPOINT ?? '')).toEqual(['/nodejs/bin/node', 'dist/main.js']);
    expect(JSON.parse(last.CMD ?? '')).toEqual(['run', '--config', '/etc/pgaudit-shipper/config.yaml']);
  });

  test('ships a log as user 1069, and writes to its state folder only', async () => {
    await furnish(image);
    const before = await snapshot(image.root);
    const isRoot = process.getuid?.() === 0;
    const { status, stdout, stderr } = spawnSync(
      inside('nodejs/bin/node'),
      ['dist/main.js', 'run', '--once', '--config', inside('etc/pgaudit-shipper/config.yaml')],
      {
        cwd: inside(image.workdir),
        // No HOME.
        env: { ...image.env, TMPDIR: inside('tmp'), METADATA_SERVER_DETECTION: 'none' },
        encoding: 'utf8',
        ...(isRoot && { uid: USER, gid: USER }),
      },
    );
    expect([status, stderr], stdout).toEqual([0, '']);
    const state = 'var/lib/pgaudit-shipper';
    const events = await readArchive(inside(`${state}/archive`));
    expect(events.filter(({ kind }) => kind === 'statement').length).toBeGreaterThan(10);
    expect(await readdir(inside(`${state}/logging`))).not.toEqual([]);
    expect(await snapshot(image.root)).toEqual(before);
  });
});

/** Configuration, a log, and a state folder; everything else is read-only. */
async function furnish({ root }: Built): Promise<void> {
  const state = join(root, 'var/lib/pgaudit-shipper');
  const log = join(root, 'var/log/postgresql');
  for (const path of [log, join(root, 'etc/pgaudit-shipper'), join(root, 'tmp')])
    await mkdir(path, { recursive: true });
  await copyFile(join(ROOT, 'demo/recorded/pg15.csv'), join(log, 'postgresql.csv'));
  const config = settings(state, [join(log, '*.csv')]);
  await writeFile(join(root, 'etc/pgaudit-shipper/config.yaml'), stringify(config));
  spawnSync('chmod', ['-R', 'a-w,a+rX', root]);
  await chmod(join(root, 'tmp'), 0o1777);
  await chmod(state, 0o700);
  if (process.getuid?.() === 0) await chown(state, USER, USER);
}

/** All files but those in the state folder, with their sizes and times. */
async function snapshot(root: string): Promise<string[]> {
  const names = await readdir(root, { recursive: true });
  const ours = names.filter(name => !name.startsWith('var/lib/pgaudit-shipper'));
  return await Promise.all(
    ours.sort().map(async name => {
      const { size, mtimeMs } = await lstat(join(root, name));
      return `${name} ${size} ${mtimeMs}`;
    }),
  );
}

test('nothing that the build needs is missing from the files that are shipped', () => {
  const sources = stages.flatMap(({ steps }) =>
    steps
      .filter(({ instruction, text }) => instruction === 'COPY' && !text.includes('--from='))
      .flatMap(({ text }) => text.split(/\s+/).slice(0, -1)),
  );
  expect(
    sources.filter(name => !existsSync(join(ROOT, name)) || isIgnored(name, read('.dockerignore'))),
  ).toEqual([]);
});
