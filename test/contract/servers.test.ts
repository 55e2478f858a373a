/** The test servers fail as configured, and refuse what Google refuses: tested with Google's own clients. */

import { v2 } from '@google-cloud/logging';
import { type Bucket, Storage } from '@google-cloud/storage';
import { credentials, status } from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type LoggingServer, startLoggingServer } from '../support/logging-server.js';
import { type StorageServer, startStorageServer } from '../support/storage-server.js';

const NOW = Date.UTC(2026, 10, 21);
const DAY = 24 * 60 * 60 * 1000;
const MIB = 1024 * 1024;

interface Entry {
  readonly insertId: string;
  readonly timestamp: { readonly seconds: number };
  readonly labels?: Record<string, string>;
  readonly split?: { uid: string; index: number; totalSplits: number };
  readonly jsonPayload?: { fields: Record<string, { stringValue: string }> };
}

function entry(insertId: string, more: Partial<Entry> = {}): Entry {
  return { insertId, timestamp: { seconds: NOW / 1000 }, ...more };
}

function withText(insertId: string, length: number): Entry {
  return entry(insertId, { jsonPayload: { fields: { text: { stringValue: 'x'.repeat(length) } } } });
}

async function startLogging() {
  const server = await startLoggingServer({ now: () => NOW });
  const { hostname, port } = new URL(server.endpoint);
  const sslCreds = credentials.createInsecure();
  const client = new v2.LoggingServiceV2Client({ apiEndpoint: hostname, port: Number(port), sslCreds });
  onTestFinished(async () => {
    await client.close();
    await server.close();
  });
  const write = (entries: readonly Entry[], timeout = 5000): Promise<unknown> =>
    client.writeLogEntries(
      { logName: 'projects/p/logs/l', entries: [...entries], partialSuccess: true },
      { timeout, retry: null },
    );
  return { server, write };
}

function shownIn({ shown }: LoggingServer): string[] {
  return shown.map(({ insertId }) => insertId);
}

/** The code of an answer, and the codes of the entries that it names. */
async function refusal(answer: Promise<unknown>): Promise<{ code: unknown; named: unknown }> {
  const error: unknown = await answer.then(
    () => null,
    reason => reason,
  );
  const details: unknown = Reflect.get(Object(error), 'statusDetails');
  const errors = Object(Reflect.get(Object(Array.isArray(details) ? details[0] : null), 'logEntryErrors'));
  const named = Object.entries(errors).map(([index, one]) => [index, Reflect.get(Object(one), 'code')]);
  return { code: Reflect.get(Object(error), 'code'), named: Object.fromEntries(named) };
}

describe('Cloud Logging', () => {
  test('breaks the connection, before or after it stores', async () => {
    const { server, write } = await startLogging();
    server.faults.push({ drop: true }, { dropAfterCommit: true });
    expect((await refusal(write([entry('a')]))).code).not.toBeNull();
    expect(shownIn(server)).toEqual([]);
    expect((await refusal(write([entry('a')]))).code).not.toBeNull();
    expect(shownIn(server)).toEqual(['a']);
    await write([entry('a'), entry('b')]);
    expect(shownIn(server)).toEqual(['a', 'b']);
    expect(server.received).toBe(4);
  });

  test('answers late but correctly, and counts requests in flight', async () => {
    const { server, write } = await startLogging();
    server.faults.push({ delay: 100 }, { delay: 50 }, { delay: 100 });
    await Promise.all([write([entry('a')]), write([entry('b')])]);
    expect(shownIn(server)).toEqual(['b', 'a']);
    expect(server.mostAtOnce).toBe(2);
    expect(await refusal(write([entry('c')], 20))).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await expect.poll(() => shownIn(server)).toEqual(['b', 'a', 'c']);
  });

  test('refuses single entries of one call with chosen codes, and takes the others', async () => {
    const { server, write } = await startLogging();
    const partial = { 0: status.INVALID_ARGUMENT, 2: status.PERMISSION_DENIED, 9: status.ABORTED };
    server.faults.push({ partial }, { partial: new Map([[0, status.NOT_FOUND]]) });
    expect(await refusal(write(['a', 'b', 'c'].map(id => entry(id))))).toEqual({
      code: status.INVALID_ARGUMENT,
      named: { 0: status.INVALID_ARGUMENT, 2: status.PERMISSION_DENIED },
    });
    expect(shownIn(server)).toEqual(['b']);
    // Nothing was stored: none is named.
    expect(await refusal(write([entry('d')]))).toEqual({ code: status.NOT_FOUND, named: {} });
    await write([entry('d')]);
  });

  test('refuses an entry forever, with a chosen code', async () => {
    const { server, write } = await startLogging();
    server.refuse = ({ insertId }) => insertId === 'b' && status.FAILED_PRECONDITION;
    for (const id of ['a', 'c'])
      expect(await refusal(write([entry(id), entry('b')]))).toEqual({
        code: status.FAILED_PRECONDITION,
        named: { 1: status.FAILED_PRECONDITION },
      });
    expect(shownIn(server)).toEqual(['a', 'c']);
  });

  test.each<[string, Entry]>([
    ['over 256 KiB', withText('bad', 256 * 1024)],
    ['of the day after tomorrow', entry('bad', { timestamp: { seconds: (NOW + 2 * DAY) / 1000 } })],
    ['with 65 labels', entry('bad', { labels: labels(65) })],
    ['with a label of 513 bytes', entry('bad', { labels: { [`${'å'.repeat(256)}x`]: '' } })],
    ['with a label value over 64 KiB', entry('bad', { labels: { key: 'x'.repeat(64 * 1024 + 1) } })],
  ])('refuses an entry %s by itself', async (_what, bad) => {
    const { server, write } = await startLogging();
    expect(await refusal(write([entry('good'), bad]))).toEqual({
      code: status.INVALID_ARGUMENT,
      named: { 1: status.INVALID_ARGUMENT },
    });
    expect(shownIn(server)).toEqual(['good']);
  });

  test('takes entries that are just within the limits', async () => {
    const { server, write } = await startLogging();
    const split = { uid: 'u', index: 1, totalSplits: 3 };
    await write([withText('large', 256 * 1024 - 100), entry('labels', { labels: labels(64), split })]);
    expect(shownIn(server)).toEqual(['large', 'labels']);
    expect(server.shown.map(one => one.split)).toEqual([null, split]);
  });

  test('refuses a request over 10 MB as a whole', async () => {
    const { server, write } = await startLogging();
    const entries = Array.from({ length: 51 }, (_, n) => withText(`${n}`, 200_000));
    expect(await refusal(write(entries))).toEqual({ code: status.INVALID_ARGUMENT, named: {} });
    await write(entries.slice(0, 49));
    expect(server.shown).toHaveLength(49);
  });

  test('accepts entries older than its retention, and does not show them', async () => {
    const { server, write } = await startLogging();
    await write([entry('old', { timestamp: { seconds: (NOW - 31 * DAY) / 1000 } }), entry('new')]);
    expect(shownIn(server)).toEqual(['new']);
    expect(server.notKept.map(({ insertId }) => insertId)).toEqual(['old']);
  });
});

