/** Ways to make evidence disappear that the daemon sees: neither its page nor `verify` is green (docs/evidence.md). */

import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { append, numbered } from '../support/log.js';
import { eventually, runCommand, Shipper, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const JSON_LINE = `${JSON.stringify({ timestamp: '2026-11-21 20:40:00.000 UTC', error_severity: 'LOG', message: 'x' })}\n`;

interface Scene {
  readonly path: (name: string) => string;
}

type Happen = (scene: Scene) => Promise<unknown>;

test.each<[string, string, Happen]>([
  [
    'a newer log in another format',
    'log-format',
    async ({ path }) => {
      await append(path('a.csv'), 1, 3);
      await utimes(path('a.csv'), 1, 1);
      await writeFile(path('b.json'), JSON_LINE.repeat(3));
    },
  ],
  [
    'a log whose time zone is not known',
    'log-held-back',
    ({ path }) => writeFile(path('a.csv'), numbered(1, { logTime: '2026-11-21 20:40:00.001 IST' })),
  ],
  ['no log at all', 'no-log', async () => undefined],
])('%s: %s', async (_, code, happen) => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'log'));
  const path = (name: string): string => join(folder, 'log', name);
  await happen({ path });
  const { source: _none, ...rest } = settings(folder, []);
  const config = { ...rest, source: { files: [path('*.csv'), path('*.json')] } };
  const shipper = await Shipper.start(folder, config);
  const problems = async (): Promise<string[]> =>
    JSON.parse((await shipper.get('/internal/status.json')).body).problems?.map(
      (one: { code: string }) => one.code,
    ) ?? [];
  await eventually(async () => (await problems()).includes(code));
  expect((await shipper.get('/')).body).not.toContain('class="verdict good"');
  expect(await shipper.metric(`pgaudit_shipper_problem{code="${code}"}`)).toBe(1);
  await eventually(async () => shipper.logged('started').length > 0);
  await shipper.stop();
  expect((await runCommand(['verify', join(folder, 'archive')])).code).toBe(3);
  // A run with --once reports it at once.
  expect((await runCommand(['run', '--once', '--config', join(folder, 'config.yaml')])).code).toBe(1);
});
