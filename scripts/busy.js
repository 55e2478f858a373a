// Runs the tests as on a slow and busy machine: on one processor, beside six processes that want it all the time.
//
//   node scripts/busy.js [ARGUMENT OF VITEST …]

import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const NEIGHBOURS = 6;
const root = fileURLToPath(new URL('..', import.meta.url));

/** On the first processor alone, where the machine can say so; each ends by itself when this process is gone. */
const pinned = spawnSync('taskset', ['-c', '0', 'true']).status === 0 ? ['taskset', '-c', '0'] : [];
const [first, ...rest] = [...pinned, process.execPath];
const forever = `const end = setInterval(() => process.ppid === ${process.pid} || process.exit(), 1000);
setImmediate(function spin() { for (let n = 0; n < 1e7; n++); setImmediate(spin); });`;
const neighbours = Array.from({ length: NEIGHBOURS }, () =>
  spawn(first, [...rest, '-e', forever], { stdio: 'ignore' }),
);
process.on('exit', () => {
  for (const neighbour of neighbours) neighbour.kill();
});
const { status } = spawnSync(
  first,
  [...rest, `${root}/node_modules/vitest/vitest.mjs`, 'run', ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
process.exitCode = status ?? 1;
