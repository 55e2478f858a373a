/** Writes what this process used to the file BENCH_USAGE when it ends. */

import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

if (isMainThread)
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    writeFileSync(
      process.env.BENCH_USAGE,
      JSON.stringify({ user: userCPUTime / 1e6, system: systemCPUTime / 1e6, rss: maxRSS / 1024 }),
    );
  });
