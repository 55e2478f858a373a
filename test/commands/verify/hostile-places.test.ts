/** Archives that are none, and names that somebody chose to deceive a reader. */

import { mkdir, rename, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { day, days } from '../../support/covered.js';
import { writeSealed } from '../../support/sealed.js';
import { runCommand } from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';

async function archived(): Promise<{ folder: string; names: string[] }> {
  const folder = await temporaryFolder();
  return {
    folder,
    ...(await writeSealed(
      folder,
      days().map(date => day(date)),
    )),
  };
}

describe('what is no archive is said, with what to give instead', () => {
  type Make = (path: string) => Promise<unknown>;
  test.each<[string, Make, string]>([
    ['a file', path => writeFile(path, ''), 'it is not a folder: give the folder above instance=…'],
    ['a link to itself', path => symlink(path, path), 'it is a link that leads to itself'],
  ])('%s', async (_, make, said) => {
    const { folder } = await archived();
    const path = join(await temporaryFolder(), 'place');
    await make(path);
    for (const command of [
      ['verify', path],
      ['prove', path, 'prod/1.1/1'],
      ['search', path],
      ['verify', folder, '--witness', path],
    ]) {
      const { code, output } = await runCommand(command);
      expect([command[0], code, output]).toEqual([
        command[0],
        1,
        expect.stringContaining(`${path}: ${said}`),
      ]);
    }
  });

  test('a path that is too long', async () => {
    const { code, output } = await runCommand(['verify', `/${'x'.repeat(300)}`]);
    expect([code, output]).toEqual([1, expect.stringContaining('its path is too long')]);
  });
});

describe('a name cannot steer the terminal', () => {
  const STEERING = '\u001b[2K\rwhole\u001b[8m';
  const escaped = '\\u001b[2K\\u000dwhole\\u001b[8m';
  const output = async (folder: string): Promise<string> => {
    const { output } = await runCommand(['verify', folder]);
    expect(output.replace(/\n/g, '')).not.toMatch(/\p{Cc}/u);
    return output;
  };

  test('of an instance', async () => {
    const { folder } = await archived();
    await mkdir(join(folder, `instance=x${STEERING}`, 'node=y', 'date=2025-11-01'), { recursive: true });
    expect(await output(folder)).toContain(`instance x${escaped}, node y`);
  });

  test('of a foreign file', async () => {
    const { folder } = await archived();
    await writeFile(join(folder, 'instance=prod', STEERING), '');
    expect(await output(folder)).toContain(escaped);
  });

  test('of a folder of an object that is broken', async () => {
    const { folder, names } = await archived();
    await truncate(join(folder, names[0] ?? ''), 50);
    await rename(join(folder, 'instance=prod'), join(folder, `instance=${STEERING}`));
    expect(await output(folder)).toMatch(/^broken +instance=\\u001b/m);
  });
});
