import * as nodeFs from 'node:fs/promises';
import { appendFile, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Disk } from '../../src/disk.js';
import type { Draft } from '../../src/event.js';
import { Journal, type JournalOptions } from '../../src/journal/journal.js';
import { Reader } from '../../src/journal/reader.js';
import { noRecords } from '../../src/record.js';
import { sha256 } from '../support/archive.js';
import { ManualClock } from '../support/clock.js';
import { temporaryFolder } from '../support/temp.js';

const MINUTE = 60_000;

interface Fixture {
  readonly folder: string;
  readonly clock: ManualClock;
  readonly reports: string[];
  readonly options: JournalOptions;
  /** Opens the journal and lets it commit until the test ends or `crash` is called. */
  open(): Promise<{ journal: Journal; crash(): Promise<void> }>;
  segments(): Promise<string[]>;
  lines(): Promise<Record<string, unknown>[]>;
}

async function fixture(more: Partial<JournalOptions> = {}): Promise<Fixture> {
  const folder = await temporaryFolder();
  const clock = new ManualClock('2026-11-21T20:40:00Z');
  const reports: string[] = [];
  const report = {
    committed: () => undefined,
    sealed: () => void reports.push('sealed'),
    commitFailed: (code: string) => void reports.push(`failed ${code}`),
    commitRecovered: () => void reports.push('recovered'),
    journalFull: (isFull: boolean) => void reports.push(`full ${isFull}`),
  };
  const directory = join(folder, 'journal');
  const options: JournalOptions = {
    directory,
    instance: 'i',
    node: 'n',
    maxSize: 1 << 20,
    maxAge: 15 * MINUTE,
    maxQuiet: 60 * MINUTE,
    maxJournalSize: 1 << 30,
    disk: new Disk(),
    clock,
    ...more,
  };
  const segments = async (): Promise<string[]> =>
    (await readdir(directory)).sort().map(name => join(directory, name));
  return {
    folder,
    clock,
    reports,
    options,
    segments,
    async open() {
      const journal = await Journal.open(options, report);
      const abort = new AbortController();
      const running = journal.run(abort.signal);
      const crash = async (): Promise<void> => {
        abort.abort();
        await running;
      };
      onTestFinished(crash);
      return { journal, crash };
    },
    async lines() {
      const texts = await Promise.all((await segments()).map(path => readFile(path, 'utf8')));
      return texts
        .join('')
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line));
    },
  };
}

const { signal } = new AbortController();

function draft(n: number): Draft {
  return {
    kind: 'lifecycle',
    time: '2026-11-21T20:40:00.000Z',
    instance: 'i',
    node: 'n',
    lifecycle: { action: 'started', version: String(n) },
  };
}

/** Appends and waits until it is durable. */
async function commit(journal: Journal, ...drafts: Draft[]): Promise<void> {
  const before = journal.lastSeq;
  await journal.append({ drafts }, signal);
  await until(() => journal.lastSeq >= before + drafts.length);
}

/** Lets promises and the file system go on until it is so. */
async function until(isSo: () => boolean): Promise<void> {
  for (let turns = 0; !isSo(); turns++) {
    if (turns > 100_000) throw new Error('it did not come about');
    await new Promise(resolve => setImmediate(resolve));
  }
}

const progress = (from: number, to: number) => ({
  file: { fileId: 'f', path: '/log/a.csv' },
  from,
  to,
  records: { ...noRecords(), read: 1, dropped: { 'not-audit': 1 } },
  files: [{ fileId: 'f', path: '/log/a.csv', firstTime: '', offset: to, tail: { length: 0, sha256: '' } }],
  memory: { statements: [] },
});

