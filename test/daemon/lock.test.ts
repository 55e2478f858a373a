/** One daemon for each state folder: the lock lasts as long as the process that took it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { link, lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { acquireLock } from '../../src/daemon/lock.js';
import { temporaryFolder } from '../support/temp.js';

const LOCK = new URL('../../src/daemon/lock.ts', import.meta.url).href;
/** Takes the lock, prints the result, and keeps running. */
const START = `
  import { registerHooks } from 'node:module';
  registerHooks({ resolve: (name, context, next) => next(name.replace(/^(\\..*)\\.js$/, '$1.ts'), context) });
  const { acquireLock } = await import(process.argv[1]);
  console.log(await acquireLock(process.argv[2]).then(() => 'had', error => error.code));
  setInterval(() => undefined, 1000);`;

/** Another process, with the most awkward name (proc(5), field 2). */
async function otherProcess(folder: string): Promise<ChildProcess> {
  const program = join(folder, 'a) S 1 (b');
  await symlink('/bin/sleep', program);
  const child = spawn(program, ['600'], { argv0: 'sleep' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  return child;
}

/** Field 22 of the 52 in proc(5), counted from the end. */
async function startTime(pid: number | undefined): Promise<string | undefined> {
  return (await readFile(`/proc/${pid}/stat`, 'utf8')).trim().split(' ').at(-31);
}

/** The lock's files, grouped by inode. */
async function files(folder: string): Promise<string[][]> {
  const byInode = new Map<number, string[]>();
  for (const name of (await readdir(folder)).filter(one => one.startsWith('lock')).sort()) {
    const { ino, size, mode } = await lstat(join(folder, name));
    expect([size, mode & 0o777]).toEqual([0, 0o600]);
    byInode.set(ino, [...(byInode.get(ino) ?? []), name]);
  }
  return [...byInode.values()];
}

async function ownFile(): Promise<string> {
  return `lock.${process.pid}-${await startTime(process.pid)}`;
}

test('names its process by id and start time, and nobody after its release', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'lock');
  const unlock = await acquireLock(path);
  expect(await files(folder)).toEqual([['lock.1', await ownFile()]]);
  await expect(acquireLock(path)).rejects.toMatchObject({ code: 'locked' });
  await unlock();
  await unlock();
  expect(await files(folder)).toEqual([['lock.1']]);
  await (await acquireLock(path))();
  expect(await files(folder)).toEqual([['lock.2']]);
});

test('of many that start at once beside a dead one, one gets it', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'lock');
  await writeFile(path, `${process.pid} 1`);
  await writeFile(`${path}.${process.pid}-2`, '', { mode: 0o600 });
  await link(`${path}.${process.pid}-2`, `${path}.7`);
  const starts = Array.from({ length: 20 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', START, LOCK, path]),
  );
  const answers = await Promise.all(
    starts.map(async child => {
      const [text] = await once(child.stdout, 'data');
      return String(text).trim();
    }),
  );
  expect(answers.filter(answer => answer === 'had')).toHaveLength(1);
  expect(new Set(answers)).toEqual(new Set(['had', 'locked']));
  expect(await files(folder)).toEqual([
    expect.arrayContaining(['lock.8', expect.stringMatching(/^lock\.\d+-\d+$/)]),
  ]);
  for (const child of starts) child.kill('SIGKILL');
});

test('cannot be taken while the process that holds it lives', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'lock');
  const { pid } = await otherProcess(folder);
  const holder = `${pid} ${await startTime(pid)}`;
  await writeFile(path, holder);
  await expect(acquireLock(path)).rejects.toMatchObject({
    code: 'locked',
    message: expect.stringContaining(`process ${pid} already uses this state folder`),
  });
  expect(await readFile(path, 'utf8')).toBe(holder);
});

test.each<[string, (folder: string) => Promise<string>]>([
  ['a process that is gone, whose id another has now', async () => `${process.pid} 1`],
  [
    'a process that was killed',
    async folder => {
      const child = await otherProcess(folder);
      const holder = `${child.pid} ${await startTime(child.pid)}`;
      child.kill('SIGKILL');
      await once(child, 'exit');
      return holder;
    },
  ],
  ['nobody: a crash came before its first byte', async () => ''],
  ['nobody: a crash left half of it', async () => `${process.pid}`],
  ['nobody: it holds something else', async () => 'something else'],
])('can be taken if the file was left by %s', async (_name, left) => {
  const folder = await temporaryFolder();
  const path = join(folder, 'lock');
  await writeFile(path, await left(folder));
  const unlock = await acquireLock(path);
  onTestFinished(unlock);
  expect(await files(folder)).toEqual([['lock.1', await ownFile()]]);
});

test('cannot be taken if it cannot be read', async () => {
  const path = join(await temporaryFolder(), 'lock');
  await mkdir(path);
  await expect(acquireLock(path)).rejects.toMatchObject({ code: 'EISDIR' });
});
