/** What must survive a power cut: the order of writes, syncs and names, as the file system sees it. */

import * as nodeFs from 'node:fs/promises';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { Disk } from '../../src/lib/disk.js';
import { temporaryFolder } from '../support/temp.js';

/** The real file system, recording what is done to which name. */
function recording(): { disk: Disk; calls: string[] } {
  const calls: string[] = [];
  const named = async <T>(what: string, path: unknown, action: () => Promise<T>): Promise<T> => {
    calls.push(`${what} ${basename(String(path))}`);
    return await action();
  };
  const fs: typeof nodeFs = {
    ...nodeFs,
    rename: (from, to) => named('rename', from, () => nodeFs.rename(from, to)),
    link: (from, to) => named('link', from, () => nodeFs.link(from, to)),
    rm: (path, options) => named('rm', path, () => nodeFs.rm(path, options)),
    async open(path, flags, mode) {
      const file = await nodeFs.open(path, flags, mode);
      return new Proxy(file, {
        get(target, property) {
          const value: unknown = Reflect.get(target, property);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]) => {
            if (['sync', 'datasync', 'write', 'writeFile'].includes(String(property)))
              calls.push(`${String(property)} ${basename(String(path))}`);
            return value.apply(target, args);
          };
        },
      });
    },
  };
  return { disk: new Disk(fs), calls };
}

async function folderNamed(name: string): Promise<string> {
  const folder = join(await temporaryFolder(), name);
  await mkdir(folder);
  return folder;
}

test('a file is replaced by name only after its content is synced, and then the name is', async () => {
  const { disk, calls } = recording();
  const folder = await folderNamed('f');
  await disk.replace(join(folder, 'a'), 'new');
  expect(calls).toEqual(['writeFile a.tmp', 'sync a.tmp', 'rename a.tmp', 'sync f']);
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('new');
});

test('a new file appears whole, and its name is synced even if it existed before', async () => {
  const { disk, calls } = recording();
  const folder = await folderNamed('f');
  const steps = ['writeFile .a.tmp', 'sync .a.tmp', 'link .a.tmp', 'rm .a.tmp', 'sync f'];
  expect(await disk.create(join(folder, 'a'), Buffer.from('1'))).toBe(true);
  expect(await disk.create(join(folder, 'a'), Buffer.from('2'))).toBe(false);
  expect(calls).toEqual([...steps, ...steps]);
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('1');
});

test('an append is synced, and the name too if the file is new; bytes after it are truncated', async () => {
  const { disk, calls } = recording();
  const folder = await folderNamed('f');
  await disk.writeAt(join(folder, 'a'), 0, [Buffer.from('one'), Buffer.from('two')]);
  await disk.writeAt(join(folder, 'a'), 3, [Buffer.from('2')]);
  expect(calls).toEqual(['write a', 'datasync a', 'sync f', 'write a', 'datasync a']);
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('one2');
});

test('every new folder is synced in its parent', async () => {
  const { disk, calls } = recording();
  const folder = await folderNamed('f');
  await disk.makeFolder(join(folder, 'a', 'b', 'c'));
  expect(calls.sort()).toEqual(['sync a', 'sync b', 'sync f']);
  await disk.makeFolder(join(folder, 'a', 'b', 'c'));
  expect(calls).toHaveLength(3);
});

test('files are 0600 and folders 0700, whatever the umask is', async () => {
  const folder = await folderNamed('f');
  const disk = new Disk();
  await disk.makeFolder(join(folder, 'd'));
  await disk.replace(join(folder, 'a'), '');
  await disk.create(join(folder, 'b'), Buffer.alloc(0));
  await disk.writeAt(join(folder, 'c'), 0, []);
  const modes = await Promise.all(
    ['a', 'b', 'c', 'd'].map(async name => (await stat(join(folder, name))).mode & 0o777),
  );
  expect(modes).toEqual([0o600, 0o600, 0o600, 0o700]);
});

test('a half-written file from a crash is replaced', async () => {
  const folder = await folderNamed('f');
  await writeFile(join(folder, 'a.tmp'), 'half');
  await writeFile(join(folder, '.b.tmp'), 'half');
  const disk = new Disk();
  await disk.replace(join(folder, 'a'), 'whole');
  expect(await disk.create(join(folder, 'b'), Buffer.from('whole'))).toBe(true);
  expect([await readFile(join(folder, 'a'), 'utf8'), await readFile(join(folder, 'b'), 'utf8')]).toEqual([
    'whole',
    'whole',
  ]);
});
