/**
 * What earlier versions left when they were killed: state, archive, entries and log of 20 statements, of which the archive
 * has 12. A new version is recorded when it is released.
 */

import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readArchive } from '../support/archive.js';
import { append, numbersOf, range } from '../support/log.js';
import { runCommand, runOnce, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const RECORDED = fileURLToPath(new URL('../fixtures/state', import.meta.url));

test.each(['0.1.0', '0.2.0'])(
  'version %s is continued: everything once, in one chain, and the verdict is whole',
  async version => {
    const folder = await temporaryFolder();
    await cp(join(RECORDED, version), folder, { recursive: true });
    await append(join(folder, 'log.csv'), 21, 30);
    const archive = join(folder, 'archive');
    const config = settings(folder, [join(folder, 'log.csv')], { archive: { to: `file:${archive}` } });
    expect(await runOnce(folder, config)).toMatchObject({ code: 0 });
    const events = await readArchive(archive);
    expect(numbersOf(events)).toEqual(range(1, 30));
    expect(new Set(events.map(({ chain }) => chain)).size).toBe(1);
    const names = await readdir(join(folder, 'logging'));
    const entries = (
      await Promise.all(names.map(name => readFile(join(folder, 'logging', name), 'utf8')))
    ).join('');
    for (const n of range(1, 30)) expect(entries.split(`UPDATE t SET a = ${n}"`)).toHaveLength(2);
    const { code, output } = await runCommand(['verify', `file:${archive}`]);
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('whole') });
  },
);
