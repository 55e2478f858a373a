/** Many finished log files in the folder: reading them all, waiting beside them, and what a seal then carries. */

import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, test } from 'vitest';
import { readArchive } from '../../test/support/archive.js';
import { csvRecord, writeMessage } from '../../test/support/csvlog.js';
import { addRow, printTable } from '../table.js';
import { benchFolder, WatchedDaemon } from '../watched.js';

const IDLE_SECONDS = 70;
const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** A person's statement in the file with this number. */
function statement(n: number, line: number): string {
  const start = Date.UTC(2026, 10, 1) + n * 60_000;
  return csvRecord({
    logTime: new Date(start + line).toISOString().replace('T', ' ').replace('Z', ' UTC'),
    sessionId: `${(start / 1000).toString(16)}.${n.toString(16)}`,
    sessionLine: line,
    message: writeMessage(`UPDATE t SET a = ${n}`, [], line),
  });
}

/** Bytes that the process gave to write calls. */
async function written(pid: number): Promise<number> {
  return Number(/wchar: (\d+)/.exec(await readFile(`/proc/${pid}/io`, 'utf8'))?.[1]);
}

test.each([10, 1000, 10_000])('%i finished files', async count => {
  await using folder = await benchFolder();
  const log = join(folder.path, 'log');
  await mkdir(log);
  for (const n of range(count)) await writeFile(join(log, `postgresql-${String(n).padStart(6, '0')}.csv`), statement(n, 1) + statement(n, 2));
  const daemon = await WatchedDaemon.start(folder.path, {
    instance: 'bench',
    node: 'bench',
    source: { files: [join(log, '*.csv')], timezone: 'UTC' },
    filter: { personalUsers: ['^Z'], otherUsers: 'ship' },
    archive: { to: `file:${join(folder.path, 'archive')}`, segment: { maxAge: '20s' } },
  });
  const isRead = async (): Promise<boolean> => {
    const text = await readFile(join(folder.path, 'state', 'checkpoint.json'), 'utf8').catch(() => '');
    return Number(/"nextSeq":(\d+)/.exec(text)?.[1]) > 2 * count;
  };
  while (!(await isRead())) await pause(200);
  await pause(1000);
  const caughtUp = await daemon.ask();
  const bytes = await written(daemon.pid);
  await pause(5000);
  const [before, start] = [await daemon.ask(), performance.now()];
  await pause(IDLE_SECONDS * 1000);
  const after = await daemon.ask();
  const seconds = (performance.now() - start) / 1000;
  const idleBytes = await written(daemon.pid);
  const current = join(log, `postgresql-${String(count).padStart(6, '0')}.csv`);
  const bursts = performance.now();
  for (const burst of range(5)) {
    for (const n of range(20)) {
      await appendFile(current, statement(count, 20 * burst + n + 1));
      await pause(50);
    }
    await pause(4000);
  }
  const worked = await daemon.ask();
  const burstSeconds = (performance.now() - bursts) / 1000;
  await pause(25_000);
  await daemon.stop();
  const events = await readArchive(join(folder.path, 'archive'));
  const seals = events.filter(({ kind }) => kind === 'seal').map(event => JSON.stringify(event).length);
  addRow(`${count} finished files`, {
    'catch-up: CPU s': caughtUp.cpu.toFixed(1),
    'catch-up: MB written': (bytes / 1e6).toFixed(1),
    'idle: % of a core': ((100 * (after.cpu - before.cpu)) / seconds).toFixed(2),
    'idle: kB written a minute': ((idleBytes - bytes) / 1e3 / ((seconds + 5) / 60)).toFixed(0),
    'bursts: % of a core': ((100 * (worked.cpu - after.cpu)) / burstSeconds).toFixed(2),
    'ms blocked at most': Math.max(after.blocked, worked.blocked).toFixed(0),
    'MB at most': Math.max(caughtUp.rss, after.rss).toFixed(0),
    seals: String(seals.length),
    'largest seal: kB': (Math.max(...seals) / 1e3).toFixed(1),
    'last seal: kB': ((seals.at(-1) ?? 0) / 1e3).toFixed(1),
  });
});

afterAll(printTable);
