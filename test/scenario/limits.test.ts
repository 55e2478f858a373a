/** Too few open files, and clocks that jump. */

import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ManualClock } from '../support/clock.js';
import { FaultyFs } from '../support/faulty-fs.js';
import { Life, lifeConfig } from '../support/life.js';
import { append, numbersOf, range } from '../support/log.js';
import { archived, logged, settings, writeConfig } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

test('fewer open files than there are log files', async () => {
  const folder = await temporaryFolder();
  for (let n = 1; n <= 100; n++) await append(join(folder, `${n}.csv`), n);
  const config = await writeConfig(folder, settings(folder, [join(folder, '*.csv')]));
  const output = execFileSync(
    'prlimit',
    ['--nofile=50', process.execPath, MAIN, 'run', '--once', '--config', config],
    { encoding: 'utf8' },
  );
  expect(output).toContain('too many open files: raise the limit');
  expect(numbersOf(await archived(folder)).toSorted((a, b) => a - b)).toEqual(range(1, 100));
});

test.each([
  ['an hour back', '2026-11-21T21:30:00Z'],
  ['two days back', '2026-11-19T22:30:00Z'],
  ['ten years ahead', '2036-11-21T22:30:00Z'],
])(
  'a clock that is set %s: nothing waits for it, and names still sort in writing order',
  async (_name, time) => {
    const folder = await temporaryFolder();
    const path = join(folder, 'log', 'a.csv');
    await mkdir(join(folder, 'log'));
    const clock = new ManualClock('2026-11-21T22:30:00Z');
    const fs = new FaultyFs(folder);
    const config = lifeConfig(folder, [path]);
    await append(path, 1, 3);
    const life = await Life.start(config, { clock, fs });
    await life.settle();
    clock.set(time);
    await append(path, 4, 6);
    await life.settle();
    expect(numbersOf(await logged(folder)).toSorted()).toEqual(range(1, 6));
    await life.shutDown();
    // readArchive checks the names.
    expect(numbersOf(await archived(folder))).toEqual(range(1, 6));
  },
);
