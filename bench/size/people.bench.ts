/** Many people in a file: the daemon's memory, and how long its main thread is blocked, at the start and by a reload. */

import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, test } from 'vitest';
import { addRow, printTable } from '../table.js';
import { benchFolder, WatchedDaemon } from '../watched.js';

const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

function peopleFile(count: number, unit: string): string {
  const rows = range(count).map(n => `Z${n},kari.nordmann.${n}@nav.no,"Nordmann, Kari ${n}",${unit},2020-01-01\n`);
  return `id,email,name,unit,validFrom\n${rows.join('')}`;
}

test.each([0, 1, 20_000, 200_000, 1_000_000])('%i people', async count => {
  await using folder = await benchFolder();
  const people = join(folder.path, 'people.csv');
  await mkdir(join(folder.path, 'log'));
  await writeFile(people, peopleFile(count, '4817'));
  const daemon = await WatchedDaemon.start(folder.path, {
    instance: 'bench',
    source: { files: [join(folder.path, 'log', '*.csv')], timezone: 'Europe/Oslo' },
    filter: { personalUsers: ['^Z'] },
    identity: [{ directory: count === 0 ? '/dev/null' : people }],
  });
  await daemon.logged('started');
  const started = await daemon.ask();
  for (const round of count === 0 ? [] : [1, 2]) {
    await writeFile(`${people}.new`, peopleFile(count, `481${round}`));
    await rename(`${people}.new`, people);
    await daemon.logged('directory-loaded');
  }
  const reloaded = await daemon.ask();
  addRow(`${count} people`, {
    'started: MB at most': started.rss.toFixed(0),
    'reloaded twice: MB at most': reloaded.rss.toFixed(0),
    'ms blocked at most by a reload': reloaded.blocked.toFixed(1),
    'CPU s': reloaded.cpu.toFixed(2),
  });
  await daemon.stop();
});

afterAll(printTable);
