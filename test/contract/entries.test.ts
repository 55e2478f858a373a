/** What every destination of log entries promises, held to a folder and to Cloud Logging's protocol alike. */

import { appendFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { EntryDestination, LogEntry } from '../../src/deliver/destination.js';
import { localEntries } from '../../src/deliver/folders.js';
import { cloudLogging } from '../../src/deliver/logging/cloud-logging.js';
import { Disk } from '../../src/lib/disk.js';
import { startLoggingServer } from '../support/logging-server.js';
import { temporaryFolder } from '../support/temp.js';

interface Fixture {
  /** Opens it again, as after a restart. */
  open(): Promise<EntryDestination>;
  /** insertId, timestamp and payload of the shown entries. */
  shown(): Promise<[string, string, unknown][]>;
}

async function folder(): Promise<Fixture> {
  const root = await temporaryFolder();
  return {
    open: async () => localEntries(root, new Disk()),
    async shown() {
      const names = (await readdir(root)).sort();
      const texts = await Promise.all(names.map(name => readFile(join(root, name), 'utf8')));
      const entries = texts
        .join('')
        .split('\n')
        .filter(Boolean)
        .map((line): LogEntry => JSON.parse(line));
      return entries.map(({ insertId, timestamp, jsonPayload }) => [insertId, timestamp, jsonPayload]);
    },
  };
}

async function cloud(): Promise<Fixture> {
  const { server, open } = await startCloud();
  return {
    open,
    shown: async () => server.shown.map(({ insertId, timestamp, payload }) => [insertId, timestamp, payload]),
  };
}

async function startCloud(deadline = 30_000) {
  const server = await startLoggingServer();
  onTestFinished(() => server.close());
  const options = {
    logName: 'projects/p/logs/pgaudit',
    resource: { type: 'global', labels: { zone: 'z' } },
    endpoint: server.endpoint,
    deadline,
  };
  const open = async (): Promise<EntryDestination> => {
    const destination = cloudLogging(options);
    onTestFinished(() => destination.close());
    return destination;
  };
  return { server, open };
}

const { signal } = new AbortController();
const ALL_TAKEN = { rejected: [], left: [] };

function entry(n: number, payload: Record<string, unknown> = { n }): LogEntry {
  return {
    insertId: `i/6b0201a1.552d/${n}`,
    timestamp: new Date(Date.UTC(2026, 10, 21, 23, 59, 0, n)).toISOString(),
    severity: 'INFO',
    labels: { kind: 'statement', user: 'Z990001' },
    operation: { id: '6b0201a1.552d/3/10', producer: 'pgaudit-shipper' },
    jsonPayload: payload,
  };
}

function entries(from: number, to: number): LogEntry[] {
  return Array.from({ length: to - from }, (_, i) => entry(from + i));
}

function expected(list: readonly LogEntry[]): [string, string, unknown][] {
  return list.map(({ insertId, timestamp, jsonPayload }) => [insertId, timestamp, jsonPayload]);
}

describe.each([
  ['a folder', folder],
  ['Cloud Logging', cloud],
])('%s', (_name, create) => {
  test('shows entries in order, with insertId, timestamp and payload', async () => {
    const { open, shown } = await create();
    const destination = await open();
    expect(await destination.write(entries(0, 3), signal)).toEqual(ALL_TAKEN);
    await destination.write(entries(3, 5), signal);
    expect(await shown()).toEqual(expected(entries(0, 5)));
  });

  test('keeps every JSON value and every character', async () => {
    const { open, shown } = await create();
    const payload = {
      text: 'Kåre "quoted"\n\u0000\u{1F600}\uFFFD',
      none: null,
      yes: true,
      number: 1.5,
      list: [1, ['a', {}], null],
      deep: { a: { b: [] } },
    };
    await (await open()).write([entry(1, payload)], signal);
    expect(await shown()).toEqual(expected([entry(1, payload)]));
  });

  test('an entry that is given again is shown once, also after a restart', async () => {
    const { open, shown } = await create();
    const first = await open();
    await first.write(entries(0, 4), signal);
    await first.write(entries(2, 6), signal);
    await (await open()).write(entries(3, 8), signal);
    expect(await shown()).toEqual(expected(entries(0, 8)));
  });

  test('takes a thousand entries at once', async () => {
    const { open, shown } = await create();
    await (await open()).write(entries(0, 1000), signal);
    expect(await shown()).toEqual(expected(entries(0, 1000)));
  });
});

describe('a folder alone', () => {
  test('puts each entry into the file of its UTC day', async () => {
    const root = await temporaryFolder();
    const next: LogEntry = { ...entry(2), timestamp: '2026-11-22T00:00:00.000Z' };
    await localEntries(root, new Disk()).write([entry(1), next, entry(3)], signal);
    expect((await readdir(root)).sort()).toEqual(['entries-2026-11-21.ndjson', 'entries-2026-11-22.ndjson']);
  });

  test('a file that was deleted, truncated, or has other lines does not stop it', async () => {
    const root = await temporaryFolder();
    const path = join(root, 'entries-2026-11-21.ndjson');
    await writeFile(path, 'not ours\n');
    const destination = localEntries(root, new Disk());
    await destination.write(entries(0, 1), signal);
    expect((await readFile(path, 'utf8')).split('\n')).toEqual(['not ours', JSON.stringify(entry(0)), '']);
    await rm(path);
    await destination.write(entries(1, 2), signal);
    expect(await readFile(path, 'utf8')).toBe(`${JSON.stringify(entry(1))}\n`);
    await truncate(path);
    await destination.write(entries(2, 3), signal);
    expect(await readFile(path, 'utf8')).toBe(`${JSON.stringify(entry(2))}\n`);
  });

  test('a large file is continued at its end, also if the point 16 MiB before it is inside a character', async () => {
    const root = await temporaryFolder();
    const path = join(root, 'entries-2026-11-21.ndjson');
    const lines = entries(0, 100).map(one =>
      JSON.stringify({ ...one, jsonPayload: { text: 'å'.repeat(100_000) } }),
    );
    for (const padding of ['', 'x']) {
      const before = `${padding}\n${lines.join('\n')}\n`;
      await writeFile(path, before);
      await localEntries(root, new Disk()).write(entries(99, 101), signal);
      expect(await readFile(path, 'utf8')).toBe(`${before}${JSON.stringify(entry(100))}\n`);
    }
  });

  test('a line that a crash cut is written again, whole', async () => {
    const root = await temporaryFolder();
    await localEntries(root, new Disk()).write(entries(0, 2), signal);
    const path = join(root, 'entries-2026-11-21.ndjson');
    await appendFile(path, JSON.stringify(entry(2)).slice(0, 40));
    await localEntries(root, new Disk()).write(entries(2, 3), signal);
    const lines = (await readFile(path, 'utf8')).split('\n');
    expect(lines.slice(0, -1).map(line => JSON.parse(line))).toEqual(entries(0, 3));
  });
});

describe('Cloud Logging alone', () => {
  test('without credentials: an error that says so, on each attempt', async () => {
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '/nowhere/key.json');
    const options = {
      logName: 'projects/p/logs/pgaudit',
      resource: { type: 'global', labels: {} },
      endpoint: null,
    };
    const destination = cloudLogging(options);
    for (let attempt = 1; attempt <= 2; attempt++) {
      await expect(destination.write([entry(1)], signal)).rejects.toMatchObject({ code: 'credentials' });
    }
    vi.unstubAllEnvs();
  });

  test('gets log, resource, severity, labels and operation with each entry', async () => {
    const { server, open } = await startCloud();
    await (await open()).write([entry(1)], signal);
    expect(server.shown[0]).toMatchObject({
      logName: 'projects/p/logs/pgaudit',
      resource: { type: 'global', labels: { zone: 'z' } },
      severity: 'INFO',
      labels: { kind: 'statement', user: 'Z990001' },
      operation: { id: '6b0201a1.552d/3/10', producer: 'pgaudit-shipper' },
    });
  });

  test.each([true, false])(
    'an entry that is refused does not hold back the others (named: %s)',
    async named => {
      const { server, open } = await startCloud();
      server.namesRefused = named;
      server.refuse = ({ insertId }) => insertId.endsWith('/3');
      expect(await (await open()).write(entries(0, 6), signal)).toMatchObject({
        rejected: [{ insertId: 'i/6b0201a1.552d/3', code: 'INVALID_ARGUMENT' }],
        left: [],
      });
      expect(server.shown.map(one => one.payload.n)).toEqual([0, 1, 2, 4, 5]);
    },
  );

  test.each([status.UNAVAILABLE, status.RESOURCE_EXHAUSTED, status.PERMISSION_DENIED, status.INTERNAL])(
    'code %i is an error, and no entry is given up',
    async code => {
      const { server, open } = await startCloud();
      const destination = await open();
      server.faults.push({ code });
      await expect(destination.write(entries(0, 2), signal)).rejects.toMatchObject({ code: status[code] });
      expect(await destination.write(entries(0, 2), signal)).toEqual(ALL_TAKEN);
      expect(server.shown).toHaveLength(2);
    },
  );

  test('a server that never answers is given up at the deadline', async () => {
    const { server, open } = await startCloud(300);
    const destination = await open();
    server.faults.push({ stall: true });
    await expect(destination.write(entries(0, 1), signal)).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    expect(await destination.write(entries(0, 1), signal)).toEqual(ALL_TAKEN);
  });

  test('an answer lost after the commit leaves no duplicate', async () => {
    const { server, open } = await startCloud();
    const destination = await open();
    server.faults.push({ code: status.UNAVAILABLE, afterCommit: true });
    await expect(destination.write(entries(0, 2), signal)).rejects.toThrow();
    await destination.write(entries(0, 2), signal);
    expect(server.shown).toHaveLength(2);
  });
});
