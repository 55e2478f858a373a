/** Names in the log's folder that changed after a look. */

import { execFileSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFile, openSame } from '../../../src/read/files/open-file.js';
import { temporaryFolder } from '../../support/temp.js';

const descriptors = async (): Promise<number> => (await readdir('/proc/self/fd')).length;

test('a pipe without a writer blocks nothing, and leaves nothing open', async () => {
  const folder = await temporaryFolder();
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  const before = await descriptors();
  expect(await openFile(join(folder, 'pipe'))).toBeNull();
  expect(await openFile(folder)).toBeNull();
  expect(await openFile('/dev/zero')).toBeNull();
  expect(await descriptors()).toBe(before);
});

test('a file with other content, or that cannot be compared, is closed again', async () => {
  const path = join(await temporaryFolder(), 'a');
  await writeFile(path, 'x');
  const before = await descriptors();
  expect(await openSame(path, () => 'changed')).toEqual({ handle: null, comparison: 'changed' });
  const fails = openSame(path, () => {
    throw new Error('EIO');
  });
  await expect(fails).rejects.toThrow('EIO');
  expect(await descriptors()).toBe(before);
  const { handle, comparison } = await openSame(path, () => 'same');
  expect([comparison, await handle?.readFile('utf8')]).toEqual(['same', 'x']);
  await handle?.close();
});