function labels(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`${'k'.repeat(500)}${n}`, 'v']));
}

async function startStorage(): Promise<{ server: StorageServer; bucket: Bucket }> {
  const server = await startStorageServer();
  onTestFinished(() => server.close());
  const retryOptions = { autoRetry: false };
  const storage = new Storage({ apiEndpoint: server.endpoint, projectId: 'none', retryOptions });
  return { server, bucket: storage.bucket(server.bucket) };
}

function save(bucket: Bucket, name: string, body: Buffer | string = name): Promise<void> {
  return bucket.file(name).save(body, { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } });
}

const LARGE = Buffer.alloc(16 * MIB, 'x');

describe('Cloud Storage', () => {
  test.each([
    ['a small', Buffer.from('x')],
    ['a large', LARGE],
  ])('answers with an error before it has %s body', async (_size, body) => {
    const { server, bucket } = await startStorage();
    server.faults.push({ midBody: 503 });
    await expect(save(bucket, 'a', body)).rejects.toMatchObject({ code: 503 });
    expect(server.objects.size).toBe(0);
    await save(bucket, 'a', body);
    expect(server.objects.get('a')?.body.equals(body)).toBe(true);
  });

  test('stops reading in the middle: no object is visible, not even when the sender gives up', async () => {
    const { server, bucket } = await startStorage();
    server.faults.push({ stallMidBody: true });
    const sent = save(bucket, 'a', LARGE);
    await expect.poll(() => server.faults.length).toBe(0);
    await server.close();
    await expect(sent).rejects.toThrow();
    expect(server.objects.size).toBe(0);
  });

  test('answers late but correctly', async () => {
    const { server, bucket } = await startStorage();
    server.faults.push({ delay: 50 });
    await save(bucket, 'a');
    expect([...server.objects.keys()]).toEqual(['a']);
  });

  test('stores, and reports a failure or nothing', async () => {
    const { server, bucket } = await startStorage();
    server.faults.push({ status: 500, afterCommit: true }, { dropAfterCommit: true });
    await expect(save(bucket, 'a')).rejects.toMatchObject({ code: 500 });
    await expect(save(bucket, 'b')).rejects.toThrow();
    expect([...server.objects.keys()]).toEqual(['a', 'b']);
  });

  test('an answer that is lost does not overwrite either', async () => {
    const { server, bucket } = await startStorage();
    await save(bucket, 'a', 'first');
    server.faults.push({ status: 500, afterCommit: true }, { dropAfterCommit: true });
    await expect(save(bucket, 'a', 'second')).rejects.toThrow();
    await expect(save(bucket, 'a', 'third')).rejects.toThrow();
    expect(server.objects.get('a')?.body.toString()).toBe('first');
  });

  test('under a retention policy nothing is overwritten, with or without a precondition', async () => {
    const { server, bucket } = await startStorage();
    server.retention = true;
    await save(bucket, 'a', 'first');
    const refused = { code: 403, errors: [{ reason: 'retentionPolicyNotMet' }] };
    await expect(save(bucket, 'a', 'second')).rejects.toMatchObject(refused);
    await expect(bucket.file('a').save('third', { resumable: false })).rejects.toMatchObject(refused);
    expect(server.objects.get('a')?.body.toString()).toBe('first');
  });

  test('a bucket may be missing, and creating may be forbidden', async () => {
    const { server, bucket } = await startStorage();
    server.bucketMissing = true;
    await expect(save(bucket, 'a')).rejects.toMatchObject({ code: 404 });
    await expect(bucket.getFiles()).rejects.toMatchObject({ code: 404 });
    server.bucketMissing = false;
    server.mayCreate = false;
    await expect(save(bucket, 'a')).rejects.toMatchObject({ code: 403 });
    const [files] = await bucket.getFiles();
    expect(files).toEqual([]);
  });

  test('an upload in several pieces is not taken for an object', async () => {
    const { server, bucket } = await startStorage();
    const inPieces = bucket.file('a').save(LARGE, { resumable: true, chunkSize: MIB });
    await expect(inPieces).rejects.toMatchObject({ code: 501 });
    expect(server.objects.size).toBe(0);
  });
});
