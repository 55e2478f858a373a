/**
 * Ways to make evidence disappear from an archive, and what `verify` and `report` say: never whole (I12). Those that a
 * running daemon sees are in `integration/evidence.test.ts`.
 */

import { copyFile, mkdir, readFile, rename, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasCode } from '../../src/lib/errors.js';
import { day, days, gapEvent } from '../support/covered.js';
import { AFTER_DAMAGE, type SealedChain, writeSealed } from '../support/sealed.js';
import { runCommand } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const INCOMPLETE = 3;
const BROKEN = 1;
const FIRST = '20251101T000000Z-0001';
const SECOND: Partial<SealedChain> = { chain: '20251104T000000Z-0002' };
const PERIOD = ['--since', '2025-11-01', '--until', '2025-11-05'];

interface Scene {
  readonly archive: string;
  /** Objects, the oldest first. */
  readonly names: readonly string[];
}

/** Five days of one server; the last two are another chain's, which names the first. */
async function scene(): Promise<Scene> {
  const archive = await temporaryFolder();
  const first = await writeSealed(
    archive,
    days()
      .slice(0, 3)
      .map(date => day(date)),
    { chain: FIRST },
  );
  const previousChain = { chain: FIRST, seq: first.lastSeq, hash: first.lastHash };
  const second = await writeSealed(
    archive,
    days()
      .slice(3)
      .map(date => day(date)),
    {
      ...SECOND,
      lifecycle: { ...AFTER_DAMAGE, previousChain },
    },
  );
  return { archive, names: [...first.names, ...second.names] };
}

async function codes(archive: string, period = PERIOD): Promise<readonly (number | null)[]> {
  const out = join(await temporaryFolder(), 'report.html');
  const verified = await runCommand(['verify', ...period, archive]);
  const reported = await runCommand(['report', '--timezone', 'UTC', ...period, '--out', out, archive]);
  return [verified.code, reported.code];
}

async function remove({ archive, names }: Scene, from: number, to?: number): Promise<void> {
  for (const name of names.slice(from, to)) await rm(join(archive, name));
}

const dayFolder = ({ archive, names }: Scene): string => dirname(join(archive, names.at(-1) ?? ''));

test('nothing has disappeared: whole', async () => {
  const { archive } = await scene();
  expect(await codes(archive)).toEqual([0, 0]);
});

test('what file systems and people put beside the archive is nothing of it', async () => {
  const { archive } = await scene();
  for (const name of ['lost+found', '.snapshot']) await mkdir(join(archive, name));
  await writeFile(join(archive, 'README.md'), 'of this archive');
  expect(await codes(archive)).toEqual([0, 0]);
});

type Happen = (scene: Scene) => Promise<unknown>;

describe('what disappears from the archive', () => {
  test.each<[string, number, Happen]>([
    ['its newest object', INCOMPLETE, one => remove(one, -1)],
    ['all objects but the first', INCOMPLETE, one => remove(one, 1)],
    ['an object in the middle', BROKEN, one => remove(one, 1, 2)],
    ['the first object', BROKEN, one => remove(one, 0, 1)],
    ['a whole earlier chain', INCOMPLETE, one => remove(one, 0, 3)],
    ['the end of an earlier chain', BROKEN, one => remove(one, 2, 3)],
    ['a whole later chain', INCOMPLETE, one => remove(one, 3)],
    ['every object; the folders stay', INCOMPLETE, one => remove(one, 0)],
    ['everything', BROKEN, one => rm(join(one.archive, 'instance=prod'), { recursive: true })],
    ['the last day, which was renamed', INCOMPLETE, one => rename(dayFolder(one), `${dayFolder(one)}.old`)],
    ['the last day, which is a link to elsewhere', INCOMPLETE, one => linkAway(dayFolder(one))],
    [
      'an object behind a name that no shipper gives',
      INCOMPLETE,
      async one => {
        const name = join(one.archive, one.names.at(-1) ?? '');
        await rename(name, `${name}.bak`);
      },
    ],
    [
      'nothing, and something foreign was added',
      INCOMPLETE,
      one => writeFile(join(dayFolder(one), 'x.txt'), ''),
    ],
    ['nothing, and an object was copied', BROKEN, one => copyBeside(one)],
    [
      'nothing, and objects were put beside the servers',
      INCOMPLETE,
      ({ archive, names: [name = ''] }) => copyFile(join(archive, name), join(archive, basename(name))),
    ],
  ])('%s', async (_, code, happen) => {
    const one = await scene();
    await happen(one);
    const [verified, reported] = await codes(one.archive);
    expect([verified, reported]).toEqual([code, code]);
  });
});

describe('a whole server of an archive of two', () => {
  const server = 'instance=other';
  const node = join(server, 'node=pg-0');
  test.each<[string, (archive: string) => Promise<unknown>]>([
    ['its folder was renamed', root => rename(join(root, server), join(root, 'Instance=other'))],
    ['its folder is a link to elsewhere', root => linkAway(join(root, server))],
    ['its node was renamed', root => rename(join(root, node), join(root, server, 'xnode=pg-0'))],
    ['its node is a link to elsewhere', root => linkAway(join(root, node))],
    ['its node was removed', root => rm(join(root, node), { recursive: true })],
  ])('%s', async (_, happen) => {
    const { archive } = await scene();
    await writeSealed(
      archive,
      days().map(date => day(date)),
      { instance: 'other' },
    );
    expect(await codes(archive)).toEqual([0, 0]);
    await happen(archive);
    expect(await codes(archive)).toEqual([INCOMPLETE, INCOMPLETE]);
  });
});

