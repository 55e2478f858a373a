import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { appendFile, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { type EventJson, jsonOf } from '../../src/event/line.js';
import { readCheckpoint } from '../../src/journal/checkpoint.js';
import { Journal } from '../../src/journal/journal.js';
import { sha256 } from '../support/archive.js';
import { commit, journalFixture, MINUTE, newEvent, read, signal, until } from '../support/journal.js';
import { write } from '../support/reviewed.js';

describe('the chain', () => {
  test('begins with zeros, and each line has the hash of the line before', async () => {
    const { open, segments } = await journalFixture();
    const { journal } = await open();
    await commit(journal, newEvent(1), newEvent(2), newEvent(3));
    const [path = ''] = await segments();
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    const hashes = ['0'.repeat(64), ...lines.map(line => sha256(Buffer.from(line)))];
    expect(lines.map(line => JSON.parse(line).previousHash)).toEqual(hashes.slice(0, 3));
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      v: 1,
      seq: 1,
      chain: expect.stringMatching(/^20261121T204000Z-[0-9a-f]{4}$/),
    });
  });

  test('continues after a restart', async () => {
    const { open, lines } = await journalFixture();
    const first = await open();
    await commit(first.journal, newEvent(1));
    await first.crash();
    const second = await open();
    expect([first.journal.origin, second.journal.origin]).toEqual(['archive-empty', null]);
    await commit(second.journal, newEvent(2));
    const [a, b] = await lines();
    expect([a?.seq, b?.seq, a?.chain]).toEqual([1, 2, b?.chain]);
  });
});

describe('a crash', () => {
  test('before the checkpoint leaves lines that nobody has seen: they are overwritten', async () => {
    const { open, segments, lines } = await journalFixture();
    const first = await open();
    await commit(first.journal, newEvent(1));
    await first.crash();
    const [path = ''] = await segments();
    await appendFile(path, '{"v":1,"seq":2}\n{"v":1,"se');
    const second = await open();
    await commit(second.journal, newEvent(2));
    expect((await lines()).map(line => [line.seq, line.kind])).toEqual([
      [1, 'lifecycle'],
      [2, 'lifecycle'],
    ]);
  });

  test('after the next segment was opened leaves a segment that nobody has seen: it is removed', async () => {
    const { open, options, segments } = await journalFixture();
    const first = await open();
    await commit(first.journal, newEvent(1));
    await first.crash();
    await writeFile(
      join(options.directory, 'journal', `2026-11-21_20261121T204000Z-0000-0000000000000002.ndjson`),
      'x\n',
    );
    await open();
    expect(await segments()).toHaveLength(1);
  });

  test('after the next segment was opened, when none was open: it is removed, too', async () => {
    const { open, options, segments } = await journalFixture({ maxSize: 1 });
    const first = await open();
    await commit(first.journal, newEvent(1));
    await until(() => first.journal.sealed.length === 1);
    await first.crash();
    const [sealed = ''] = await segments();
    const next = '2026-11-21_20261121T204000Z-0000-0000000000000003.ndjson';
    await writeFile(join(options.directory, 'journal', next), 'x\n');
    await open();
    expect(await segments()).toEqual([sealed]);
  });

  test('after progress without events leaves what was saved before', async () => {
    const { open, clock, options } = await journalFixture();
    const first = await open();
    first.journal.append({ events: [jsonOf(newEvent(1))], ...read(0, 10) });
    await until(() => first.journal.lastSeq === 1);
    first.journal.append({ events: [], ...read(10, 20) });
    await first.crash();
    const second = await open();
    expect(second.journal.checkpointOf().files[0]?.offset).toBe(10);
    second.journal.append({ events: [], ...read(10, 20) });
    await clock.advance(1000);
    await vi.waitFor(async () => {
      const saved = await readCheckpoint(join(options.directory, 'checkpoint.json'), 'i');
      expect(saved?.files.get('')?.[0]?.offset).toBe(20);
    });
  });
});

const quiet = {
  committed: () => undefined,
  statementDurable: () => undefined,
  sealed: () => undefined,
  commitFailed: () => undefined,
  commitRecovered: () => undefined,
  journalFull: () => undefined,
  signing: () => undefined,
};

test('once for each commit it reports how long its first statement took to be durable', async () => {
  const { clock, open, reports } = await journalFixture();
  const { journal } = await open();
  await commit(journal, newEvent(1));
  expect(reports).toEqual([]);
  await clock.advance(5000);
  const written = ['20:40:01.500', '20:40:03.000'].map(time =>
    write(`2026-11-21T${time}Z`, { user: 'Z990001' }),
  );
  await commit(journal, newEvent(2), ...written);
  await until(() => reports.length > 0);
  expect(reports).toEqual(['durable after 3500']);
});

