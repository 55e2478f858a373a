import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { jsonOf } from '../../src/event/line.js';
import { Journal } from '../../src/journal/journal.js';
import { Reader } from '../../src/journal/reader.js';
import { Disk } from '../../src/lib/disk.js';
import { FaultyFs, failure } from '../support/faulty-fs.js';
import { commit, journalFixture, newEvent, signal, until } from '../support/journal.js';

describe('readers', () => {
  const limits = { lines: 2, bytes: 1 << 20 };

  test('get lines only once they are durable, in order, each from its own cursor', async () => {
    const { folder, options, open, clock } = await journalFixture();
    const { journal } = await open();
    const reader = await Reader.open(journal, options.disk, join(folder, 'cursor-a.json'), clock);
    await commit(journal, newEvent(1), newEvent(2), newEvent(3));
    const first = await reader.nextLines(limits, signal);
    expect(first?.lines.map(line => JSON.parse(line.toString()).seq)).toEqual([1, 2]);
    await first?.markDelivered();
    const again = await Reader.open(journal, options.disk, join(folder, 'cursor-a.json'), clock);
    expect(
      (await again.nextLines(limits, signal))?.lines.map(line => JSON.parse(line.toString()).seq),
    ).toEqual([3]);
  });

  test('a segment is deleted when both have delivered it, and not before', async () => {
    const { folder, options, open, clock, segments } = await journalFixture({ maxSize: 1 });
    const { journal } = await open();
    const entries = await Reader.open(journal, options.disk, join(folder, 'cursor-a.json'), clock);
    const objects = await Reader.open(journal, options.disk, join(folder, 'cursor-b.json'), clock);
    await commit(journal, newEvent(1));
    await until(() => journal.sealed.length === 1);
    await (await objects.nextSealed(signal))?.markDelivered();
    expect(await segments()).toHaveLength(1);
    await (await entries.nextLines(limits, signal))?.markDelivered();
    expect(await segments()).toHaveLength(0);
  });

  test('the source waits while the journal is full, and continues when there is room', async () => {
    const { folder, options, open, clock, reports } = await journalFixture({
      maxSize: 1,
      maxJournalSize: 100,
    });
    const { journal } = await open();
    const reader = await Reader.open(journal, options.disk, join(folder, 'cursor-a.json'), clock);
    await commit(journal, newEvent(1));
    await until(() => journal.sealed.length === 1);
    const room = journal.waitForRoom(signal);
    await until(() => reports.includes('full true'));
    await clock.advance(1000);
    expect(await room).toBe(false);
    const roomAgain = journal.waitForRoom(signal);
    await (await reader.nextSealed(signal))?.markDelivered();
    expect(await roomAgain).toBe(true);
    expect(reports).toContain('full false');
  });

  test('the source waits while a mebibyte waits to be committed (I9)', async () => {
    const { options, report, clock } = await journalFixture();
    // Nothing commits.
    const journal = await Journal.open(options, report);
    const half = { ...newEvent(1), lifecycle: { action: 'started', version: 'x'.repeat(1 << 19) } } as const;
    journal.append({ events: [jsonOf(half)] });
    expect(await journal.waitForRoom(signal)).toBe(true);
    journal.append({ events: [jsonOf(half)] });
    const room = journal.waitForRoom(signal);
    await clock.advance(1000);
    expect(await room).toBe(false);
  });

  test('a segment that became shorter is reported, and not skipped', async () => {
    const { folder, options, open, clock, segments } = await journalFixture();
    const { journal } = await open();
    const reader = await Reader.open(journal, options.disk, join(folder, 'cursor-a.json'), clock);
    await commit(journal, newEvent(1), newEvent(2));
    const [path = ''] = await segments();
    await truncate(path, 20);
    await expect(reader.nextLines(limits, signal)).rejects.toThrow('is shorter than what was written');
  });

  test('a cursor ahead of the journal stops the start, and nothing is removed', async () => {
    const { folder, open, segments } = await journalFixture({ maxSize: 1 });
    const old = await open();
    await commit(old.journal, newEvent(1));
    const checkpoint = await readFile(join(folder, 'checkpoint.json'));
    await commit(old.journal, newEvent(2));
    await until(() => old.journal.sealed.length === 2);
    await old.crash();
    await writeFile(join(folder, 'checkpoint.json'), checkpoint);
    await writeFile(join(folder, 'cursor-a.json'), '{"version":1,"seq":4,"firstSeq":3,"offset":7}');
    await expect(open()).rejects.toThrow('ahead of the journal');
    expect(await segments()).toHaveLength(2);
  });

  test.each([
    [1, null],
    [2, 'ahead of the journal'],
  ])('a cursor at event %i of a journal of one: %s', async (seq, message) => {
    const { folder, open } = await journalFixture();
    const old = await open();
    await commit(old.journal, newEvent(1));
    await old.crash();
    await writeFile(join(folder, 'cursor-b.json'), `{"version":1,"seq":${seq},"firstSeq":1,"offset":7}`);
    const opened = open().then(
      () => null,
      error => error.message,
    );
    expect(await opened).toEqual(message === null ? null : expect.stringContaining(message));
  });
});

describe('a disk that fails', () => {
  test.each(['write', 'datasync', 'rename', 'sync'] as const)(
    'at %s: the commit is retried, and nothing is duplicated',
    async step => {
      let failures = 2;
      const fs = new FaultyFs('/');
      fs.onCall = call => {
        if (call === step && failures-- > 0) throw failure('ENOSPC');
      };
      const { open, lines, reports, clock } = await journalFixture({ disk: new Disk(fs) });
      failures = 0;
      const { journal } = await open();
      await commit(journal, newEvent(1));
      failures = 2;
      journal.append({ events: [jsonOf(newEvent(2))] });
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
