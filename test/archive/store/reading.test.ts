/** Reading an archive for hours: strict about gzip, with several requests at once, patient with the network. */

import { execFile } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ahead } from '../../../src/archive/store/ahead.js';
import { localStore } from '../../../src/archive/store/folder.js';
import { gunzipOne } from '../../../src/archive/store/gzip.js';
import { LongLineError, splitLines } from '../../../src/archive/store/object-lines.js';
import { patientStore } from '../../../src/archive/store/patient.js';
import type { ArchiveStore } from '../../../src/archive/store/store.js';
import { damageOf } from '../../../src/archive/store/unreadable.js';
import { ShipperError } from '../../../src/lib/errors.js';
import { temporaryFolder } from '../../support/temp.js';

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const collect = async (pieces: AsyncIterable<Buffer>): Promise<Buffer> => Buffer.concat(await listOf(pieces));

describe('gzip', () => {
  const content = Buffer.from(Array.from({ length: 2000 }, (_, n) => `line ${n ** 2}\n`).join(''));
  const body = gzipSync(content);

  test.each([1, 7, 8, 9, 4096, body.length])('in pieces of %d bytes', async size => {
    expect(await collect(gunzipOne(inPieces(body, size)))).toEqual(content);
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['little', Buffer.from('{}\n')],
  ])('of %s', async (_name, little) => {
    expect(await collect(gunzipOne(inPieces(gzipSync(little), 5)))).toEqual(little);
  });

  test.each(['extra', 'name', 'comment', 'checksum'])('with %s in its header', async field => {
    const flags = { extra: 4, name: 8, comment: 16, checksum: 2 }[field] ?? 0;
    const header = Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3]);
    const checksum = Buffer.alloc(2);
    checksum.writeUInt16LE(crc32(header) & 0xffff);
    const more = { extra: Buffer.from('\x03\0abc'), checksum }[field] ?? Buffer.from('events\0');
    const other = Buffer.concat([header, more, body.subarray(10)]);
    for (const size of [1, other.length])
      expect(await collect(gunzipOne(inPieces(other, size)))).toEqual(content);
  });

  test.each([1, 8, 9, 18, 100, 4096])(
    'cut %d bytes before its end, it is truncated or has no checksum',
    async bytes => {
      const cut = body.subarray(0, -bytes);
      await expect(collect(gunzipOne(inPieces(cut, 1000)))).rejects.toMatchObject({
        fault: expect.stringMatching(/^(truncated|data)$/),
      });
    },
  );

  test.each([1, 100, 100_000])('followed by %d bytes of any kind', async bytes => {
    for (const rest of [Buffer.alloc(bytes), body.subarray(-bytes), gzipSync(Buffer.alloc(bytes))]) {
      for (const size of [body.length, 999])
        await expect(collect(gunzipOne(inPieces(Buffer.concat([body, rest]), size)))).rejects.toMatchObject({
          fault: 'trailing',
        });
    }
  });

  test('a header that never ends', async () => {
    const endless = Buffer.concat([
      Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]),
      Buffer.alloc(200_000, 'x'),
    ]);
    await expect(collect(gunzipOne(inPieces(endless, 4096)))).rejects.toMatchObject({ fault: 'truncated' });
  });

  test('an error of the source is passed on unchanged', async () => {
    async function* failing(): AsyncGenerator<Buffer> {
      yield body.subarray(0, 1000);
      throw new ShipperError('503', 'gone');
    }
    await expect(collect(gunzipOne(failing()))).rejects.toMatchObject({ code: '503' });
  });
});

describe('ahead', () => {
  async function* numbers(): AsyncGenerator<number> {
    for (let n = 0; n < 10; n++) yield n;
  }

  test('later items are started early, and all come in order', async () => {
    let underWay = 0;
    let most = 0;
    const begin = async (n: number): Promise<number> => {
      most = Math.max(most, ++underWay);
      await new Promise(resolve => setTimeout(resolve, n % 3));
      underWay -= 1;
      return n * 2;
    };
    expect(await listOf(ahead(numbers(), 4, begin))).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
    expect(most).toBe(5);
  });

  test('a failure comes in its turn', async () => {
    const seen: number[] = [];
    const begin = async (n: number): Promise<number> => {
      if (n === 3) throw new Error('three');
      return n;
    };
    await expect(
      (async () => {
        for await (const n of ahead(numbers(), 4, begin)) seen.push(n);
      })(),
    ).rejects.toThrow('three');
    expect(seen).toEqual([0, 1, 2]);
  });
});

