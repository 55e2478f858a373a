/** PostgreSQL numbers the lines of each session: missing numbers are reported (I11). */

import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import type { ArchivedEvent } from '../support/archive.js';
import { sessionLine } from '../support/log.js';
import { archived, eventually, logged, runOnce, Shipper, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const SAMPLES = fileURLToPath(new URL('../../demo/recorded', import.meta.url));

/** The records of a real log, unchanged. */
async function records(name: string): Promise<string[]> {
  const text = await readFile(join(SAMPLES, name), 'utf8');
  const parsed: unknown[] = parse(text, { raw: true, relax_column_count: true });
  return parsed.map(one => String(Reflect.get(Object(one), 'raw')));
}

async function gapsOf(...files: readonly (readonly string[])[]): Promise<ArchivedEvent[]> {
  const folder = await temporaryFolder();
  const config = settings(folder, [join(folder, '*.csv')]);
  // Each file is for a run of its own.
  for (const [index, lines] of files.entries()) {
    await writeFile(join(folder, `${index}.csv`), lines.join(''));
    expect((await runOnce(folder, config)).code).toBe(0);
  }
  return await archived(folder, 'gap');
}

describe('a real log', () => {
  test.each(['pg13.csv', 'pg15.csv', 'pg17.csv'])('%s: each removed line is reported', async name => {
    const all = await records(name);
    const sessions = all.map(text => (parse(text)[0] ?? [])[5]);
    const index = sessions.findIndex(
      (id, at) => at > 20 && sessions.indexOf(id) < at && sessions.includes(id, at + 1),
    );
    const columns: string[] = parse(all[index] ?? '')[0] ?? [];
    const gaps = await gapsOf(all.toSpliced(index, 1));
    expect(gaps.map(({ gap }) => gap)).toEqual([
      {
        reason: 'missing-lines',
        user: expect.any(String),
        session: columns[5],
        firstLine: Number(columns[6]),
        lastLine: Number(columns[6]),
        after: expect.stringMatching(/^2026-.*Z$/),
        before: expect.stringMatching(/^2026-.*Z$/),
      },
    ]);
  });

  test('read from the middle on, or in parts, reports nothing', async () => {
    const all = await records('pg15.csv');
    expect(await gapsOf(all.slice(25))).toEqual([]);
    expect(await gapsOf(all.slice(0, 20), all.slice(20, 40), all.slice(40))).toEqual([]);
  });
});

describe('is reported', () => {
  test('with the session, its user, the lines and the times around them', async () => {
    const gaps = await gapsOf([
      sessionLine('a', 1, 1),
      sessionLine('a', 2, 1),
      sessionLine('a', 6, 1, { user: 'Z990002' }),
    ]);
    expect(gaps.map(({ gap }) => gap)).toEqual([
      {
        reason: 'missing-lines',
        user: 'Z990002',
        session: '6b0201a1.a',
        firstLine: 3,
        lastLine: 5,
        after: '2026-11-21T20:41:12.000Z',
        before: '2026-11-21T20:41:16.000Z',
      },
    ]);
    expect(gaps[0]?.source).toMatchObject({
      file: '0.csv',
      offset: (sessionLine('a', 1, 1) + sessionLine('a', 2, 1)).length,
    });
  });

  test('at the start of a session that began after the log did', async () => {
    const late = { logTime: '2026-11-21 20:40:02.000 UTC' };
    const gaps = await gapsOf([sessionLine('a', 4, 1, late), sessionLine('b', 3, 3)]);
    expect(gaps.map(({ gap }) => [gap?.session, gap?.firstLine, gap?.lastLine])).toEqual([
      ['6b0201a3.b', 1, 2],
    ]);
  });

  test('beside a tear that is too small for so many', async () => {
    const torn = sessionLine('a', 2, 1).slice(0, 150);
    const gaps = await gapsOf([
      sessionLine('a', 1, 1),
      torn,
      sessionLine('a', 500, 1, { logTime: '2026-11-21 20:50:00.000 UTC' }),
    ]);
    expect(gaps.map(({ gap }) => [gap?.reason, gap?.firstLine, gap?.lastLine])).toEqual([
      ['torn', undefined, undefined],
      ['missing-lines', 3, 499],
    ]);
  });

  test('after a restart of the shipper, and once', async () => {
    const gaps = await gapsOf([sessionLine('a', 1, 1)], [sessionLine('a', 3, 1)], [sessionLine('a', 4, 1)]);
    expect(gaps.map(({ gap }) => gap?.firstLine)).toEqual([2]);
  });
});

describe('is not reported', () => {
  test.each<[string, string[][]]>([
    [
      'of sessions that were met half-way',
      [[sessionLine('a', 7, 1), sessionLine('b', 9, 2), sessionLine('a', 8, 1)]],
    ],
    [
      'after a restart of the server',
      [
        [sessionLine('a', 1, 1), sessionLine('a', 2, 1)],
        [sessionLine('b', 1, 5), sessionLine('c', 1, 6)],
      ],
    ],
    [
      'if the line was torn, which a gap shows',
      [[sessionLine('a', 1, 1), sessionLine('a', 2, 1).slice(0, 150), sessionLine('a', 3, 1)]],
    ],
  ])('%s', async (_name, files) => {
    expect((await gapsOf(...files)).filter(({ gap }) => gap?.reason === 'missing-lines')).toEqual([]);
  });

  test('by a running daemon while a file that fills the gap may still come; then it is', async () => {
    const folder = await temporaryFolder();
    const shipper = await Shipper.start(folder, settings(folder, [join(folder, '*.csv')]));
    await writeFile(join(folder, 'a.csv'), sessionLine('a', 1, 1));
    await writeFile(join(folder, 'c.csv'), sessionLine('a', 3, 1) + sessionLine('a', 6, 1));
    await eventually(async () => (await logged(folder, 'statement')).length === 3);
    await writeFile(join(folder, 'b.csv'), sessionLine('a', 2, 1));
    await appendFile(join(folder, 'c.csv'), sessionLine('a', 7, 1));
    await eventually(async () => (await logged(folder, 'gap')).length > 0);
    await shipper.stop();
    expect((await archived(folder, 'gap')).map(({ gap }) => [gap?.firstLine, gap?.lastLine])).toEqual([
      [4, 5],
    ]);
    expect(shipper.logged('gap')).toMatchObject([{ level: 'error', reason: 'missing-lines', firstLine: 4 }]);
  });
});

test('is not reported while a file that may have it cannot be read yet, nor at a stop', async () => {
  const folder = await temporaryFolder();
  const path = (name: string): string => join(folder, name);
  const config = settings(folder, [path('*.csv')], { source: { files: [path('*.csv')] } });
  await writeFile(
    path('a.csv'),
    sessionLine('a', 1, 1) + sessionLine('a', 2, 1, { logTime: '2026-11-22 02:11:13.000 IST' }),
  );
  await writeFile(path('b.csv'), sessionLine('a', 3, 1, { logTime: '2026-11-21 20:42:14.000 UTC' }));
  expect((await runOnce(folder, config)).code).toBe(1);
  const settled = { ...config, source: { files: [path('*.csv')], timezone: 'Asia/Kolkata' } };
  expect((await runOnce(folder, settled)).code).toBe(0);
  const events = await archived(folder);
  expect(events.filter(event => event.kind === 'statement').map(event => event.session?.line)).toEqual([
    1, 3, 2,
  ]);
  expect(events.filter(event => event.kind === 'gap')).toEqual([]);
});
