import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** What a process writes that logs one line of each level. */
async function logged(to: 'stdout' | 'stderr'): Promise<Record<string, unknown>[]> {
  const module = fileURLToPath(new URL('../src/logger.ts', import.meta.url));
  const script = `
    import { createLogger } from ${JSON.stringify(module)};
    const log = createLogger('trace', '${to}');
    for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal']) log[level]({ code: 'x' }, 'said');`;
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
    // A line that a busy pipe does not take at once may come behind the next ones: its time tells.
    expect(lines.map(({ level, severity }) => `${level} ${severity}`).sort()).toEqual([
      'debug DEBUG',
      'error ERROR',
      'fatal CRITICAL',
      'info INFO',
      'trace DEBUG',
      'warn WARNING',
    ]);
    for (const line of lines) {
      expect(line).toMatchObject({ code: 'x', msg: 'said' });
      expect(line.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }
  },
);
