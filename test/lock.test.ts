/** One daemon for each state folder: its lock holds as long as the very process that took it lives. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { acquireLock } from '../src/lock.js';
import { temporaryFolder } from './support/temp.js';

/** Another process, whose name (proc(5), field 2) is as awkward as it may be. */
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

test('names its process by id and start time, for its owner alone, and is gone when it is given back', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'lock');
  const unlock = await acquireLock(path);
  expect(await readFile(path, 'utf8')).toBe(`${process.pid} ${await startTime(process.pid)}`);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await unlock();
  expect(await readdir(folder)).toEqual([]);
  await unlock();
});

test('is not had while the process that took it lives', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'lock');
  const { pid } = await otherProcess(folder);
  const holder = `${pid} ${await startTime(pid)}`;
  await writeFile(path, holder);
  await expect(acquireLock(path)).rejects.toMatchObject({
    code: 'locked',
    message: expect.stringContaining(`process ${pid} uses this state folder`),
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
])('is had where the file was left by %s', async (_name, left) => {
  const folder = await temporaryFolder();
  const path = join(folder, 'lock');
  await writeFile(path, await left(folder));
  const unlock = await acquireLock(path);
  onTestFinished(unlock);
  expect(await readFile(path, 'utf8')).toBe(`${process.pid} ${await startTime(process.pid)}`);
});

test('is not had where it cannot be read', async () => {
  const path = join(await temporaryFolder(), 'lock');
  await mkdir(path);
  await expect(acquireLock(path)).rejects.toMatchObject({ code: 'EISDIR' });
});
