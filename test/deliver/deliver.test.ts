import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { packSegment } from '../../src/deliver/archive/object.js';
import { deliverEntries, deliverSegments } from '../../src/deliver/deliver.js';
import type { ArchiveObject, LogEntry } from '../../src/deliver/destination.js';
import { Waker } from '../../src/lib/clock.js';
import { sha256 } from '../support/archive.js';
import { ManualClock } from '../support/clock.js';
import { temporaryFolder } from '../support/temp.js';

const { signal } = new AbortController();

const CHAIN = '20261121T203958Z-9f2c';

const line = (seq: number, text = ''): Buffer =>
  Buffer.from(
    JSON.stringify({
      v: 1,
      chain: CHAIN,
      seq,
      previousHash: '',
      kind: 'lifecycle',
      id: `i/c/${seq}`,
      time: '2026-11-21T20:40:00.000Z',
      instance: 'i',
      node: 'n',
      lifecycle: { text },
    }),
  );

function watched() {
  const happened: string[] = [];
  const report = {
    delivered: (sink: string, events: number) => void happened.push(`delivered ${sink} ${events}`),
    deliveryFailed: (sink: string) => void happened.push(`failed ${sink}`),
    deliveryRecovered: (sink: string) => void happened.push(`recovered ${sink}`),
    entryRejected: (insertId: string) => void happened.push(`rejected ${insertId}`),
    objectStored: (_bytes: number, result: string) => void happened.push(`object ${result}`),
  };
  return { happened, report };
}

describe('entries', () => {
  test('the cursor moves only after the entries are stored (I4), and a failure is retried', async () => {
    const clock = new ManualClock('2026-11-21T20:40:00Z');
    const { happened, report } = watched();
    const given = [[line(1), line(2)], [line(3)]];
    const waker = new Waker(clock);
    const reader = {
      unread: { events: 0, bytes: 0 },
      wake: () => waker.wake(),
      wait: (ms: number, abort: AbortSignal) => waker.wait(ms, abort),
      async nextLines() {
        const lines = given.shift();
        return lines === undefined
          ? null
          : {
              lines,
              events: lines.length,
              markDelivered: async () => void happened.push(`marked ${lines.length}`),
            };
      },
    };
    let failures = 2;
    const destination = {
      async write(entries: readonly LogEntry[]) {
        if (failures-- > 0) throw Object.assign(new Error('no'), { code: 14 });
        happened.push(`stored ${entries.map(entry => entry.insertId).join(' ')}`);
        const rejected = entries.length === 1 ? [{ insertId: 'i/c/3', code: 'INVALID_ARGUMENT' }] : [];
        return { rejected, left: [] };
      },
      mostAtOnce: 1,
      portion: { lines: 1000, bytes: 1 << 20 },
      close: async () => undefined,
    };
    let done = false;
    const running = deliverEntries(reader, destination, 'event', { clock, report }, signal).then(() => {
      done = true;
    });
    while (!done) await clock.advance(100);
    await running;
    expect(happened).toEqual([
      'failed logging',
      'failed logging',
      'stored i/c/1 i/c/2',
      'recovered logging',
      'marked 2',
      'delivered logging 2',
      'stored i/c/3',
      'rejected i/c/3',
      'marked 1',
      'delivered logging 1',
    ]);
  });
});

