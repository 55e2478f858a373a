/** Seals as Cloud Logging exports them. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { PartAnchors } from '../../../src/archive/verify/anchors.js';
import { Chain } from '../../../src/archive/verify/chain.js';
import { readEvent } from '../../../src/archive/verify/read-event.js';
import { Warnings } from '../../../src/archive/verify/result.js';
import { readSeals } from '../../../src/commands/verify/seals.js';
import { temporaryFolder } from '../../support/temp.js';

const CHAIN = '20261121T203958Z-9f2c';
const PLACE = { instance: 'i', node: 'n' };

interface Lists {
  readonly coverage: readonly object[];
  readonly files: readonly object[];
}

function seal(seq: number, lists: Lists = { coverage: [], files: [] }, time = '2026-11-21T21:00:00.000Z') {
  const id = `i/${CHAIN}/${seq}`;
  const envelope = { v: 1, chain: CHAIN, seq, previousHash: String(seq), kind: 'seal', id, time, ...PLACE };
  const records = { read: 0, shipped: 0, dropped: {}, rejected: {} };
  return { ...envelope, seal: { reason: 'age', firstSeq: seq, events: {}, records, ...lists } };
}

const covered = (n: number): object => ({
  file: `${n}.csv`,
  fileId: String(n),
  from: 0,
  to: n,
  records: { read: 0, shipped: 0, dropped: {}, rejected: {} },
});
const position = (n: number): object => ({
  fileId: String(n),
  contentId: String(n),
  path: `/log/${n}.csv`,
  firstTime: null,
  lastTime: '',
  columns: 26,
  offset: n,
  size: n,
  tail: { length: 0, sha256: '' },
});

async function exported(text: string): Promise<string> {
  const path = join(await temporaryFolder(), 'seals.json');
  await writeFile(path, text);
  return path;
}

/** Whether the archive's seal is the same as the exported one. */
async function check(path: string, archived: object): Promise<boolean> {
  const { anchors } = await readSeals([path]);
  const object = {
    date: '2026-11-21',
    chain: CHAIN,
    firstSeq: 1,
    lastSeq: 9,
    hash: '',
    path: '',
    stamp: null,
    stored: null,
  };
  const chain = new Chain(object, false, new Warnings());
  const part: PartAnchors = anchors.of(PLACE, new Warnings(), null);
  return part.check(readEvent(Buffer.from(JSON.stringify(archived))), chain);
}

/** Fields in another order, as a Struct of protocol buffers gives them. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, inner]) => [name, shuffled(inner)]),
  );
}

const entry = (jsonPayload: unknown, more: object = {}): object => ({
  insertId: 'x',
  severity: 'DEBUG',
  jsonPayload,
  ...more,
});

test.each([
  ['an array over many lines', (entries: object[]) => JSON.stringify(entries, null, 2)],
  ['an array in one line', (entries: object[]) => JSON.stringify(entries)],
  ['one entry per line', (entries: object[]) => entries.map(one => `${JSON.stringify(one)}\n`).join('')],
  [
    'one entry per line, with blank lines and others',
    (entries: object[]) => `\n{"a":1}\n${entries.map(one => JSON.stringify(one)).join('\n\n')}`,
  ],
])('%s', async (_name, toText) => {
  const other = entry({ kind: 'statement', v: 1 });
  const path = await exported(
    toText([other, entry(shuffled(seal(4))), { textPayload: 'x' }, entry(seal(4))]),
  );
  expect(await check(path, seal(4))).toBe(true);
});

test('each field counts', async () => {
  const path = await exported(JSON.stringify([entry(seal(4))]));
  const later = seal(4, undefined, '2026-11-21T21:00:00.001Z');
  await expect(check(path, later)).rejects.toMatchObject({
    code: 'anchor',
    message: expect.stringMatching(/differs from/),
  });
  await expect(check(path, { ...seal(4), previousHash: 'x' })).rejects.toMatchObject({
    message: expect.stringMatching(/follows a different event/),
  });
  await expect(check(path, { ...seal(4), signature: 'x' })).rejects.toMatchObject({ code: 'anchor' });
  await expect(check(path, seal(5))).rejects.toMatchObject({ code: 'tail' });
  expect(await check(path, seal(3))).toBe(false);
});

test('large seals come in parts, in any order, and some more than once', async () => {
  const numbers = [1, 2, 3, 4];
  const whole = seal(4, { coverage: numbers.map(covered), files: numbers.map(position) });
  const parts = [
    seal(4, { coverage: numbers.slice(0, 2).map(covered), files: [] }),
    seal(4, { coverage: numbers.slice(2).map(covered), files: [] }),
    seal(4, { coverage: [], files: numbers.slice(0, 3).map(position) }),
    seal(4, { coverage: [], files: numbers.slice(3).map(position) }),
  ];
  // JSON of protocol buffers leaves out an index that is 0.
  const entries = parts.map((part, index) =>
    entry(part, { split: { uid: 'i/4', ...(index > 0 && { index }), totalSplits: 4 } }),
  );
  const path = await exported(JSON.stringify([...entries.slice(1).toReversed(), entries[1], entries[0]]));
  expect(await check(path, whole)).toBe(true);
  await expect(check(path, seal(4))).rejects.toMatchObject({ code: 'anchor' });
  const cut = await readSeals([await exported(JSON.stringify([entry(seal(8)), ...entries.slice(1)]))]);
  expect(cut.incomplete).toBe(1);
});
