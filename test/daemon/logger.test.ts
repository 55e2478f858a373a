import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** The output of a process that logs one line of each level, while its threads are busy, and ends at once. */
async function logged(to: 'stdout' | 'stderr'): Promise<Record<string, unknown>[]> {
  const module = fileURLToPath(new URL('../../src/daemon/logger.ts', import.meta.url));
  const script = `
    import { createLogger } from ${JSON.stringify(module)};
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
