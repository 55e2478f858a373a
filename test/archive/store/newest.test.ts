/** Where a chain ended, according to the archive's objects. */

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { localStore } from '../../../src/archive/store/folder.js';
import { findChainEnd, findPreviousChain } from '../../../src/archive/store/newest.js';
import { sha256 } from '../../support/archive.js';
import { temporaryFolder } from '../../support/temp.js';

const PLACE = { prefix: 'hold', instance: 'i', node: 'n' };
const OLD = '20261119T235000Z-ffff';
const NEW = '20261120T080000Z-0001';

/** An object as the design names it, with a seal as its last line. */
async function put(root: string, day: string, chain: string, last: number, kind = 'seal'): Promise<Buffer> {
  const seal = Buffer.from(
    JSON.stringify({
      chain,
      seq: last,
      kind,
      time: `${day}T12:00:00.000Z`,
      seal: { coverage: [], files: [] },
    }),
  );
  const bytes = Buffer.concat([Buffer.from('{"seq":1}\n'), seal, Buffer.from('\n')]);
  const range = [last - 1, last].map(seq => String(seq).padStart(16, '0')).join('-');
  const name = `${chain}-${range}-${sha256(bytes).slice(0, 16)}.ndjson.gz`;
  const path = join(root, 'hold', 'instance=i', 'node=n', `date=${day}`, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, gzipSync(bytes));
  return seal;
}

test('is the newest object of the newest day, whatever was put there first', async () => {
  const root = await temporaryFolder();
  const seal = await put(root, '2026-11-21', NEW, 12);
  await put(root, '2026-11-20', NEW, 8);
  await put(root, '2026-11-21', NEW, 10);
  await put(root, '2026-11-19', OLD, 900);
  // A day without objects, and files that are not objects.
  await mkdir(join(root, 'hold', 'instance=i', 'node=n', 'date=2026-11-22'));
  await writeFile(join(root, 'hold', 'instance=i', 'node=n', 'date=2026-11-21', 'zzz.txt'), '');
  expect(await findChainEnd(localStore(root), PLACE)).toEqual({
    chain: NEW,
    lastSeq: 12,
    lastHash: sha256(seal),
    date: '2026-11-21',
    sealedAt: Date.parse('2026-11-21T12:00:00.000Z'),
    coverage: [],
    files: [],
    rows: [],
  });
});

test('of two chains on one day, it is the one that began later', async () => {
  const root = await temporaryFolder();
  await put(root, '2026-11-20', OLD, 900);
  await put(root, '2026-11-20', NEW, 2);
  expect(await findChainEnd(localStore(root), PLACE)).toMatchObject({ chain: NEW, lastSeq: 2 });
});

test('for another node, or in a missing archive, there is none', async () => {
  const root = await temporaryFolder();
  await put(root, '2026-11-20', NEW, 2);
  expect(await findChainEnd(localStore(root), { ...PLACE, node: 'm' })).toBeNull();
  expect(await findChainEnd(localStore(join(root, 'nowhere')), PLACE)).toBeNull();
});

test('one that unpacks to more than any segment is damaged, and takes no memory', async () => {
  const root = await temporaryFolder();
  await put(root, '2026-11-20', NEW, 2);
  const name = `${NEW}-0000000000000003-0000000000000004-${'0'.repeat(16)}.ndjson.gz`;
  const path = join(root, 'hold', 'instance=i', 'node=n', 'date=2026-11-20', name);
  await writeFile(path, gzipSync(Buffer.alloc(128 * 1024 * 1024)));
  await expect(findChainEnd(localStore(root), PLACE)).rejects.toMatchObject({ code: 'archive-damaged' });
});

test('if a key is configured, an object that it did not sign is not trusted', async () => {
  const root = await temporaryFolder();
  const seal = await put(root, '2026-11-20', NEW, 2);
  const isOwn = (line: Buffer): boolean => line.equals(seal);
  expect(await findChainEnd(localStore(root), PLACE, isOwn)).toMatchObject({ chain: NEW, lastSeq: 2 });
  await put(root, '2026-12-31', NEW, 4);
  await expect(findChainEnd(localStore(root), PLACE, isOwn)).rejects.toMatchObject({
    code: 'archive-unsigned',
    message: expect.stringContaining('archive.signingKeyFile'),
  });
});

test('an object that does not end with its seal is damaged', async () => {
  const root = await temporaryFolder();
  await put(root, '2026-11-20', NEW, 2, 'statement');
  await expect(findChainEnd(localStore(root), PLACE)).rejects.toMatchObject({ code: 'archive-damaged' });
});

describe('the chain before a new one', () => {
  const store = async (): Promise<{ root: string; own: Buffer }> => {
    const root = await temporaryFolder();
    return { root, own: await put(root, '2026-11-20', NEW, 2) };
  };

  test('is that of the newest object that the configured key has signed', async () => {
    const { root, own } = await store();
    await put(root, '2026-12-31', NEW, 4);
    const isOwn = (line: Buffer): boolean => line.equals(own);
    expect(await findPreviousChain(localStore(root), PLACE, isOwn)).toEqual({
      chain: NEW,
      seq: 2,
      hash: sha256(own),
    });
  });

  test('otherwise of the newest that matches its name', async () => {
    const { root } = await store();
    await put(root, '2026-12-31', NEW, 4, 'statement');
    const nobodys = (): boolean => false;
    for (const isOwn of [null, nobodys])
      expect(await findPreviousChain(localStore(root), PLACE, isOwn)).toMatchObject({ chain: NEW, seq: 2 });
  });

  test('is not known if none of the newest can be read', async () => {
    const root = await temporaryFolder();
    await put(root, '2026-12-31', NEW, 4, 'statement');
    expect(await findPreviousChain(localStore(root), PLACE, null)).toBeNull();
  });
});
