// Runs the tests as on a busy machine, beside six processes that want the processor all the time; or, with --half, as
// on a slow one, with one processor for all of them.
//
//   node scripts/busy.js [--half] [ARGUMENT OF VITEST …]

import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const NEIGHBOURS = 6;
const root = fileURLToPath(new URL('..', import.meta.url));
const isHalf = process.argv[2] === '--half';
const args = process.argv.slice(isHalf ? 3 : 2);

/** It ends by itself when this process is gone. */
const FOREVER = `setInterval(() => process.ppid === ${process.pid} || process.exit(), 1000);
setImmediate(function spin() { for (let n = 0; n < 1e7; n++); setImmediate(spin); });`;

const neighbours = Array.from({ length: isHalf ? 0 : NEIGHBOURS }, () =>
  spawn(process.execPath, ['-e', FOREVER], { stdio: 'ignore' }),
);
const [command, ...rest] = [
  ...(isHalf ? ['taskset', '-c', '0'] : []),
  ...[process.execPath, `${root}/node_modules/vitest/vitest.mjs`, 'run', ...args],
];
const { status, error } = spawnSync(command, rest, { cwd: root, stdio: 'inherit' });
// As long as they run, this process would.
for (const neighbour of neighbours) neighbour.kill();
if (error) console.error(`${command} could not be run: ${error.code}. taskset is in util-linux.`);
process.exitCode = status ?? 1;
