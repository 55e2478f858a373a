/** Looks at the log files while they change. */

import { rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { timeReader } from '../../../src/audit/time.js';
import { identify } from '../../../src/read/files/identify.js';
import { Survey } from '../../../src/read/files/survey.js';
import { numbered, numberedRange } from '../../support/log.js';
import { temporaryFolder } from '../../support/temp.js';

test('a rotation during a look gives no file the size of another one: what it never had would be missing', async () => {
  const folder = await temporaryFolder();
  const [first, log] = [join(folder, 'a.csv'), join(folder, 'b.csv')];
  await writeFile(first, numbered(1));
  await writeFile(log, numberedRange(2, 9));
  const times = timeReader(undefined);
  let isRotated = false;
  const survey = new Survey([join(folder, '*.csv')], async file => {
    const identity = await identify(file, times);
    if (!isRotated) {
      isRotated = true;
      await rename(log, `${log}.1`);
      await writeFile(log, numbered(10));
    }
    return identity;
  });
  const { files } = await survey.take(0);
  const { size, ino } = await stat(log);
  expect(files.find(({ path }) => path === log)).toMatchObject({
    size,
    ino,
    identity: { kind: 'content', firstTime: Date.UTC(2026, 10, 21, 20, 40, 0, 10) },
  });
});
