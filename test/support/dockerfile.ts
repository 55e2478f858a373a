/** Replays a Dockerfile's steps in folders, without an engine: the part of the language that ours uses. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { promisify } from 'node:util';

export interface Step {
  readonly instruction: string;
  readonly text: string;
}

export interface Stage {
  readonly name: string;
  readonly image: string;
  readonly steps: readonly Step[];
}

/** A stage that was built; `root` is its file system. */
export interface Built {
  readonly root: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
}

/** With the defaults of its ARGs filled in. */
export function parseDockerfile(text: string): Stage[] {
  const lines = text
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter(line => line.trim() !== '' && !line.startsWith('#'));
  const defaults = new Map<string, string>();
  const stages: { name: string; image: string; steps: Step[] }[] = [];
  for (const line of lines) {
    const [, instruction = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    const filled = rest.replaceAll(/\$\{(\w+)\}/g, (_, name) => defaults.get(name) ?? '');
    if (instruction === 'ARG') {
      const [name = '', value = ''] = filled.split(/=(.*)/);
      defaults.set(name, value);
    } else if (instruction === 'FROM') {
      const [image = '', , name = String(stages.length)] = filled.split(/\s+/);
      stages.push({ name, image, steps: [] });
    } else stages.at(-1)?.steps.push({ instruction, text: filled });
  }
  return stages;
}

/** Whether .dockerignore excludes a path from the build: the last line that names it, or a folder above it, decides. */
export function isIgnored(path: string, ignoreFile: string): boolean {
  const parts = path.split('/');
  const paths = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  const patterns = ignoreFile.split('\n').filter(line => line !== '' && !line.startsWith('#'));
  const deciding = patterns.findLast(pattern => {
    const literals = pattern.replace(/^!/, '').split('*');
    const glob = literals.map(text => text.replaceAll(/[^\w/]/g, '\\$&')).join('[^/]*');
    return paths.some(one => new RegExp(`^${glob}$`).test(one));
  });
  return deciding !== undefined && !deciding.startsWith('!');
}

/** The build context of a folder. */
export async function buildContext(from: string, to: string, ignoreFile: string): Promise<void> {
  for (const name of await readdir(from)) {
    if (isIgnored(name, ignoreFile)) continue;
    const filter = (path: string): boolean => !isIgnored(relative(from, path), ignoreFile);
    await cp(join(from, name), join(to, name), { recursive: true, filter });
  }
}

/** Builds all stages in folders below `into`, side by side; returns the last. Rejects if a step fails. */
export async function replay(stages: readonly Stage[], context: string, into: string): Promise<Built> {
  const built = new Map<string, Promise<Built>>();
  for (const stage of stages) built.set(stage.name, build(stage, into, { context, built }));
  const all = await Promise.all(built.values());
  const last = all.at(-1);
  if (last === undefined) throw new Error('there is no stage');
  return last;
}

async function build({ name, steps }: Stage, into: string, sources: Sources): Promise<Built> {
  let current: Built = { root: join(into, name), workdir: '/', env: {} };
  await mkdir(current.root);
  for (const step of steps) current = await take(step, current, sources);
  return current;
}

interface Sources {
  readonly context: string;
  /** The stages before. */
  readonly built: ReadonlyMap<string, Promise<Built>>;
}

async function take({ instruction, text }: Step, current: Built, sources: Sources): Promise<Built> {
  const { root, workdir, env } = current;
  switch (instruction) {
    case 'WORKDIR':
      await mkdir(join(root, text), { recursive: true });
      return { ...current, workdir: text };
    case 'ENV':
      return { ...current, env: { ...env, ...Object.fromEntries([text.split('=')]) } };
    case 'RUN':
      await runShell(text, join(root, workdir));
      return current;
    case 'COPY':
      await copy(text, current, sources);
      return current;
    case 'VOLUME':
      await mkdir(join(root, text), { recursive: true });
      return current;
    default:
      return current;
  }
}

/** This process's Node.js takes the place of the image's. */
async function runShell(command: string, cwd: string): Promise<void> {
  const path = `${dirname(process.execPath)}:${process.env.PATH}`;
  const env = { ...process.env, PATH: path, npm_config_prefer_offline: 'true', npm_config_loglevel: 'error' };
  for (const name of ['NODE_ENV', 'NODE_OPTIONS']) Reflect.deleteProperty(env, name);
  await promisify(execFile)('sh', ['-ec', command], { cwd, env });
}

async function copy(text: string, { root, workdir }: Built, { context, built }: Sources): Promise<void> {
  const words = text.split(/\s+/);
  const flags = new Map(words.filter(word => word.startsWith('--')).map(flag => pairOf(flag)));
  const paths = words.filter(word => !word.startsWith('--'));
  const target = paths.at(-1) ?? '';
  const stage = flags.get('--from');
  const source = stage === undefined ? context : (await built.get(stage))?.root;
  if (source === undefined) throw new Error(`COPY from an unknown stage: ${text}`);
  for (const path of paths.slice(0, -1)) {
    const from = join(source, path);
    if (!existsSync(from))
      throw new Error(`COPY ${path}: there is no such file in ${stage ?? 'the context'}`);
    const folder = isAbsolute(target) ? join(root, target) : join(root, workdir, target);
    const to = target.endsWith('/') ? join(folder, basename(path)) : folder;
    await mkdir(dirname(to), { recursive: true });
    await cp(from, to, { recursive: true, verbatimSymlinks: true });
    const mode = flags.get('--chmod');
    if (mode !== undefined) await chmod(to, Number.parseInt(mode, 8));
  }
}

function pairOf(flag: string): [string, string] {
  const [name = '', value = ''] = flag.split('=');
  return [name, value];
}
