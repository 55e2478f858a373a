/** What `check` says before limits of files are reached. */

import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCheck } from '../../support/checked.js';
import { numbered, range } from '../../support/log.js';
import { runOnce, type Settings, settings } from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';

async function scene(files: number): Promise<{ folder: string; config: Settings }> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'log'));
  for (const n of range(1, files)) await writeFile(join(folder, 'log', `${n}.csv`), numbered(n));
  return { folder, config: settings(folder, [join(folder, 'log', '*.csv')]) };
}

test('over 64 files that are not read: they must not be deleted; once they are read, nothing is said', async () => {
  const { folder, config } = await scene(65);
  const before = await runCheck(config);
  expect(before.faults).toContainEqual(
    expect.stringMatching(/^warning source: 65 log files are not read to their end/),
  );
  expect(before.findings.filter(({ what }) => what === 'source')).toHaveLength(34);
  expect(before.output).toContain('33 more files');
  expect((await runOnce(folder, config)).code).toBe(0);
  expect((await runCheck(config)).faults.filter(fault => fault.includes('not read'))).toEqual([]);
  const few = await scene(64);
  expect((await runCheck(few.config)).output).not.toContain('not read to their end');
});

test('a ledger that comes near its limit', async () => {
  const { folder, config } = await scene(1);
  expect((await runOnce(folder, config)).code).toBe(0);
  const ledger = join(folder, 'state', 'files.ndjson');
  await writeFile(ledger, '');
  await truncate(ledger, 300_000_000);
  expect((await runCheck(config)).faults).toContainEqual(
    expect.stringMatching(/files\.ndjson knows about 857143 log files that are gone/),
  );
});

test('a list of people in YAML that comes near its limit', async () => {
  const { folder, config } = await scene(1);
  const people = join(folder, 'people.yaml');
  await writeFile(
    people,
    range(1, 40_000)
      .map(n => `- {id: Z${n}, email: kari.${n}@nav.no, name: Kari ${n}}\n`)
      .join(''),
  );
  const { faults } = await runCheck({ ...config, identity: [{ directory: people }] });
  expect(faults).toContainEqual(
    expect.stringMatching(/people\.yaml has 2\.\d MiB, and 4 MiB are the most in YAML/),
  );
});