describe('a store whose answers are lost on the way', () => {
  /** Fails this many times before each answer or, reading an object, after this many bytes. */
  function flaky(failures: number, code: string, bytes = 0): { store: ArchiveStore; calls: () => number } {
    let calls = 0;
    let left = failures;
    const lose = (): void => {
      calls += 1;
      if (left-- > 0) throw new ShipperError(code, 'lost');
    };
    const answer = async <T>(value: T): Promise<T> => {
      lose();
      left = failures;
      return value;
    };
    const store: ArchiveStore = {
      list: () => answer(['a']),
      entries: () => answer([{ name: 'a', stored: null }]),
      read: () => answer(Buffer.from('0123456789')),
      describe: () => answer({ size: 1, crc32c: null, metadata: null }),
      async *open() {
        const content = Buffer.from('0123456789');
        for (let at = 0; at < content.length; at += 3) {
          if (at === bytes) lose();
          yield content.subarray(at, at + 3);
        }
      },
      close: () => undefined,
    };
    return { store, calls: () => calls };
  }

  test.each(['429', '503', 'ECONNRESET', 'ETIMEDOUT'])('%s: the request is retried', async code => {
    const store = patientStore(flaky(3, code).store, 1);
    expect(await store.list('')).toEqual(['a']);
    expect(await store.entries('')).toEqual([{ name: 'a', stored: null }]);
    expect(await store.describe('a')).toMatchObject({ size: 1 });
    expect(String(await store.read('a', 100))).toBe('0123456789');
  });

  test('an object continues where the connection ended', async () => {
    for (const bytes of [0, 3, 6])
      expect(String(await collect(patientStore(flaky(3, '503', bytes).store, 1).open('a')))).toBe(
        '0123456789',
      );
  });

  test('in the end it gives up', async () => {
    const { store, calls } = flaky(100, '503');
    await expect(patientStore(store, 1).list('')).rejects.toMatchObject({ code: '503' });
    expect(calls()).toBe(6);
  });

  test.each(['403', '404', 'EACCES'])('%s is not retried', async code => {
    const { store, calls } = flaky(2, code);
    await expect(patientStore(store, 1).list('')).rejects.toMatchObject({ code });
    await expect(collect(patientStore(store, 1).open('a'))).rejects.toMatchObject({ code });
    expect(calls()).toBe(2);
  });
});

describe('a line that is longer than any event', () => {
  test('is not buffered: a small object may unpack to an endless line', async () => {
    let read = 0;
    const endless = async function* (): AsyncGenerator<Buffer> {
      for (;;) {
        read += 10;
        yield Buffer.from(read === 10 ? '{}\n{"v":1' : 'xxxxxxxxxx');
      }
    };
    const lines: string[] = [];
    const reading = (async () => {
      for await (const line of splitLines(endless(), 100)) lines.push(String(line));
    })();
    await expect(reading).rejects.toThrow(LongLineError);
    expect(lines).toEqual(['{}']);
    expect(read).toBeLessThan(150);
    expect(damageOf(await reading.catch((error: unknown) => error))).toBe(
      'a line is longer than an event can be',
    );
  });

  test('but one of exactly that length is read', async () => {
    const lines = splitLines(inPieces(Buffer.from(`${'x'.repeat(100)}\n${'y'.repeat(100)}`), 7), 100);
    expect((await listOf(lines)).map(({ length }) => length)).toEqual([100, 100]);
  });
});

test('what is not a file in a folder is not read: a pipe or a device has no end', async () => {
  const folder = await temporaryFolder();
  await symlink('/dev/zero', join(folder, 'device'));
  await promisify(execFile)('mkfifo', [join(folder, 'pipe')]);
  const store = localStore(folder);
  for (const name of ['device', 'pipe']) {
    const error = await store.describe(name).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'no-file', message: `${join(folder, name)} is not a file` });
    expect(damageOf(error)).toBe(`${join(folder, name)} is not a file`);
    await expect(store.open(name)[Symbol.asyncIterator]().next()).rejects.toThrow('is not a file');
  }
});