describe('the chain', () => {
  test('begins with zeros, and each line names the hash of the line before', async () => {
    const { open, segments } = await fixture();
    const { journal } = await open();
    await commit(journal, draft(1), draft(2), draft(3));
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

  test('goes on after a restart', async () => {
    const { open, lines } = await fixture();
    const first = await open();
    await commit(first.journal, draft(1));
    await first.crash();
    const second = await open();
    expect(second.journal.isNew).toBe(false);
    await commit(second.journal, draft(2));
    const [a, b] = await lines();
    expect([a?.seq, b?.seq, a?.chain]).toEqual([1, 2, b?.chain]);
  });
});

describe('a crash', () => {
  test('before the checkpoint leaves lines that nobody has seen: they are cut off', async () => {
    const { open, segments, lines } = await fixture();
    const first = await open();
    await commit(first.journal, draft(1));
    await first.crash();
    const [path = ''] = await segments();
    await appendFile(path, '{"v":1,"seq":2}\n{"v":1,"se');
    const second = await open();
    await commit(second.journal, draft(2));
    expect((await lines()).map(line => [line.seq, line.kind])).toEqual([
      [1, 'lifecycle'],
      [2, 'lifecycle'],
    ]);
  });

  test('after the next segment was begun leaves a segment that nobody has seen: it is removed', async () => {
    const { open, options, segments } = await fixture();
    const first = await open();
    await commit(first.journal, draft(1));
    await first.crash();
    await writeFile(
      join(options.directory, `2026-11-21_20261121T204000Z-0000-0000000000000002.ndjson`),
      'x\n',
    );
    await open();
    expect(await segments()).toHaveLength(1);
  });

  test('with only progress made leaves what was saved before', async () => {
    const { open, clock } = await fixture();
    const first = await open();
    await first.journal.append({ drafts: [draft(1)], progress: progress(0, 10) }, signal);
    await until(() => first.journal.lastSeq === 1);
    await first.journal.append({ drafts: [], progress: progress(10, 20) }, signal);
    await first.crash();
    const second = await open();
    expect(second.journal.resume.files[0]?.offset).toBe(10);
    await second.journal.append({ drafts: [], progress: progress(10, 20) }, signal);
    await clock.advance(1000);
    await until(() => second.journal.resume.files[0]?.offset === 20);
  });
});

describe('damaged state stops the start with a clear error', () => {
  async function damaged(damage: (folder: string, segment: string) => Promise<void>): Promise<unknown> {
    const { folder, open, segments } = await fixture();
    const { journal, crash } = await open();
    await commit(journal, draft(1), draft(2));
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

  test('a checkpoint of another instance', async () => {
    const one = await fixture();
    await one.open();
    const other = { ...one.options, instance: 'other' };
    await expect(
      Journal.open(other, {
        committed: () => undefined,
        sealed: () => undefined,
        commitFailed: () => undefined,
        commitRecovered: () => undefined,
        journalFull: () => undefined,
      }),
    ).rejects.toThrow('belongs to another instance');
  });
});

describe('a segment is sealed', () => {
  async function sealReasons(lines: Record<string, unknown>[]): Promise<unknown[]> {
    return lines.filter(line => line.kind === 'seal').map(line => Reflect.get(Object(line.seal), 'reason'));
  }

  test('at its size', async () => {
    const { open, lines } = await fixture({ maxSize: 1000 });
    const { journal } = await open();
    for (let n = 1; n <= 6; n++) await journal.append({ drafts: [draft(n)] }, signal);
    await until(() => journal.sealed.length > 0);
    expect(await sealReasons(await lines())).toContain('size');
  });

  test('at its age', async () => {
    const { open, clock, lines } = await fixture();
    const { journal } = await open();
    await commit(journal, draft(1));
    await clock.advance(15 * MINUTE - 1);
    expect(journal.sealed).toHaveLength(0);
    await clock.advance(1);
    await until(() => journal.sealed.length === 1);
    expect(await sealReasons(await lines())).toEqual(['age']);
  });

  test('when the UTC day ends', async () => {
    const { open, clock, lines, segments } = await fixture({ maxAge: 600 * MINUTE });
    const { journal } = await open();
    await commit(journal, draft(1));
    await clock.advance(200 * MINUTE);
    await until(() => journal.sealed.length === 1);
    await commit(journal, draft(2));
    expect(await sealReasons(await lines())).toEqual(['date']);
    expect(
      (await segments()).map(path => path.slice(path.lastIndexOf('/') + 1, path.lastIndexOf('/') + 11)),
    ).toEqual(['2026-11-21', '2026-11-22']);
  });

  test('every hour in which nothing happens', async () => {
    const { open, clock, lines } = await fixture();
    const { journal } = await open();
    await commit(journal, draft(1));
    await clock.advance(15 * MINUTE);
    await until(() => journal.sealed.length === 1);
    await clock.advance(60 * MINUTE);
    await until(() => journal.sealed.length === 2);
    expect(await sealReasons(await lines())).toEqual(['age', 'quiet']);
  });

  test('at shutdown', async () => {
    const { open, lines } = await fixture();
    const { journal } = await open();
    await journal.append({ drafts: [draft(1)], progress: progress(0, 10) }, signal);
    journal.close();
    await until(() => journal.isClosed);
    expect(await sealReasons(await lines())).toEqual(['shutdown']);
  });

  test('with coverage that joins, also over a restart', async () => {
    const { open, lines } = await fixture();
    for (const [from, to] of [
      [0, 10],
      [10, 30],
    ] as const) {
      const { journal, crash } = await open();
      await journal.append({ drafts: [], progress: progress(from, to) }, signal);
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

  test('under a name that sorts after the last one, where the clock was set back a day', async () => {
    const { open, clock, segments } = await fixture({ maxSize: 1 });
    const { journal } = await open();
    await commit(journal, draft(1));
    clock.set('2026-11-20T20:40:00Z');
    await commit(journal, draft(2));
    const names = (await segments()).map(path => path.slice(path.lastIndexOf('/') + 1));
    expect(new Set(names.map(name => name.slice(0, 10)))).toEqual(new Set(['2026-11-21']));
  });
});

describe('readers', () => {
  const limits = { lines: 2, bytes: 1 << 20 };

  test('get lines only once they are durable, in order, each from its own cursor', async () => {
    const { folder, options, open, clock } = await fixture();
    const { journal } = await open();
    const reader = await Reader.open(journal, options.disk, join(folder, 'cursor-a.json'), clock);
    await commit(journal, draft(1), draft(2), draft(3));
    const first = await reader.nextLines(limits, signal);
    expect(first?.lines.map(line => JSON.parse(line.toString()).seq)).toEqual([1, 2]);
    await first?.markDelivered();
    const again = await Reader.open(journal, options.disk, join(folder, 'cursor-a.json'), clock);
    expect(
      (await again.nextLines(limits, signal))?.lines.map(line => JSON.parse(line.toString()).seq),
    ).toEqual([3]);
  });

  test('a segment is deleted when both have passed it, and not before', async () => {
    const { folder, options, open, clock, segments } = await fixture({ maxSize: 1 });
    const { journal } = await open();
    const entries = await Reader.open(journal, options.disk, join(folder, 'cursor-a.json'), clock);
    const objects = await Reader.open(journal, options.disk, join(folder, 'cursor-b.json'), clock);
    await commit(journal, draft(1));
    await until(() => journal.sealed.length === 1);
    await (await objects.nextSealed(signal))?.markDelivered();
    expect(await segments()).toHaveLength(1);
    await (await entries.nextLines(limits, signal))?.markDelivered();
    expect(await segments()).toHaveLength(0);
  });

  test('the source waits while the journal is full, and goes on when there is room', async () => {
    const { folder, options, open, clock, reports } = await fixture({ maxSize: 1, maxJournalSize: 100 });
    const { journal } = await open();
    const reader = await Reader.open(journal, options.disk, join(folder, 'cursor-a.json'), clock);
    await commit(journal, draft(1));
    await until(() => journal.sealed.length === 1);
    let taken = false;
    const append = journal.append({ drafts: [draft(2)] }, signal).then(() => {
      taken = true;
    });
    await until(() => reports.includes('full true'));
    expect(taken).toBe(false);
    await (await reader.nextSealed(signal))?.markDelivered();
    await append;
    expect(reports).toContain('full false');
  });

  test('a cursor ahead of the journal stops the start', async () => {
    const { folder, options, open, clock } = await fixture();
    const { journal } = await open();
    await writeFile(join(folder, 'cursor-a.json'), '{"version":1,"seq":5,"firstSeq":1,"offset":7}');
    await expect(Reader.open(journal, options.disk, join(folder, 'cursor-a.json'), clock)).rejects.toThrow(
      'ahead of the journal',
    );
  });
});

describe('a disk that fails', () => {
  test.each(['write', 'datasync', 'rename', 'sync'] as const)(
    'at %s: the commit is tried again, and nothing is doubled',
    async step => {
      let failures = 2;
      const failing = failingFs(step, () => failures-- > 0);
      const { open, lines, reports, clock } = await fixture({ disk: new Disk(failing) });
      failures = 0;
      const { journal } = await open();
      await commit(journal, draft(1));
      failures = 2;
      await journal.append({ drafts: [draft(2)] }, signal);
      await until(() => reports.length === 1);
      await clock.advance(100);
      await until(() => reports.length === 2);
      await clock.advance(200);
      await until(() => journal.lastSeq === 2);
      expect(reports).toEqual(['failed ENOSPC', 'failed ENOSPC', 'recovered']);
      expect((await lines()).map(line => line.seq)).toEqual([1, 2]);
    },
  );
});

/** The real file system, but for one kind of call that fails when asked to. */
function failingFs(step: 'write' | 'datasync' | 'rename' | 'sync', fails: () => boolean): typeof nodeFs {
  const fail = (): void => {
    if (fails()) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
  };
  return {
    ...nodeFs,
    async rename(from, to) {
      if (step === 'rename') fail();
      await nodeFs.rename(from, to);
    },
    async open(path, flags, mode) {
      const file = await nodeFs.open(path, flags, mode);
      return new Proxy(file, {
        get(target, property) {
          const value: unknown = Reflect.get(target, property);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]) => {
            if (property === step) fail();
            return value.apply(target, args);
          };
        },
      });
    },
  };
}

test('files are closed to others', async () => {
  const { folder, open, segments } = await fixture();
  const { journal } = await open();
  await commit(journal, draft(1));
  const modes = await Promise.all(
    [join(folder, 'journal'), join(folder, 'checkpoint.json'), ...(await segments())].map(
      async path => (await stat(path)).mode & 0o777,
    ),
  );
  expect(modes).toEqual([0o700, 0o600, 0o600]);
});
