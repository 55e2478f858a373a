/** Many servers' logs by one daemon: its memory and CPU while nothing happens, and while each log gets a line a second. */

import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, test } from 'vitest';
import { numbered } from '../../test/support/log.js';
import { addRow, printTable } from '../table.js';
import { benchFolder, WatchedDaemon } from '../watched.js';

const SECONDS = 60;

test.each([1, 10, 100])('%i servers', async count => {
  await using folder = await benchFolder();
  const servers = Array.from({ length: count }, (_, n) => `server${n}`);
  const logOf = (server: string): string => join(folder.path, server, 'a.csv');
  for (const server of servers) {
    await mkdir(join(folder.path, server));
    await writeFile(logOf(server), numbered(1));
  }
  const daemon = await WatchedDaemon.start(folder.path, {
    instance: 'bench',
    sources: servers.map(instance => ({ instance, files: [join(folder.path, instance, '*.csv')], timezone: 'UTC' })),
    filter: { personalUsers: ['^Z'] },
    identity: [{ pattern: ['^(?<id>Z.*)$'] }],
  });
  await daemon.logged('started');
  await pause(10_000);
  const cpuDuring = async (work: () => Promise<void>): Promise<string> => {
    const [before, start] = [await daemon.ask(), performance.now()];
    await work();
    const after = await daemon.ask();
    return ((100_000 * (after.cpu - before.cpu)) / (performance.now() - start)).toFixed(2);
  };
  const idle = await cpuDuring(() => pause(SECONDS * 1000));
  const busy = await cpuDuring(async () => {
    for (let second = 1; second <= SECONDS; second++) {
      for (const server of servers) await appendFile(logOf(server), numbered(1 + second));
      await pause(1000);
    }
  });
  addRow(`${count} servers`, {
    'idle: % of a core': idle,
    'a line a second each: % of a core': busy,
    'MB at most': (await daemon.ask()).rss.toFixed(0),
  });
  await daemon.stop();
});

afterAll(printTable);