describe('damaged state stops the start with a clear error', () => {
  async function damaged(damage: (folder: string, segment: string) => Promise<void>): Promise<unknown> {
    const { folder, open, segments } = await journalFixture();
    const { journal, crash } = await open();
    await commit(journal, newEvent(1), newEvent(2));
    await crash();
    await damage(folder, (await segments())[0] ?? '');
    return await open().catch(error => error.message);
  }

  test.each<[string, (folder: string, segment: string) => Promise<void>, RegExp]>([
    ['no checkpoint', folder => rm(join(folder, 'checkpoint.json')), /checkpoint\.json is missing/],
    [
      'half a checkpoint',
      folder => truncate(join(folder, 'checkpoint.json'), 50),
      /damaged or of another version/,
    ],
    [
      'a checkpoint of the future',
      folder => writeFile(join(folder, 'checkpoint.json'), '{"version":2}'),
      /damaged or of another version/,
    ],
    ['no segment', (_folder, segment) => rm(segment), /missing or shorter/],
    ['a shorter segment', (_folder, segment) => truncate(segment, 10), /missing or shorter/],
    [
      'a changed segment',
      async (_folder, segment) =>
        writeFile(segment, (await readFile(segment, 'utf8')).replaceAll('started', 'stopped')),
      /does not end as/,
    ],
  ])('%s', async (_name, damage, message) => {
    expect(await damaged(damage)).toMatch(message);
  });

  test('a sealed segment that is missing, and not delivered', async () => {
    const { folder, open, segments } = await journalFixture({ maxSize: 1 });
    const { journal, crash } = await open();
    await commit(journal, newEvent(1));
    await commit(journal, newEvent(2));
    await until(() => journal.sealed.length === 2);
    await crash();
    const [first = ''] = await segments();
    await rm(first);
    // Both sinks have it: then it is deleted.
    for (const name of ['cursor-a.json', 'cursor-b.json']) {
      await expect(open()).rejects.toThrow('is missing or has another length');
      await writeFile(join(folder, name), '{"version":1,"seq":2,"firstSeq":1,"offset":7}');
    }
    const again = await open();
    expect(again.journal.sealed.map(({ firstSeq, lastSeq }) => [firstSeq, lastSeq])).toEqual([[3, 4]]);
  });

  test('a checkpoint that another process writes', async () => {
    const { open, options } = await journalFixture();
    const one = await open();
    await commit(one.journal, newEvent(1));
    const other = await Journal.open(options, quiet);
    other.append({ events: [jsonOf(newEvent(2))] });
    const { signal } = new AbortController();
    void one.crash();
    const running = other.run(signal);
    await until(() => other.lastSeq === 2);
    const late = await Journal.open(options, quiet);
    other.append({ events: [jsonOf(newEvent(3))] });
    await until(() => other.lastSeq === 3);
    late.append({ events: [jsonOf(newEvent(4))] });
    await expect(late.run(signal)).rejects.toThrow('give each daemon its own state.directory');
    other.close();
    await running;
  });

  test('a checkpoint of another instance', async () => {
    const one = await journalFixture();
    await one.open();
    const other = { ...one.options, instance: 'other' };
    await expect(Journal.open(other, quiet)).rejects.toThrow('belongs to another instance');
  });
});

