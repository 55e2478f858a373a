/** A sidecar takes memory and CPU from the database: the daemon releases what it does not need. */

import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { append } from '../support/log.js';
import { eventually, logged, type Settings, Shipper, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

async function prepare(): Promise<{ folder: string; file: string; config: Settings }> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'log'));
  const file = join(folder, 'log', 'a.csv');
  return { folder, file, config: settings(folder, [join(folder, 'log', '*.csv')]) };
}

/** A number that the kernel reports for a process. */
async function statusOf(pid: number, name: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
}

test('however it is started, it has its Node.js options, and is the process that was started', async () => {
  const { folder, config } = await prepare();
  const shipper = await Shipper.start(folder, config, { GREETING: 'kept' });
  const [commandLine, environment] = await Promise.all(
    ['cmdline', 'environ'].map(name => readFile(`/proc/${shipper.pid}/${name}`, 'utf8')),
  );
  expect(commandLine?.split('\0')).toEqual(expect.arrayContaining(['--max-semi-space-size=8', 'run']));
  expect(environment?.split('\0')).toEqual(
    expect.arrayContaining(['GREETING=kept', 'MALLOC_TRIM_THRESHOLD_=65536']),
  );
  expect(await shipper.stop()).toBe(0);
});

test('memory that work took is released after it', async () => {
  const { folder, file, config } = await prepare();
  const shipper = await Shipper.start(folder, config);
  await append(file, 1, 20_000);
  await eventually(async () => (await logged(folder, 'statement')).length === 20_000);
  const most = await statusOf(shipper.pid, 'VmHWM');
  await eventually(async () => (await statusOf(shipper.pid, 'VmRSS')) < most * 0.85);
});

test('a quiet daemon wakes a few times a second, not a hundred', async () => {
  const { folder, file, config } = await prepare();
  const shipper = await Shipper.start(folder, config);
  await append(file, 1);
  await eventually(async () => (await logged(folder, 'statement')).length === 1);
  const wakings = (): Promise<number> => statusOf(shipper.pid, 'voluntary_ctxt_switches');
  const inOneSecond = async (): Promise<number> => {
    const before = await wakings();
    await pause(1000);
    return (await wakings()) - before;
  };
  await eventually(async () => (await inOneSecond()) < 40);
});