describe('segments', () => {
  const PLACE = { prefix: 'fagsystem', instance: 'fagsystem-prod', node: 'pg-0' };

  /** @param texts of its three events */
  async function segment(...texts: string[]) {
    const path = join(await temporaryFolder(), 'segment');
    const lines: Buffer[] = [];
    for (const seq of [7, 8, 9]) lines.push(chained(line(seq, texts[seq - 7]), lines.at(-1)));
    const bytes = Buffer.from(lines.map(one => `${one}\n`).join(''));
    await writeFile(path, bytes);
    return {
      bytes,
      lines,
      info: {
        date: '2026-11-21',
        chain: CHAIN,
        firstSeq: 7,
        lastSeq: 9,
        lastHash: sha256(lines[2] ?? Buffer.alloc(0)),
        path,
        bytes: bytes.length,
      },
    };
  }

  /** The line with the hash of the line before. */
  function chained(line: Buffer, before: Buffer | undefined): Buffer {
    const hash = before === undefined ? '0'.repeat(64) : sha256(before);
    return Buffer.from(line.toString().replace(/"previousHash":"[^"]*"/, `"previousHash":"${hash}"`));
  }

  test.each([
    ['a changed byte', (text: string) => text.replace('"i/c/8"', '"i/c/3"')],
    ['a line of another place', (text: string) => text.replace('"seq":7', '"seq":6')],
    ['a changed last line', (text: string) => text.replace('"seq":9', '"seq":3')],
    ['a line that is missing', (text: string) => text.split('\n').toSpliced(1, 1).join('\n')],
    ['bytes behind the last line', (text: string) => `${text}\0\0`],
  ])('that are damaged are not stored: %s', async (_name, damage) => {
    const { info, bytes } = await segment();
    await writeFile(info.path, damage(bytes.toString()));
    await expect(packSegment(info, PLACE)).rejects.toThrow('is not what was written to it');
  });

  test('are named by daemon, day, chain, range and hash, and have proving metadata', async () => {
    const { bytes, lines, info } = await segment();
    const { name, body, metadata } = await packSegment(info, PLACE);
    const hash = sha256(bytes);
    expect(name).toBe(
      `fagsystem/instance=fagsystem-prod/node=pg-0/date=2026-11-21/20261121T203958Z-9f2c-0000000000000007-0000000000000009-${hash.slice(0, 16)}.ndjson.gz`,
    );
    expect(gunzipSync(body)).toEqual(bytes);
    expect(metadata).toEqual({
      'pgaudit-shipper-version': '1',
      sha256: hash,
      'first-seq': '7',
      'last-seq': '9',
      'first-hash': sha256(lines[0] ?? Buffer.alloc(0)),
      'last-hash': sha256(lines[2] ?? Buffer.alloc(0)),
      events: '3',
    });
  });

  test('are stored whole, even if lines are longer than what is read at once, or begin just before its end', async () => {
    const piece = 2 * 1024 * 1024;
    const first = 'x'.repeat(piece - 100 - chained(line(7), undefined).length);
    const { bytes, info } = await segment(first, 'y'.repeat(2 * piece));
    const { body, metadata } = await packSegment(info, PLACE);
    expect(gunzipSync(body).equals(bytes)).toBe(true);
    expect(metadata).toMatchObject({ sha256: sha256(bytes), 'last-hash': info.lastHash });
    await writeFile(info.path, bytes.toString().replace('yyy', 'zyy'));
    await expect(packSegment(info, PLACE)).rejects.toThrow('is not what was written to it');
  });

  test('make the same bytes each time (I6), and no leading slash without a prefix', async () => {
    const { info } = await segment();
    const [a, b] = [await packSegment(info, PLACE), await packSegment(info, { ...PLACE, prefix: '' })];
    expect(a.body.equals(b.body)).toBe(true);
    expect(b.name).toMatch(/^instance=/);
  });

  test('the cursor moves only after the object is stored (I4)', async () => {
    const { info } = await segment();
    const clock = new ManualClock('2026-11-21T20:40:00Z');
    const { happened, report } = watched();
    const given = [info];
    const reader = {
      async nextSealed() {
        const next = given.shift();
        return next === undefined
          ? null
          : { segment: next, events: 3, markDelivered: async () => void happened.push('marked') };
      },
    };
    let failures = 1;
    const destination = {
      async put({ name }: ArchiveObject) {
        if (failures-- > 0) throw Object.assign(new Error('no'), { code: 503 });
        happened.push(`stored ${name.slice(name.lastIndexOf('/') + 1)}`);
        return 'stored' as const;
      },
      close: async () => undefined,
    };
    let done = false;
    const running = deliverSegments(reader, destination, PLACE, { clock, report }, signal).then(() => {
      done = true;
    });
    while (!done) await clock.advance(100);
    await running;
    expect(happened).toEqual([
      'failed archive',
      expect.stringMatching(/^stored 20261121T203958Z-9f2c-0{15}7-0{15}9-[0-9a-f]{16}\.ndjson\.gz$/),
      'object stored',
      'recovered archive',
      'marked',
      'delivered archive 3',
    ]);
  });
});
