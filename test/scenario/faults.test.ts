/**
 * Each fault of each cloud: at the end every event is there exactly once, without a restart, and the log has reported
 * the fault. The journal and Google's clients are the real ones; the clock is the test's.
 */

import { connect, createServer } from 'node:net';
import { basename, join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../demo/postgres.js';
import { cloudStorage } from '../../src/deliver/archive/cloud-storage.js';
import { deliverEntries, deliverSegments } from '../../src/deliver/deliver.js';
import { cloudLogging } from '../../src/deliver/logging/cloud-logging.js';
import { Reader } from '../../src/journal/reader.js';
import { codeOf } from '../../src/lib/errors.js';
import { checkArchive } from '../support/archive.js';
import { commit, journalFixture, newEvent } from '../support/journal.js';
import {
  type Fault as LoggingFault,
  type LoggingServer,
  startLoggingServer,
} from '../support/logging-server.js';
import {
  type Fault as StorageFault,
  type StorageServer,
  startStorageServer,
} from '../support/storage-server.js';

/** Milliseconds after which a request without an answer is given up. */
const DEADLINE = 400;
const EVENTS = 40;

type Surroundings = Parameters<typeof deliverSegments>[3];

/** Delivers everything from the reader. */
type Sink = (reader: Reader, surroundings: Surroundings, signal: AbortSignal) => Promise<void>;

interface Outcome {
  /** Codes of the failures on the way. */
  readonly failed: string[];
  readonly rejected: string[];
  /** Number of events, with the seals. */
  readonly events: number;
}

/** Journals 40 events in several segments and delivers all of them. */
async function deliver(sink: Sink, onFailure = async (): Promise<void> => undefined): Promise<Outcome> {
  const { folder, options, open, clock } = await journalFixture({ maxSize: 2000 });
  const { journal } = await open();
  const reader = await Reader.open(journal, options.disk, join(folder, 'cursor-a.json'), clock);
  for (let n = 1; n <= EVENTS; n += 4)
    await commit(journal, newEvent(n), newEvent(n + 1), newEvent(n + 2), newEvent(n + 3));
  journal.close();
  const [failed, rejected]: [string[], string[]] = [[], []];
  const report = {
    delivered: () => undefined,
    deliveryFailed: (_sink: string, error: unknown) => {
      failed.push(codeOf(error));
      void onFailure();
    },
    deliveryRecovered: () => undefined,
    entryRejected: (insertId: string) => void rejected.push(insertId),
    objectStored: () => undefined,
  };
  let isDone = false;
  const running = sink(reader, { clock, report }, new AbortController().signal).finally(() => {
    isDone = true;
  });
  while (!isDone) {
    await clock.advance(100);
    await new Promise(resolve => setTimeout(resolve, 1));
  }
  await running;
  expect(reader.lag.events).toBe(0);
  return { failed, rejected, events: journal.lastSeq };
}

function toLogging(endpoint: string): Sink {
  const resource = { type: 'global', labels: {} };
  const options = { logName: 'projects/p/logs/pgaudit', resource, endpoint, deadline: DEADLINE };
  const destination = cloudLogging(options);
  onTestFinished(destination.close);
  return (reader, surroundings, signal) => deliverEntries(reader, destination, 'event', surroundings, signal);
}

function toStorage({ bucket }: StorageServer, endpoint: string): Sink {
  const destination = cloudStorage({ bucket, endpoint, deadline: DEADLINE });
  onTestFinished(destination.close);
  const place = { prefix: 'hold', instance: 'i', node: 'n' };
  return (reader, surroundings, signal) => deliverSegments(reader, destination, place, surroundings, signal);
}

async function startLogging(): Promise<LoggingServer> {
  const server = await startLoggingServer();
  onTestFinished(() => server.close());
  return server;
}

async function startStorage(): Promise<StorageServer> {
  const server = await startStorageServer();
  onTestFinished(() => server.close());
  return server;
}

/** The numbers of the shown entries, in the journal's order. */
function shown({ shown: entries }: LoggingServer): number[] {
  return entries.map(entry => Number(entry.payload.seq)).sort((a, b) => a - b);
}

/** The numbers of the archived events, in an intact chain. */
function archived({ objects }: StorageServer): number[] {
  const all = [...objects.values()].map(({ name, body }) => [basename(name), body] as const);
  return checkArchive(all.sort(([a], [b]) => (a < b ? -1 : 1))).map(event => event.seq);
}

function all(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

/** A route to a server that is not open yet. */
async function closedWay(endpoint: string): Promise<{ endpoint: string; open(): Promise<void> }> {
  const way = createServer(socket => {
    const onward = connect(Number(new URL(endpoint).port), '127.0.0.1');
    const close = (): void => [socket, onward].forEach(one => void one.destroy());
    for (const end of [socket, onward]) end.on('error', close).on('close', close);
    socket.pipe(onward).pipe(socket);
  });
  const port = await freePort();
  onTestFinished(() => void way.close());
  return {
    endpoint: `http://127.0.0.1:${port}`,
    open: async () => void (way.listening || way.listen(port, '127.0.0.1')),
  };
}

const { INTERNAL, UNKNOWN, UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, PERMISSION_DENIED } = status;
const { UNAUTHENTICATED, NOT_FOUND, ABORTED, CANCELLED } = status;
const WAITED_OUT = [
  UNAVAILABLE,
  RESOURCE_EXHAUSTED,
  ABORTED,
  CANCELLED,
  INTERNAL,
  DEADLINE_EXCEEDED,
  UNKNOWN,
  UNAUTHENTICATED,
  PERMISSION_DENIED,
  NOT_FOUND,
];

describe('Cloud Logging', () => {
  test.each<[string, LoggingFault[]]>([
    ...WAITED_OUT.map((code): [string, LoggingFault[]] => [
      `answers ${status[code]}, twice`,
      [{ code }, { code }],
    ]),
    ['answers UNAVAILABLE after it stored', [{ code: UNAVAILABLE, afterCommit: true }]],
    ['answers DEADLINE_EXCEEDED after it stored', [{ code: DEADLINE_EXCEEDED, afterCommit: true }]],
    ['never answers', [{ stall: true }]],
    ['breaks the connection', [{ drop: true }, { drop: true }]],
    [
      'breaks the connection after it stored, and again',
      [{ dropAfterCommit: true }, { dropAfterCommit: true }],
    ],
    ['answers too late', [{ delay: DEADLINE * 2 }]],
    ['has no quota for some of a request', [{ partial: { 1: RESOURCE_EXHAUSTED, 3: RESOURCE_EXHAUSTED } }]],
    ['refuses permission for all of a request, by name', [{ partial: everyEntry(PERMISSION_DENIED) }]],
    ['fails for some of a request', [{ partial: { 0: INTERNAL, 2: UNKNOWN } }, { code: UNAVAILABLE }]],
    ['fails in one way after the other', WAITED_OUT.map(code => ({ code }))],
  ])('%s', async (_name, faults) => {
    const server = await startLogging();
    server.faults.push(...faults);
    const { failed, rejected, events } = await deliver(toLogging(server.endpoint));
    expect(shown(server)).toEqual(all(events));
    expect(failed.length).toBeGreaterThan(0);
    expect(rejected).toEqual([]);
  });

  test('is slow: nothing fails', async () => {
    const server = await startLogging();
    server.faults.push({ delay: DEADLINE / 2 });
    const { failed, events } = await deliver(toLogging(server.endpoint));
    expect(shown(server)).toEqual(all(events));
    expect(failed).toEqual([]);
  });

  test('is not there yet', async () => {
    const server = await startLogging();
    const way = await closedWay(server.endpoint);
    const { failed, events } = await deliver(toLogging(way.endpoint), way.open);
    expect(shown(server)).toEqual(all(events));
    expect(failed[0]).toBe('UNAVAILABLE');
  });

  const isPoison = (entry: { payload: Record<string, unknown> }): boolean => entry.payload.seq === 7;
  test.each<[string, boolean | status, boolean]>([
    ['names it as invalid', true, true],
    ['does not name it', true, false],
    ['names it with a code that may pass', INTERNAL, true],
    ['fails whenever it is there', INTERNAL, false],
  ])(
    'never takes one entry, and %s: all others are there, and it is reported',
    async (_name, code, isNamed) => {
      const server = await startLogging();
      server.namesRefused = isNamed;
      server.refuse = entry => isPoison(entry) && code;
      const { rejected, events } = await deliver(toLogging(server.endpoint));
      expect(shown(server)).toEqual(all(events).filter(seq => seq !== 7));
      expect(rejected).toHaveLength(1);
      expect(rejected[0]).toMatch(/^i\/.*\/7$/);
    },
  );

  test('refuses everything, until its configuration is fixed: nothing is given up', async () => {
    const server = await startLogging();
    server.refuse = () => true;
    let failures = 0;
    const { rejected, failed, events } = await deliver(toLogging(server.endpoint), async () => {
      if (++failures === 3) server.refuse = () => false;
    });
    expect(shown(server)).toEqual(all(events));
    expect(rejected).toEqual([]);
    expect(failed).toEqual(['INVALID_ARGUMENT', 'INVALID_ARGUMENT', 'INVALID_ARGUMENT']);
  });
});

describe('Cloud Storage', () => {
  test.each<[string, StorageFault[]]>([
    ...[408, 429, 500, 502, 503, 401, 403, 404].map((code): [string, StorageFault[]] => [
      `answers ${code}, twice`,
      [{ status: code }, { status: code }],
    ]),
    ['answers 503 after it stored', [{ status: 503, afterCommit: true }]],
    ['answers 503 in the middle of the upload', [{ midBody: 503 }]],
    ['gets other bytes than were sent, and refuses them', [{ corrupt: true }]],
    ['never answers', [{ stall: true }]],
    ['stops reading in the middle of the upload', [{ stallMidBody: true }]],
    ['breaks the connection', [{ drop: true }, { drop: true }]],
    ['breaks the connection after it stored, and again', [{ dropAfterCommit: true }, { drop: true }]],
    ['answers too late', [{ delay: DEADLINE * 2 }]],
  ])('%s', async (_name, faults) => {
    const server = await startStorage();
    server.faults.push(...faults);
    const { failed, events } = await deliver(toStorage(server, server.endpoint));
    expect(archived(server)).toEqual(all(events));
    expect(failed.length).toBeGreaterThan(0);
  });

  test.each<[string, Partial<StorageServer>]>([
    ['is under retention', { retention: true }],
    ['is under retention, and may not be read', { retention: true, mayRead: false }],
    ['may not be read', { mayRead: false }],
  ])('what was stored without an answer %s: it counts as delivered', async (_name, circumstances) => {
    const server = Object.assign(await startStorage(), circumstances);
    server.faults.push({ dropAfterCommit: true });
    const { failed, events } = await deliver(toStorage(server, server.endpoint));
    expect(archived(server)).toEqual(all(events));
    expect(failed).toHaveLength(1);
  });

  test.each<[string, Partial<StorageServer>, Partial<StorageServer>]>([
    ['has no bucket', { bucketMissing: true }, { bucketMissing: false }],
    ['gives no permission to write', { mayCreate: false }, { mayCreate: true }],
  ])('%s until somebody fixes it', async (_name, broken, fixed) => {
    const server = Object.assign(await startStorage(), broken);
    let failures = 0;
    const { failed, events } = await deliver(toStorage(server, server.endpoint), async () => {
      if (++failures === 3) Object.assign(server, fixed);
    });
    expect(archived(server)).toEqual(all(events));
    expect(failed).toHaveLength(3);
  });

  test('is slow: nothing fails', async () => {
    const server = await startStorage();
    server.faults.push({ delay: DEADLINE / 2 });
    const { failed, events } = await deliver(toStorage(server, server.endpoint));
    expect(archived(server)).toEqual(all(events));
    expect(failed).toEqual([]);
  });

  test('is not there yet', async () => {
    const server = await startStorage();
    const way = await closedWay(server.endpoint);
    const { failed, events } = await deliver(toStorage(server, way.endpoint), way.open);
    expect(archived(server)).toEqual(all(events));
    expect(failed[0]).toBe('ECONNREFUSED');
  });
});

function everyEntry(code: status): Record<number, status> {
  return Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [index, code]));
}
