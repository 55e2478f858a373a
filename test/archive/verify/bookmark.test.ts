/** A verification that continues from what an earlier one proved reads only what came since, and finds what was changed. */

import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { localStore } from '../../../src/archive/store/folder.js';
import { openArchive } from '../../../src/archive/store/location.js';
import { ALL_DAEMONS } from '../../../src/archive/store/walk.js';
import { type Bookmark, nextBookmark } from '../../../src/archive/verify/bookmark.js';
import type { VerifyResult } from '../../../src/archive/verify/result.js';
import { verifyArchive } from '../../../src/archive/verify/verify.js';
import { day, days } from '../../support/covered.js';
import { writeSealed } from '../../support/sealed.js';
import { temporaryFolder } from '../../support/temp.js';

const TERMS = { only: ALL_DAEMONS, keys: [] };
const ALL = days(10);
const DAY = 24 * 60 * 60 * 1000;

/** At the end of a day, with the names of the objects whose bytes were read. */
async function verifyAt(folder: string, date: string, bookmark: Bookmark | null = null) {
  const read: string[] = [];
  const store = localStore(folder);
  const seen = {
    ...store,
    read: (name: string, most: number) => {
      read.push(name);
      return store.read(name, most);
    },
  };
  const period = { now: Date.parse(date) + DAY };
  const result = await verifyArchive({ store: seen, prefix: '' }, { bookmark, period });
  return { result, read, next: nextBookmark(result, TERMS, bookmark, null) };
}

interface Proved {
  readonly folder: string;
  /** Of the first five days. */
  readonly bookmark: Bookmark;
  /** Names of objects, one for each day. */
  readonly names: readonly string[];
}

/** An archive of which five days were proved when the others did not exist yet: `later` of them exist now. */
async function provedFive(later = 5): Promise<Proved> {
  const folder = await temporaryFolder();
  const { names } = await writeSealed(
    folder,
    ALL.map(date => day(date)),
  );
  const aside = await temporaryFolder();
  const others = names.slice(5).map(name => dirname(name));
  for (const [index, name] of others.entries()) await rename(join(folder, name), join(aside, String(index)));
  const { result, next } = await verifyAt(folder, '2025-11-05');
  expect(result.verdict).toBe('whole');
  if (next === null) throw new Error('there is no bookmark');
  for (const [index, name] of others.slice(0, later).entries())
    await rename(join(aside, String(index)), join(folder, name));
  return { folder, bookmark: next, names };
}

const dayOf = (name: string): string => /date=([\d-]+)/.exec(name)?.[1] ?? '';

function failureOf({ failure, verdict }: VerifyResult): unknown {
  return verdict === 'broken' ? failure?.code : verdict;
}

describe('five days that were proved, and five more', () => {
  test('are whole; only the last proved days and the new ones are read', async () => {
    const { folder, bookmark } = await provedFive();
    const { result, read, next } = await verifyAt(folder, '2025-11-10', bookmark);
    expect(result).toMatchObject({ verdict: 'whole', failure: null });
    // The day before says who was audited when the last proved day began.
    expect([...new Set(read.map(dayOf))].sort()).toEqual(ALL.slice(3));
    const [part] = bookmark.parts;
    const [chain] = part?.chains ?? [];
    expect(result.taken).toMatchObject({
      ...{ since: null, until: bookmark.until, madeAt: bookmark.madeAt },
      seals: [{ instance: 'prod', node: 'pg-0', chain: chain?.chain, seq: chain?.seq, hash: chain?.hash }],
    });
    expect(next?.until).toBe('2025-11-10T22:00:00.000Z');
    const whole = await verifyAt(folder, '2025-11-10');
    expect(next?.parts).toEqual(whole.next?.parts);
  });

  test('nothing is unknown about where the new ones begin', async () => {
    const { folder, bookmark } = await provedFive();
    const { result } = await verifyAt(folder, '2025-11-10', bookmark);
    expect(result.limits.join()).not.toContain('continues what came before');
  });

  test('are incomplete if one of the new days is not covered, and the bookmark stays', async () => {
    const { folder, bookmark } = await provedFive(3);
    const { result, next } = await verifyAt(folder, '2025-11-10', bookmark);
    expect(result.verdict).toBe('incomplete');
    expect(result.instances[0]?.missing).toMatchObject([{ from: '2025-11-08T23:59:59.000Z' }]);
    expect(next).toBeNull();
  });

  test('a run that follows at once has nothing to add', async () => {
    const { folder, bookmark } = await provedFive(0);
    const { result, next } = await verifyAt(folder, '2025-11-05', bookmark);
    expect(result.verdict).toBe('whole');
    expect(next?.parts).toEqual(bookmark.parts);
  });
});

describe('what was proved and is changed now', () => {
  test('the chain was rewritten with new hashes, from before the seal on', async () => {
    const { folder, bookmark } = await provedFive();
    await rm(join(folder, 'instance=prod'), { recursive: true });
    await writeSealed(
      folder,
      ALL.map((date, index) => day(date, index === 1 ? day(date).events : [])),
    );
    const whole = await verifyAt(folder, '2025-11-10');
    expect(whole.result.verdict).toBe('whole');
    expect(failureOf((await verifyAt(folder, '2025-11-10', bookmark)).result)).toBe('bookmark');
  });

  test('the objects from the seal on were removed', async () => {
    const { folder, bookmark, names } = await provedFive();
    for (const name of names.slice(4)) await rm(join(folder, name));
    const { result, next } = await verifyAt(folder, '2025-11-10', bookmark);
    expect(failureOf(result)).toBe('bookmark');
    expect(result.failure?.fits).toContain('verify without it');
    expect(next).toBeNull();
  });

  test('the new objects do not follow', async () => {
    const { folder, bookmark, names } = await provedFive();
    await rm(join(folder, names[5] ?? ''));
    expect(failureOf((await verifyAt(folder, '2025-11-10', bookmark)).result)).toBe('missing');
  });

  test('it is another archive', async () => {
    const { bookmark } = await provedFive();
    const other = await temporaryFolder();
    await writeSealed(
      other,
      ALL.map(date => day(date)),
      { chain: '20251101T000000Z-ffff' },
    );
    expect(failureOf((await verifyAt(other, '2025-11-10', bookmark)).result)).toBe('bookmark');
  });

  test('all of a daemon is gone', async () => {
    const { folder, bookmark } = await provedFive();
    await rename(join(folder, 'instance=prod'), join(folder, 'instance=other'));
    const { result } = await verifyAt(folder, '2025-11-10', bookmark);
    expect(result.verdict).toBe('broken');
  });
});

test('a daemon that began since then is read from its beginning', async () => {
  const { folder, bookmark } = await provedFive();
  const another = { instance: 'test', node: 'pg-1', chain: '20251107T000000Z-0002' };
  await writeSealed(
    folder,
    ALL.slice(6).map(date => day(date)),
    another,
  );
  const { result, next } = await verifyAt(folder, '2025-11-10', bookmark);
  expect(result.verdict).toBe('whole');
  expect(next?.parts.map(({ instance }) => instance)).toEqual(['prod', 'test']);
});

test('a broken archive leaves no bookmark', async () => {
  const { folder, names } = await provedFive();
  await rm(join(folder, names[0] ?? ''));
  const result = await verifyArchive(openArchive(folder), { period: { now: Date.parse('2025-11-11') } });
  expect(nextBookmark(result, TERMS, null, null)).toBeNull();
});
