/** Preloaded into a daemon: for each SIGUSR2 a line to the file BENCH_USAGE of what was highest since the last one. */

import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  // By the thread's CPU time, not by the clock: other processes of a busy machine do not count.
  const now = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let [rss, blocked, last] = [0, 0, now()];
  setInterval(() => {
    const next = now();
    blocked = Math.max(blocked, next - last);
    last = next;
  }, 2).unref();
  const sample = () => {
    rss = Math.max(rss, process.memoryUsage.rss());
  };
  setInterval(sample, 10).unref();
  process.on('SIGUSR2', () => {
    sample();
    const { user, system } = process.cpuUsage();
    const line = { rss: rss / 1e6, blocked, cpu: (user + system) / 1e6 };
    appendFileSync(process.env.BENCH_USAGE, `${JSON.stringify(line)}\n`);
    [rss, blocked] = [0, 0];
  });
}
