/** Records of the server's own processes, as `check` finds them in the log. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCheck } from '../../support/checked.js';
import { csvRecord, writeMessage } from '../../support/csvlog.js';
import { numbered } from '../../support/log.js';
import { type Settings, settings } from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';

/** What `check` says of background workers. */
async function rowsOf(log: string, more: Settings): Promise<readonly string[]> {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  await writeFile(path, log);
  const { findings } = await runCheck(settings(folder, [path], more));
  return findings
    .filter(row => row.what === 'background workers')
    .map(({ status, detail }) => `${status}: ${detail}`);
}

const worker = (sessionLine: number, logTime: string): string =>
  csvRecord({
    sessionLine,
    logTime,
    user: '',
    backendType: 'pg_cron launcher',
    message: writeMessage('UPDATE konto SET a = 1', [], sessionLine),
  });
const twelveHours =
  worker(1, '2026-11-21 08:00:00.000 UTC') +
  numbered(2) +
  worker(3, '2026-11-21 14:00:00.000 UTC') +
  worker(4, '2026-11-21 20:00:00.000 UTC');
const NAMED = 'genuine records without a user: pg_cron launcher: about 6 a day';

test.each([
  ['ship', `ok: ${NAMED}; they are shipped`],
  ['drop', `warning: ${NAMED}; they are dropped`],
])('how many records a day have no user, with backgroundWorkers: %s', async (backgroundWorkers, row) => {
  const filter = { personalUsers: ['^Z'], backgroundWorkers };
  expect(await rowsOf(twelveHours, { filter })).toEqual([row]);
});

test('nothing is said where all have one', async () => {
  expect(await rowsOf(numbered(1) + numbered(2), {})).toEqual([]);
});
