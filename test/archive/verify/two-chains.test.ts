/** Where one chain ended and the next begins, nothing is missing unnoticed (I12). */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { archiveOf, day, days, missing, verifyCovered as verify } from '../../support/covered.js';
import { AFTER_DAMAGE, type SealedChain, writeSealed } from '../../support/sealed.js';
import { temporaryFolder } from '../../support/temp.js';

const CHAIN = '20250901T000000Z-0001';
const SECOND = '20251104T080000Z-0002';
const DAYS = days();

describe('two chains', () => {
  async function twoChains(second: Partial<SealedChain>) {
    const first = await archiveOf(DAYS.slice(0, 3).map(date => day(date)));
    const previousChain = { chain: CHAIN, seq: first.lastSeq, hash: first.lastHash };
    const chain = {
      chain: SECOND,
      startedAt: '2025-11-04T08:00:00.000Z',
      lifecycle: { ...AFTER_DAMAGE, previousChain },
    };
    await writeSealed(
      first.folder,
      DAYS.slice(3).map(date => day(date)),
      { ...chain, ...second },
    );
    return { ...first, previousChain };
  }

  test('join if the second reads the file in which the first stopped', async () => {
    const { folder } = await twoChains({});
    expect((await verify(folder)).verdict).toBe('whole');
  });

  test('do not join if that file is gone', async () => {
    const { folder } = await twoChains({ fileId: 'g' });
    expect(missing(await verify(folder))).toEqual([
      '2025-11-03T23:59:59.000Z 2025-11-04T08:00:00.000Z no seal covers it',
    ]);
  });

  test('the first is reported missing if it was removed', async () => {
    const { folder, names } = await twoChains({});
    for (const name of names) await rm(join(folder, name));
    const result = await verify(folder);
    expect(result.verdict).toBe('incomplete');
    expect(missing(result)[0]).toContain(`chain ${CHAIN}, which came before, is missing`);
  });

  test('the end of the first is reported missing if it was cut off', async () => {
    const { folder, names } = await twoChains({});
    await rm(join(folder, names[2] ?? ''));
    expect(await verify(folder)).toMatchObject({ verdict: 'broken', failure: { code: 'missing' } });
  });

  test('the second knows how the first ended', async () => {
    const { folder, previousChain } = await twoChains({});
    const lifecycle = { ...AFTER_DAMAGE, previousChain: { ...previousChain, hash: 'f'.repeat(64) } };
    const other = await temporaryFolder();
    await writeSealed(
      other,
      DAYS.slice(0, 3).map(date => day(date)),
    );
    await writeSealed(
      other,
      DAYS.slice(3).map(date => day(date)),
      { chain: SECOND, lifecycle },
    );
    expect((await verify(folder)).isIntact).toBe(true);
    expect(await verify(other)).toMatchObject({ verdict: 'broken', failure: { code: 'link' } });
  });
});

test('a chain that began after the clock was set back is read before the one that it names', async () => {
  const chain = (clock: string) => `20251101T${clock}Z-0001`;
  const first = await archiveOf([day('2025-11-01')], { chain: chain('100000') });
  const previousChain = { chain: chain('100000'), seq: first.lastSeq, hash: first.lastHash };
  await writeSealed(
    first.folder,
    DAYS.map(date => day(date)),
    { chain: chain('090000'), lifecycle: { ...AFTER_DAMAGE, previousChain } },
  );
  expect(missing(await verify(first.folder))).toEqual([]);
  await rm(join(first.folder, first.names[0] ?? ''));
  expect(missing(await verify(first.folder))).toEqual([
    expect.stringContaining('which came before, is missing'),
  ]);
});

test('a chain from before the days is looked for if the next one names it', async () => {
  const first = await archiveOf(DAYS.slice(0, 3).map(date => day(date)));
  const previousChain = { chain: CHAIN, seq: first.lastSeq, hash: first.lastHash };
  await writeSealed(
    first.folder,
    DAYS.slice(3).map(date => day(date)),
    { chain: '20251104T000000Z-0002', lifecycle: { ...AFTER_DAMAGE, previousChain } },
  );
  const since = { days: { since: '2025-11-04', until: null } };
  expect(missing(await verify(first.folder, since))).toEqual([]);
  await rm(join(first.folder, first.names[2] ?? ''));
  expect(await verify(first.folder, since)).toMatchObject({
    verdict: 'broken',
    failure: { code: 'missing' },
  });
});
