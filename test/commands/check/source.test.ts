/** `check` is not green about a log that shows nothing: what `run` refuses fails, what may come warns (I12). */

import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { runCheck } from '../../support/checked.js';
import { numbered } from '../../support/log.js';
import { settings } from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';

test.each([
  ['a folder', async (path: string) => void (await mkdir(path)), 'failure source: no file is a log'],
  [
    'compressed',
    async (path: string) => await writeFile(path, gzipSync(numbered(1))),
    'failure source: no file is a log',
  ],
  ['empty', async (path: string) => await writeFile(path, ''), 'warning source: no file has a record yet'],
  [
    'without pgAudit',
    async (path: string) => await writeFile(path, numbered(1).replace('AUDIT: ', 'audit: ')),
    'a.csv: no record of pgAudit at its end',
  ],
  [
    'last written in January',
    async (path: string) => {
      await writeFile(path, numbered(1));
      await utimes(path, new Date('2026-01-15T12:00:00Z'), new Date('2026-01-15T12:00:00Z'));
    },
    'a.csv: the newest log file was last written on 2026-01-15',
  ],
])('a log that shows nothing: %s', async (_name, make, expected) => {
  const folder = await temporaryFolder();
  await make(join(folder, 'a.csv'));
  const { faults, code } = await runCheck(settings(folder, [join(folder, '*.csv')]));
  expect(faults.filter(fault => fault.includes(expected))).toHaveLength(1);
  expect(code).toBe(expected.startsWith('failure') ? 1 : 0);
});