async function linkAway(folder: string): Promise<void> {
  const elsewhere = join(await temporaryFolder(), 'elsewhere');
  await rename(folder, elsewhere);
  await symlink(elsewhere, folder);
}

/** Under another day. */
async function copyBeside({ archive, names }: Scene): Promise<void> {
  const [first = '', second = ''] = names;
  await rename(join(archive, first), join(archive, dirname(second), first.split('/').at(-1) ?? ''));
}

describe('a period without any evidence', () => {
  test.each([
    ['before the archive', ['--since', '2025-10-01', '--until', '2025-10-31']],
    ['that begins before it', ['--since', '2025-10-31', '--until', '2025-11-05']],
    ['after it', ['--since', '2025-11-06', '--until', '2025-11-10']],
    ['that ends after it', ['--since', '2025-11-01', '--until', '2025-11-10']],
  ])('%s', async (_, period) => {
    const { archive } = await scene();
    expect(await codes(archive, period)).toEqual([INCOMPLETE, INCOMPLETE]);
  });
});

describe('the days before one, without --since', () => {
  const until = (day: string, one: Scene) => runCommand(['verify', '--until', day, one.archive]);

  test('are not whole if the archive begins after them, and leave no bookmark', async () => {
    const one = await scene();
    const bookmark = join(await temporaryFolder(), 'bookmark.json');
    const { code, output } = await runCommand([
      'verify',
      ...['--until', '2025-10-31', '--bookmark', bookmark],
      one.archive,
    ]);
    expect([code, output]).toEqual([INCOMPLETE, expect.stringContaining('covers no server in this time')]);
    await expect(readFile(bookmark)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each<[string, number, string, Happen]>([
    ['their objects', BROKEN, '2025-11-01', one => remove(one, 0, 1)],
    ['the whole chain before', INCOMPLETE, '2025-11-03', one => remove(one, 0, 3)],
  ])('are not whole if %s were removed', async (_, code, day, happen) => {
    const one = await scene();
    await happen(one);
    for (const name of one.names) await rmdir(dirname(join(one.archive, name))).catch(unlessFull);
    expect((await until(day, one)).code).toBe(code);
  });

  test.each([
    ['--since', '2025-11-02', INCOMPLETE],
    ['--grace', '2h', BROKEN],
  ])('of a second daemon were removed (%s %s)', async (option, value, code) => {
    const one = await scene();
    const second = { node: 'pg-1', chain: FIRST };
    const { names } = await writeSealed(
      one.archive,
      days().map(date => day(date)),
      second,
    );
    const verify = () =>
      runCommand(['verify', option, value, '--until', '2025-11-02', '--grace', '8h', one.archive]);
    expect((await verify()).code).toBe(0);
    for (const name of names.slice(0, 2)) await rm(dirname(join(one.archive, name)), { recursive: true });
    expect((await verify()).code).toBe(code);
  });

  test('do not expect a daemon that began later', async () => {
    const { archive } = await scene();
    const date = '2025-11-04';
    await writeSealed(archive, [day(date)], { instance: 'later', chain: '20251104T000000Z-0003' });
    const { code, output } = await runCommand(['verify', '--until', '2025-11-02', archive]);
    expect([code, output]).toEqual([0, expect.not.stringContaining('covered at no time')]);
  });

  test('end on a day of the calendar', async () => {
    expect((await until('2026-02-30', await scene())).code).toBe(2);
  });
});

/** A folder that still has objects stays. */
function unlessFull(error: unknown): void {
  if (!hasCode(error, 'ENOTEMPTY', 'ENOENT')) throw error;
}

test.each([
  [
    'a part of the log',
    gapEvent(
      { before: '2025-11-02T12:00:00.000Z', after: '2025-11-02T11:00:00.000Z' },
      '2025-11-02T12:30:00.000Z',
    ),
  ],
  ['statements of a session', gapEvent({ reason: 'missing-statements' }, '2025-11-02T12:30:00.000Z')],
])('%s that was never read', async (_, gap) => {
  const archive = await temporaryFolder();
  await writeSealed(
    archive,
    days().map(date => day(date, date === '2025-11-02' ? [gap] : [])),
  );
  expect(await codes(archive)).toEqual([INCOMPLETE, INCOMPLETE]);
});

test('one of two servers, in a fleet', async () => {
  const { archive } = await scene();
  await writeSealed(
    archive,
    days(2).map(date => day(date)),
    { instance: 'other' },
  );
  const { code, output } = await runCommand(['verify', ...PERIOD, archive]);
  expect(code).toBe(INCOMPLETE);
  expect(output).toMatch(/^instance +other: incomplete, silent since 2025-11-02T23:59:59.000Z$/m);
  expect(output).toMatch(/^instance +prod: whole, covered until 2025-11-05T23:59:59.000Z$/m);
});
