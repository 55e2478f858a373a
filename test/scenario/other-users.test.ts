/** Login roles that no rule of the filter names: nobody said that they are applications (I12). */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { numbered } from '../support/log.js';
import { runCommand, runOnce, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const SAID = 'what login roles that no rule of the filter names may have changed';

async function verifiedAfter(personalUsers: readonly string[], serviceUsers: readonly string[]) {
  const folder = await temporaryFolder();
  const file = join(folder, 'a.csv');
  await writeFile(file, [1, 2, 3].map(n => numbered(n, { user: 'kari' })).join(''));
  const config = settings(folder, [file], { filter: { personalUsers, serviceUsers } });
  expect((await runOnce(folder, config)).code).toBe(0);
  return await runCommand(['verify', join(folder, 'archive')]);
}

test('verify says how many records of theirs were dropped, and that these may be changes', async () => {
  const { output } = await verifiedAfter(['^K\\d{9}$'], ['^app_']);
  expect(output).toMatch(new RegExp(`not known +${SAID}: 3 of their records`));
});

test('it says nothing of applications', async () => {
  expect((await verifiedAfter(['^K\\d{9}$'], ['^kari$'])).output).not.toContain(SAID);
});
