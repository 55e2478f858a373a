/** Hundreds of finished files: read once through kills, sealed by what changed, and taken up from several seals. */

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localStore } from '../../src/archive/store/folder.js';
import { findChainEnd } from '../../src/archive/store/newest.js';
import { type ArchivedEvent, objectsIn } from '../support/archive.js';
import { numbered, numbersOf, range } from '../support/log.js';
import {
  archived,
  eventually,
  runCommand,
  runOnce,
  type Settings,
  Shipper,
  settings,
} from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const FILES = 300;
const PLACE = { prefix: '', instance: 'samples', node: 'test' };

interface Seal {
  readonly positions: string;
  readonly files: readonly { readonly path: string }[];
}

function sealsOf(events: readonly ArchivedEvent[]): Seal[] {
  return events.filter(({ kind }) => kind === 'seal').map(event => Object(event).seal);
}

const fileOf = (folder: string, n: number): string => join(folder, `log-${String(n).padStart(4, '0')}.csv`);

/** Each file has one statement. */
async function scene(): Promise<{ folder: string; config: Settings }> {
  const folder = await temporaryFolder();
  for (const n of range(1, FILES)) await writeFile(fileOf(folder, n), numbered(n));
  return { folder, config: settings(folder, [join(folder, 'log-*.csv')]) };
}

test('killed again and again while it reads them: each statement is archived once', async () => {
  const { folder, config } = await scene();
  const checkpoint = join(folder, 'state', 'checkpoint.json');
  const sizeOf = async (): Promise<number> =>
    Number(/"nextSeq":(\d+)/.exec(await readFile(checkpoint, 'utf8').catch(() => ''))?.[1] ?? 0);
  let kills = 0;
  for (let before = await sizeOf(); before < FILES - FILES / 10; before = await sizeOf()) {
    const shipper = await Shipper.spawn(folder, config);
    await eventually(async () => (await sizeOf()) >= before + FILES / 10);
    await shipper.kill();
    kills += 1;
  }
  expect(kills).toBeGreaterThan(1);
  expect((await runOnce(folder, config)).code).toBe(0);
  expect(numbersOf(await archived(folder))).toEqual(range(1, FILES));
  expect((await readFile(checkpoint)).length).toBeLessThan(100_000);
});

test('one line of the log names them, and a seal has only the positions that changed', async () => {
  const { folder, config } = await scene();
  const shipper = await Shipper.start(folder, config);
  await eventually(async () => numbersOf(await archived(folder)).length === FILES);
  await writeFile(fileOf(folder, FILES + 1), numbered(FILES + 1));
  await eventually(async () => numbersOf(await archived(folder)).length === FILES + 1);
  await shipper.stop();
  expect(shipper.logged('files-found')).toMatchObject([
    { files: FILES, oldest: fileOf(folder, 1), newest: fileOf(folder, FILES) },
  ]);
  expect(shipper.logged('file-found')).toHaveLength(1);
  const seals = sealsOf(await archived(folder));
  // The test may run at midnight.
  expect(seals.filter(({ positions }) => positions === 'all').length).toBeLessThanOrEqual(2);
  expect(seals[0]?.positions).toBe('all');
  const last = seals.at(-1);
  expect(last?.files.length).toBeLessThan(5);
  expect(last?.files.at(-1)?.path).toBe(fileOf(folder, FILES + 1));
  const { code, output } = await runCommand([
    'verify',
    join(folder, 'archive'),
    '--against',
    join(folder, 'log-*'),
  ]);
  expect([code, output]).toEqual([expect.any(Number), expect.stringContaining(`${FILES + 1} events as in`)]);
  expect(output).not.toContain('broken');
});

test('without its state it knows all files from several seals, and reads none of them again', async () => {
  const { folder, config } = await scene();
  expect((await runOnce(folder, config)).code).toBe(0);
  for (const n of [FILES + 1, FILES + 2]) {
    await writeFile(fileOf(folder, n), numbered(n));
    expect((await runOnce(folder, config)).code).toBe(0);
  }
  await rm(join(folder, 'state'), { recursive: true });
  const end = await findChainEnd(localStore(join(folder, 'archive')), PLACE);
  expect(end?.files.map(({ path }) => path).sort()).toEqual(range(1, FILES + 2).map(n => fileOf(folder, n)));
  await writeFile(fileOf(folder, FILES + 3), numbered(FILES + 3));
  expect((await runOnce(folder, config)).code).toBe(0);
  const events = await archived(folder);
  expect(numbersOf(events)).toEqual(range(1, FILES + 3));
  expect(new Set(events.map(({ chain }) => chain)).size).toBe(1);
});

test('if an object with some of the positions is missing, a new chain begins and says why', async () => {
  const { folder, config } = await scene();
  expect((await runOnce(folder, config)).code).toBe(0);
  for (const n of [FILES + 1, FILES + 2]) {
    await writeFile(fileOf(folder, n), numbered(n));
    expect((await runOnce(folder, config)).code).toBe(0);
  }
  const objects = await objectsIn(join(folder, 'archive'));
  await rm(objects.at(-2) ?? '');
  await rm(join(folder, 'state'), { recursive: true });
  const { code, output } = await runOnce(folder, config);
  expect([code, output]).toEqual([0, expect.stringContaining('is missing, or is not of the same chain')]);
  expect(output).toContain('archive-damaged');
});
