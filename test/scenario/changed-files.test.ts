/** Files that changed after they were read, or that begin with something else than a record. */

import { appendFile, copyFile, mkdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ArchivedEvent } from '../support/archive.js';
import { csvRecord } from '../support/csvlog.js';
import { append, numbered, numberedRange, numbersOf, range } from '../support/log.js';
import { archived, eventually, logged, runOnce, Shipper, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const reasons = (events: readonly ArchivedEvent[]): string[] =>
  events.flatMap(event => (event.gap === undefined ? [] : [event.gap.reason]));

async function scene() {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  const config = settings(folder, [join(folder, '*.csv*')]);
  const once = async (): Promise<ArchivedEvent[]> => {
    expect((await runOnce(folder, config)).code).toBe(0);
    return await archived(folder);
  };
  return { folder, path, config, once };
}

/** Sessions of a restarted server. */
const later = { sessionId: '6b02ffff.1', sessionStart: '2026-11-22 14:42:07 CET' };

describe('a power cut takes the end of a file that was read', () => {
  test.each([
    ['is gone', (path: string) => truncate(path, numberedRange(1, 9).length)],
    ['is gone in the middle of a record', (path: string) => truncate(path, numberedRange(1, 9).length - 30)],
    [
      'is NULs',
      async (path: string) => {
        const bytes = await readFile(path);
        await writeFile(path, bytes.fill(0, bytes.length - 57));
      },
    ],
  ])('that %s: what is written later is read, and nothing twice', async (_name, cut) => {
    const { path, once } = await scene();
    await append(path, 1, 10);
    await once();
    await cut(path);
    await appendFile(
      path,
      range(11, 40)
        .map(n => numbered(n, later))
        .join(''),
    );
    const events = await once();
    expect(numbersOf(events)).toEqual(range(1, 40));
    expect(reasons(events)).toContain('changed');
  });

  test('while the shipper runs', async () => {
    const { folder, path, config } = await scene();
    const shipper = await Shipper.start(folder, config);
    await append(path, 1, 10);
    await eventually(async () => numbersOf(await logged(folder)).length === 10);
    await truncate(path, numberedRange(1, 8).length);
    await appendFile(
      path,
      range(11, 12)
        .map(n => numbered(n, later))
        .join(''),
    );
    await eventually(async () => numbersOf(await logged(folder)).length === 12);
    await shipper.stop();
    expect(numbersOf(await archived(folder))).toEqual(range(1, 12));
  });
});

test('a file that was edited after it was read is reported, and nothing is shipped twice', async () => {
  const { path, once } = await scene();
  await append(path, 1, 10);
  await once();
  await writeFile(path, (await readFile(path, 'utf8')).replace('a = 10', 'a = 99'));
  await append(path, 11, 12);
  const events = await once();
  expect(numbersOf(events)).toEqual(range(1, 12));
  expect(reasons(events)).toEqual(['changed']);
});

test.each([
  ['an empty line', '\n'],
  ['NULs', '\0'.repeat(1500)],
  ['the end of a record', 'WHERE id = 7",,,,,,,,,"psql","client backend",,0\n'],
])('two files that begin with %s are two files', async (_name, start) => {
  const { folder, path, once } = await scene();
  await writeFile(path, start + numberedRange(1, 2));
  await writeFile(join(folder, 'b.csv'), start + numberedRange(3, 5));
  const events = await once();
  expect(numbersOf(events)).toEqual(range(1, 5));
  expect(new Set(events.flatMap(event => event.source?.fileId ?? [])).size).toBe(2);
});

test('a zone that becomes ambiguous holds the file back until it is settled', async () => {
  const { folder, path, config, once } = await scene();
  const dublin = (n: number, zone: string): string =>
    csvRecord({ sessionLine: n, logTime: `2026-07-21 20:40:0${n}.123 ${zone}` });
  const { source, ...rest } = config;
  const withoutZone = { ...rest, source: { files: [path] } };
  await writeFile(path, dublin(1, 'GMT') + dublin(2, 'IST') + dublin(3, 'GMT'));
  const first = await runOnce(folder, withoutZone);
  expect(first.code).toBe(1);
  expect(first.output).toContain('Its time zone is ambiguous: set source.timezone');
  expect(numbersOf(await archived(folder))).toEqual([1]);
  Object.assign(config, { source: { files: [path], timezone: 'Europe/Dublin' } });
  const events = await once();
  expect(numbersOf(events)).toEqual([1, 2, 3]);
  expect(events.filter(event => event.kind === 'statement').map(event => event.time)).toEqual([
    '2026-07-21T20:40:01.123Z',
    '2026-07-21T19:40:02.123Z',
    '2026-07-21T20:40:03.123Z',
  ]);
});

test('a file that is held back and then deleted is a gap', async () => {
  const { folder, path } = await scene();
  const { source, ...rest } = settings(folder, [path]);
  await writeFile(path, numbered(1) + numbered(2, { logTime: '2026-11-21 20:40:02.123 IST' }));
  const shipper = await Shipper.start(folder, { ...rest, source: { files: [join(folder, '*.csv')] } });
  await shipper.eventuallyLogged('file-unsupported');
  await rm(path);
  await eventually(async () => (await logged(folder, 'gap')).length > 0);
  await shipper.stop();
  const [gap] = await archived(folder, 'gap');
  expect(gap?.gap?.reason).toBe('vanished');
  expect(gap?.source).toMatchObject({
    offset: numbered(1).length,
    length: numbered(2, { logTime: '2026-11-21 20:40:02.123 IST' }).length,
  });
});

test('a record torn after its 23rd column is not a record, even as the first after a restart', async () => {
  const { path, once } = await scene();
  await append(path, 1, 2);
  await once();
  await appendFile(path, csvRecord({ sessionLine: 3 }, 23));
  await append(path, 4, 5);
  const events = await once();
  expect(numbersOf(events)).toEqual([1, 2, 4, 5]);
  expect(events.find(event => event.gap !== undefined)?.gap).toMatchObject({ reason: 'torn', line: '3' });
});

test('a folder that is away for a while, like an unmounted disk, loses and duplicates nothing', async () => {
  const { folder, config } = await scene();
  const logs = join(folder, 'log');
  const { source, ...rest } = config;
  const shipper = await Shipper.start(folder, { ...rest, source: { files: [join(logs, '*.csv')] } });
  await mkdir(logs);
  for (let n = 1; n <= 300; n++) await append(join(logs, `${n}.csv`), n);
  await eventually(async () => numbersOf(await logged(folder)).length === 300);
  await rename(logs, `${logs}-away`);
  await eventually(async () => !(await shipper.isReady()));
  await rename(`${logs}-away`, logs);
  await append(join(logs, '300.csv'), 301);
  await eventually(async () => numbersOf(await logged(folder)).length >= 301);
  await shipper.stop();
  expect(numbersOf(await archived(folder)).toSorted((a, b) => a - b)).toEqual(range(1, 301));
});

test('a file that is only one torn line is a gap once there is a newer one', async () => {
  const { folder, path, once } = await scene();
  await writeFile(path, numbered(1).slice(0, 150));
  await append(join(folder, 'b.csv'), 2, 3);
  const events = await once();
  expect(numbersOf(events)).toEqual([2, 3]);
  expect(events.find(event => event.gap !== undefined)?.gap).toMatchObject({
    reason: 'torn',
    user: 'Z990001',
    line: '1',
  });
});

test('unread bytes that vanish while the shipper is down are a gap with everything that is known', async () => {
  const { folder, path, once } = await scene();
  await append(path, 1, 3);
  await appendFile(path, numbered(4).slice(0, 100));
  await once();
  await rm(path);
  await append(join(folder, 'b.csv'), 5, 6);
  const events = await once();
  expect(numbersOf(events)).toEqual([1, 2, 3, 5, 6]);
  const gaps = events.filter(event => event.gap !== undefined);
  expect(gaps.map(({ gap }) => gap)).toMatchObject([
    { reason: 'vanished', after: '2026-11-21T20:40:00.003Z' },
    { reason: 'missing-lines', session: '6b0201a1.552d', firstLine: 4, lastLine: 4 },
  ]);
  expect(gaps[0]?.source).toMatchObject({ file: 'a.csv', offset: numberedRange(1, 3).length, length: 100 });
});

describe('several files with the same content', () => {
  test('a shorter copy that sorts first, at the first start and later', async () => {
    const { folder, path, once } = await scene();
    await append(path, 1, 10);
    await copyFile(path, join(folder, 'a-copy.csv'));
    await append(path, 11, 20);
    expect(numbersOf(await once())).toEqual(range(1, 20));
    await copyFile(path, join(folder, 'a-copy.csv'));
    await append(path, 21, 30);
    expect(numbersOf(await once())).toEqual(range(1, 30));
  });

  test('the live file is replaced by a longer one, as rsync and sed do', async () => {
    const { folder, path, config } = await scene();
    await append(path, 1, 3);
    const shipper = await Shipper.start(folder, config);
    await eventually(async () => numbersOf(await logged(folder)).length === 3);
    await writeFile(join(folder, 'new'), numberedRange(1, 20));
    await rename(join(folder, 'new'), path);
    await eventually(async () => numbersOf(await logged(folder)).length === 20);
    await writeFile(
      join(folder, 'new'),
      numberedRange(1, 20).replace('a = 2', 'b = 2') + numberedRange(21, 25),
    );
    await rename(join(folder, 'new'), path);
    await append(path, 26);
    await eventually(async () => numbersOf(await logged(folder)).length === 26);
    await shipper.stop();
    expect(numbersOf(await archived(folder))).toEqual(range(1, 26));
  });
});

test('a changed file whose new records are dated before the old ones, because the clock was set back', async () => {
  const { path, once } = await scene();
  await append(path, 1, 10);
  await once();
  await truncate(path, numberedRange(1, 9).length + 30);
  const behind = { ...later, logTime: '2026-11-21 20:39:00.000 UTC' };
  await appendFile(
    path,
    range(11, 30)
      .map(n => numbered(n, behind))
      .join(''),
  );
  expect(numbersOf(await once())).toEqual(range(1, 30));
});
