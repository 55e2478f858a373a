/** Writes what this process used to the file BENCH_USAGE when it ends. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/** Clock ticks of /proc (proc(5), USER_HZ). */
const TICKS = 100;

/** CPU seconds of the threads that still run, by name. */
function threads() {
  const seconds = {};
  for (const thread of readdirSync('/proc/self/task')) {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
    const [, name] = /\((.*)\)/.exec(stat);
    const [user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13);
    seconds[name] = (seconds[name] ?? 0) + (Number(user) + Number(system)) / TICKS;
  }
  return seconds;
}

if (isMainThread)
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const usage = { user: userCPUTime / 1e6, system: systemCPUTime / 1e6, rss: maxRSS / 1024, threads: threads() };
    writeFileSync(process.env.BENCH_USAGE, JSON.stringify(usage));
  });
