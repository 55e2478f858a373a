import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../support/temp.js';

const MODULE = fileURLToPath(new URL('../../src/daemon/logger.ts', import.meta.url));

/** The output of a process that logs one line of each level, while its threads are busy, and ends at once. */
async function logged(to: 'stdout' | 'stderr'): Promise<Record<string, unknown>[]> {
  const script = `
    import { createLogger } from ${JSON.stringify(MODULE)};
    import { pbkdf2 } from 'node:crypto';
    for (let thread = 0; thread < 4; thread++) pbkdf2('x', 'y', 1e6, 64, 'sha512', () => undefined);
    const log = createLogger('trace', '${to}');
    for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal']) log[level]({ code: 'x' }, 'said');
    process.exit();`;
  const output = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  return output[to]
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
}

test.each(['stdout', 'stderr'] as const)(
  '%s: JSON lines with severity and time, as Cloud Logging reads them',
  async to => {
    const lines = await logged(to);
    expect(lines.map(({ level, severity }) => `${level} ${severity}`)).toEqual([
      'trace DEBUG',
      'debug DEBUG',
      'info INFO',
      'warn WARNING',
      'error ERROR',
      'fatal CRITICAL',
    ]);
    for (const line of lines) {
      expect(line).toMatchObject({ code: 'x', msg: 'said' });
      expect(line.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }
  },
);

/** The exit code of a process that runs `body` with a logger, and with this file as standard output. */
async function exitOf(body: string, output: string): Promise<number | null> {
  const file = await open(output, 'a');
  onTestFinished(() => file.close());
  const script = `
    import { createLogger } from ${JSON.stringify(MODULE)};
    import { appendFileSync, rmSync } from 'node:fs';
    const log = createLogger('info');
    ${body}
    process.exit(7);`;
  const args = ['--input-type=module', '-e', script];
  return spawnSync(process.execPath, args, { stdio: ['ignore', file.fd, 'inherit'] }).status;
}

test('a disk that takes no line ends no daemon', async () => {
  expect(
    await exitOf(
      `for (let n = 0; n < 20_000; n++) log.error({ n, pad: 'x'.repeat(200) }, 'said');`,
      '/dev/full',
    ),
  ).toBe(7);
});

/** Whether this user may mount: only then there can be a small file system. */
const mayMount = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

test.skipIf(!mayMount)(
  'what a full disk did not take is written when there is room, each line whole',
  async () => {
    const small = await temporaryFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0700', 'tmpfs', small]);
    onTestFinished(() => void execFileSync('umount', ['-l', small]));
    const [output, ballast] = [join(small, 'log'), join(small, 'ballast')];
    const body = `
    log.info({ n: 0 }, 'said');
    try { for (;;) appendFileSync(${JSON.stringify(ballast)}, 'x'.repeat(4096)); }
    catch (error) { if (error.code !== 'ENOSPC') throw error; }
    for (let n = 1; n < 100; n++) log.info({ n }, 'said');
    rmSync(${JSON.stringify(ballast)});
    log.info({ n: 100 }, 'said');`;
    expect(await exitOf(body, output)).toBe(7);
    const lines = (await readFile(output, 'utf8')).trim().split('\n');
    expect(lines.map(line => JSON.parse(line).n)).toEqual(Array.from({ length: 101 }, (_, n) => n));
  },
);
