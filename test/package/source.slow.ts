/** README's lines for an installation from source, as they are, in a fresh copy of the project. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { eventually, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const [, INSTALL = '', CHECK = '', RUN = ''] =
  /^ {4}(npm ci .*)\n {4}(.* check --config config\.yaml)\n {4}(.* run --config config\.yaml)$/m.exec(
    readFileSync(join(ROOT, 'README.md'), 'utf8'),
  ) ?? [];
/** This Node.js is not on it: npm ci brings its own. */
const PATH = (process.env.PATH ?? '').split(':').filter(one => !one.startsWith(ROOT));

test('it is installed, accepts a configuration, and ships', async () => {
  const folder = await temporaryFolder();
  const project = join(folder, 'project');
  await copyProject(project);
  const env = { ...process.env, PATH: PATH.join(':') };
  const succeeds = (line: string): string => {
    const { status, stdout, stderr } = spawnSync('sh', ['-ec', line], {
      cwd: project,
      encoding: 'utf8',
      env,
    });
    expect(status, `${line}\n${stdout}${stderr}`).toBe(0);
    return stdout;
  };
  succeeds(INSTALL);
  await copyFile(join(ROOT, 'demo/recorded/pg15.csv'), join(folder, 'postgresql.csv'));
  const config = settings(join(folder, 'out'), [join(folder, '*.csv')]);
  await writeFile(join(project, 'config.yaml'), stringify(config));
  expect(succeeds(CHECK)).toContain(', 0 failed');
  const daemon = spawn('sh', ['-ec', `exec ${RUN}`], { cwd: project, env, stdio: 'ignore' });
  const ended = once(daemon, 'exit');
  const logging = join(folder, 'out/logging');
  await eventually(
    async () => daemon.exitCode !== null || (existsSync(logging) && readdirSync(logging).length > 0),
  );
  daemon.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

/** What a clone has. */
async function copyProject(to: string): Promise<void> {
  const { stdout } = spawnSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' });
  for (const name of stdout.split('\0').filter(one => one !== '' && existsSync(join(ROOT, one)))) {
    await mkdir(dirname(join(to, name)), { recursive: true });
    await cp(join(ROOT, name), join(to, name));
  }
}
