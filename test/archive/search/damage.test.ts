/** An archive that is damaged or unreadable: what can be read is searched, and the rest is reported. */

import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { ArchiveStore } from '../../../src/archive/store/store.js';
import { ShipperError } from '../../../src/lib/errors.js';
import { searchAll, statement, storeOf, textsOf, type Written, writeArchive } from '../../support/search.js';

const query = { kinds: ['statement'] };

/** Three objects, each with two statements and a seal; the second is damaged. */
async function broken(change: (object: Written) => Partial<Written>): Promise<Written[]> {
  const segments = ['a', 'b', 'c'].map((name, index) => ({
    date: `2026-11-2${index}`,
    events: [1, 2].map(n => statement({ audit: { statement: `${name}${n}` } })),
  }));
  const objects = await writeArchive(null, segments);
  return objects.map((object, index) => (index === 1 ? { ...object, ...change(object) } : object));
}

function ofLines(lines: readonly string[], end = '\n'): Partial<Written> {
  return { body: gzipSync(lines.join('\n') + end) };
}

describe('an object is reported, and the others are searched', () => {
  test.each<[string, (object: Written) => Partial<Written>, string, string[]]>([
    ['that is cut off', ({ body }) => ({ body: body.subarray(0, -30) }), 'damaged (truncated)', ['b1', 'b2']],
    ['with a bit that flipped', ({ body }) => ({ body: flipped(body, -6) }), 'damaged (data)', ['b1', 'b2']],
    [
      'that is not compressed',
      ({ lines }) => ({ body: Buffer.from(lines.join('\n')) }),
      'damaged (data)',
      [],
    ],
    ['that is empty', () => ({ body: Buffer.alloc(0) }), 'damaged (truncated)', []],
    [
      'with something behind it',
      ({ body, lines }) => ({ body: Buffer.concat([body, gzipSync(`${lines[0]}\n`)]) }),
      'damaged (trailing)',
      ['b1', 'b2'],
    ],
    [
      'that lacks a line',
      ({ lines }) => ofLines(lines.slice(1)),
      'it has 2 lines, but its name says 3',
      ['b2'],
    ],
    [
      'with a line more',
      ({ lines }) => ofLines([...lines.slice(0, 1), ...lines]),
      'it has 4 lines, but its name says 3',
      ['b1', 'b1', 'b2'],
    ],
    [
      'with a line that is not JSON',
      ({ lines }) => ofLines([`${lines[0]}}`, ...lines.slice(1)]),
      '1 of its lines cannot be read as events',
      ['b2'],
    ],
    [
      'with a line that is not an event',
      ({ lines }) => ofLines(['{"kind":"statement","id":7}', ...lines.slice(1)]),
      '1 of its lines cannot be read as events',
      ['b2'],
    ],
    [
      'with another name',
      ({ name }) => ({ name: name.replace('.ndjson.gz', '-copy.ndjson.gz') }),
      'the shipper does not give such names',
      [],
    ],
  ])('%s', async (_what, change, said, rest) => {
    const objects = await broken(change);
    const result = await searchAll(storeOf(objects), query);
    expect(result.damaged).toEqual([[objects[1]?.name, expect.stringContaining(said)]]);
    expect(textsOf(result)).toEqual(['a1', 'a2', ...rest, 'c1', 'c2']);
  });

  test('that may not be read, or that was removed after it was listed', async () => {
    const objects = await broken(() => ({}));
    for (const code of ['EACCES', 'ENOENT', '404']) {
      const refuse = (name: string): void => {
        if (name === objects[1]?.name) throw new ShipperError(code, `${name} cannot be read (${code})`);
      };
      const small: ArchiveStore = {
        ...storeOf(objects),
        async read(name, most) {
          refuse(name);
          return await storeOf(objects).read(name, most);
        },
      };
      const large: ArchiveStore = {
        ...storeOf(objects),
        read: async () => null,
        async *open(name) {
          refuse(name);
          yield* storeOf(objects).open(name);
        },
      };
      for (const store of [small, large]) {
        const result = await searchAll(store, query, { ahead: 2 });
        expect(result.damaged).toEqual([[objects[1]?.name, `${objects[1]?.name} cannot be read (${code})`]]);
        expect(textsOf(result)).toEqual(['a1', 'a2', 'c1', 'c2']);
      }
    }
  });

  test('a search for failures reports it once', async () => {
    const objects = await broken(({ body }) => ({ body: body.subarray(0, -30) }));
    expect((await searchAll(storeOf(objects), { isFailed: true })).damaged).toHaveLength(1);
  });
});

test('other files beside the objects are ignored', async () => {
  const objects = await broken(() => ({}));
  const body = Buffer.from('x');
  const others = ['readme.txt', '.DS_Store', 'date=2026-11-20/_SUCCESS'].map(name => ({
    name: `instance=prod/node=pg-0/${name}`,
    body,
  }));
  expect((await searchAll(storeOf([...objects, ...others]), query)).damaged).toEqual([]);
});

test('if the whole archive cannot be read, the search ends with the error', async () => {
  const objects = await broken(() => ({}));
  const forbidden = new ShipperError('403', 'Cloud Storage: the archive may not be read');
  const store = storeOf(objects);
  await expect(searchAll({ ...store, list: () => Promise.reject(forbidden) }, {})).rejects.toBe(forbidden);
  const closed = { ...store, read: () => Promise.reject(forbidden) };
  await expect(searchAll(closed, {}, { ahead: 8 })).rejects.toBe(forbidden);
});

test('if there is no archive, it says what to give', async () => {
  await expect(searchAll(storeOf([]), {})).rejects.toThrow(
    'give the value of archive.to in the configuration',
  );
});

function flipped(body: Buffer, at: number): Buffer {
  const copy = Buffer.from(body);
  const index = copy.length + at;
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}