describe('a segment is sealed', () => {
  async function sealReasons(lines: Record<string, unknown>[]): Promise<unknown[]> {
    return lines.filter(line => line.kind === 'seal').map(line => Reflect.get(Object(line.seal), 'reason'));
  }

  test('at its size', async () => {
    const { open, lines } = await journalFixture({ maxSize: 1000 });
    const { journal } = await open();
    for (let n = 1; n <= 6; n++) journal.append({ events: [jsonOf(newEvent(n))] });
    await until(() => journal.sealed.length > 0);
    expect(await sealReasons(await lines())).toContain('size');
  });

  test('after a quiet hour, but not before the first event says how the chain began', async () => {
    const { open, clock, lines } = await journalFixture();
    const first = await open();
    await first.crash();
    await clock.advance(90 * MINUTE);
    const { journal } = await open();
    await clock.advance(90 * MINUTE);
    await commit(journal, newEvent(1));
    await clock.advance(15 * MINUTE);
    await until(() => journal.sealed.length === 1);
    await clock.advance(60 * MINUTE);
    await until(() => journal.sealed.length === 2);
    expect((await lines()).map(({ seq, kind }) => [seq, kind])).toEqual([
      [1, 'lifecycle'],
      [2, 'seal'],
      [3, 'seal'],
    ]);
    expect(await sealReasons(await lines())).toEqual(['age', 'quiet']);
  });

  test('at its age', async () => {
    const { open, clock, lines } = await journalFixture();
    const { journal } = await open();
    await commit(journal, newEvent(1));
    await clock.advance(15 * MINUTE - 1);
    expect(journal.sealed).toHaveLength(0);
    await clock.advance(1);
    await until(() => journal.sealed.length === 1);
    expect(await sealReasons(await lines())).toEqual(['age']);
  });

  test('when the UTC day ends', async () => {
    const { open, clock, lines, segments } = await journalFixture({ maxAge: 600 * MINUTE });
    const { journal } = await open();
    await commit(journal, newEvent(1));
    await clock.advance(200 * MINUTE);
    await until(() => journal.sealed.length === 1);
    await commit(journal, newEvent(2));
    expect(await sealReasons(await lines())).toEqual(['date']);
    expect(
      (await segments()).map(path => path.slice(path.lastIndexOf('/') + 1, path.lastIndexOf('/') + 11)),
    ).toEqual(['2026-11-21', '2026-11-22']);
  });

  test('every hour if nothing happens', async () => {
    const { open, clock, lines } = await journalFixture();
    const { journal } = await open();
    await commit(journal, newEvent(1));
    await clock.advance(15 * MINUTE);
    await until(() => journal.sealed.length === 1);
    await clock.advance(60 * MINUTE);
    await until(() => journal.sealed.length === 2);
    expect(await sealReasons(await lines())).toEqual(['age', 'quiet']);
  });

  test('at shutdown', async () => {
    const { open, lines } = await journalFixture();
    const { journal } = await open();
    journal.append({ events: [jsonOf(newEvent(1))], ...read(0, 10) });
    journal.close();
    await until(() => journal.isClosed);
    expect(await sealReasons(await lines())).toEqual(['shutdown']);
  });

  test('with coverage that joins, also after a restart', async () => {
    const { open, lines } = await journalFixture();
    for (const [from, to] of [
      [0, 10],
      [10, 30],
    ] as const) {
      const { journal, crash } = await open();
      journal.append({ events: [], ...read(from, to) });
      journal.close();
      await until(() => journal.isClosed);
      await crash();
    }
    const coverage = (await lines()).map(line => Reflect.get(Object(line.seal), 'coverage'));
    expect(coverage).toMatchObject([
      [{ from: 0, to: 10, records: { read: 1 } }],
      [{ from: 10, to: 30, records: { read: 1 } }],
    ]);
  });

  test('under a name that sorts after the last one, if the clock was set back a day', async () => {
    const { open, clock, segments } = await journalFixture({ maxSize: 1 });
    const { journal } = await open();
    await commit(journal, newEvent(1));
    clock.set('2026-11-20T20:40:00Z');
    await commit(journal, newEvent(2));
    const names = (await segments()).map(path => path.slice(path.lastIndexOf('/') + 1));
    expect(new Set(names.map(name => name.slice(0, 10)))).toEqual(new Set(['2026-11-21']));
  });
});

test('files are readable only by the owner', async () => {
  const { folder, open, segments } = await journalFixture();
  const { journal } = await open();
  await commit(journal, newEvent(1));
  const modes = await Promise.all(
    [join(folder, 'journal'), join(folder, 'checkpoint.json'), ...(await segments())].map(
      async path => (await stat(path)).mode & 0o777,
    ),
  );
  expect(modes).toEqual([0o700, 0o600, 0o600]);
});

describe('signatures', () => {
  test('a seal carries one over its own line without that field; other events have none', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const fixture = await journalFixture({
      maxSize: 1,
      signer: { fingerprint: () => 'f', sign: line => sign(null, line, privateKey).toString('base64') },
    });
    const { journal } = await fixture.open();
    await commit(journal, newEvent(1));
    await until(() => journal.sealed.length === 1);
    const [path = ''] = await fixture.segments();
    const [event = '', seal = ''] = (await readFile(path, 'utf8')).split('\n');
    expect(event).not.toContain('signature');
    const [, unsigned = '', signature = ''] = /^(.*),"signature":"([A-Za-z0-9+/]+=*)"\}$/.exec(seal) ?? [];
    expect(JSON.parse(`${unsigned}}`).kind).toBe('seal');
    expect(verify(null, Buffer.from(`${unsigned}}`), publicKey, Buffer.from(signature, 'base64'))).toBe(true);
  });
});

test('if memory runs out for an entry, neither a part of it nor anything after it is committed', async () => {
  const { options, lines, report } = await journalFixture();
  const journal = await Journal.open(options, report);
  const running = journal.run(signal);
  await commit(journal, newEvent(1));
  const broken: EventJson = {
    ...jsonOf(newEvent(3)),
    get json(): Buffer {
      throw new RangeError('Array buffer allocation failed');
    },
  };
  expect(() => journal.append({ events: [jsonOf(newEvent(2)), broken] })).toThrow(RangeError);
  journal.append({ events: [jsonOf(newEvent(4))] });
  await expect(running).rejects.toThrow('Array buffer allocation failed');
  expect(await lines()).toMatchObject([{ lifecycle: { version: '1' } }]);
});
