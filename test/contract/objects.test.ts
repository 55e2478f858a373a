/** What every destination of archive objects promises, held to a folder and to Cloud Storage's protocol alike. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Storage } from '@google-cloud/storage';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { cloudStorage } from '../../src/deliver/archive/cloud-storage.js';
import type { ArchiveObject, ObjectDestination } from '../../src/deliver/destination.js';
import { localObjects } from '../../src/deliver/folders.js';
import { Disk } from '../../src/lib/disk.js';
import { crc32c, startStorageServer } from '../support/storage-server.js';
import { temporaryFolder } from '../support/temp.js';

interface Fixture {
  readonly destination: ObjectDestination;
  stored(): Promise<Map<string, Buffer>>;
}

async function folder(): Promise<Fixture> {
  const root = await temporaryFolder();
  const stored = async (): Promise<Map<string, Buffer>> => {
    const names = await readdir(root, { recursive: true, withFileTypes: true });
    const files = names.filter(one => one.isFile()).map(one => join(one.parentPath, one.name));
    return new Map(
      await Promise.all(
        files.map(async path => [path.slice(root.length + 1), await readFile(path)] as const),
      ),
    );
  };
  return { destination: localObjects(root, new Disk()), stored };
}

async function cloud(): Promise<Fixture> {
  const { server, destination } = await startCloud();
  return {
    destination,
    stored: async () => new Map([...server.objects].map(([name, { body }]) => [name, body])),
  };
}

async function startCloud(deadline = 30_000) {
  const server = await startStorageServer();
  onTestFinished(() => server.close());
  const destination = cloudStorage({ bucket: server.bucket, endpoint: server.endpoint, deadline });
  onTestFinished(() => destination.close());
  return { server, destination };
}

const NAME =
  'hold/instance=i/node=n/date=2026-11-21/20261121T203958Z-9f2c-0000000000000001-0000000000000002-0123456789abcdef.ndjson.gz';
const { signal } = new AbortController();

function object(body: string | Buffer, name = NAME): ArchiveObject {
  const bytes = Buffer.from(body);
  const metadata = { 'first-seq': '1', 'last-seq': '2' };
  return { name, body: bytes, contentType: 'application/gzip', crc32c: crc32c(bytes), metadata };
}

describe.each([
  ['a folder', folder],
  ['Cloud Storage', cloud],
])('%s', (_name, create) => {
  test('stores an object whole, under its name', async () => {
    const { destination, stored } = await create();
    expect(await destination.put(object('content'), signal)).toBe('stored');
    expect(await stored()).toEqual(new Map([[NAME, Buffer.from('content')]]));
  });

  test('takes any bytes', async () => {
    const { destination, stored } = await create();
    const body = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
    await destination.put(object(body), signal);
    expect((await stored()).get(NAME)?.equals(body)).toBe(true);
  });

  test('a redelivery of the same object changes nothing', async () => {
    const { destination, stored } = await create();
    await destination.put(object('content'), signal);
    expect(await destination.put(object('content'), signal)).toBe('was-there');
    expect((await stored()).size).toBe(1);
  });

  test('never overwrites an existing object', async () => {
    const { destination, stored } = await create();
    await destination.put(object('first'), signal);
    await expect(destination.put(object('second'), signal)).rejects.toThrow('exists with other content');
    expect((await stored()).get(NAME)?.toString()).toBe('first');
  });

  test('two objects given at once are both stored', async () => {
    const { destination, stored } = await create();
    await Promise.all([
      destination.put(object('a', `${NAME}.a`), signal),
      destination.put(object('b', `${NAME}.b`), signal),
    ]);
    expect((await stored()).size).toBe(2);
  });
});

describe('Cloud Storage alone', () => {
  test('without credentials: an error that says so, on each attempt', async () => {
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '/nowhere/key.json');
    const destination = cloudStorage({ bucket: 'a-bucket', endpoint: null });
    for (let attempt = 1; attempt <= 2; attempt++) {
      await expect(destination.put(object('x'), signal)).rejects.toMatchObject({ code: 'credentials' });
    }
    vi.unstubAllEnvs();
  });

  test('bytes that changed on the way are refused by the server, and nothing is stored', async () => {
    const { server, destination } = await startCloud();
    server.faults.push({ corrupt: true });
    await expect(destination.put(object('content'), signal)).rejects.toMatchObject({ code: '400' });
    expect(server.objects.size).toBe(0);
  });

  test('gets the checksum, the content type and the metadata with the object', async () => {
    const { server, destination } = await startCloud();
    await destination.put(object('123456789'), signal);
    const stored = server.objects.get(NAME);
    expect(stored?.contentType).toBe('application/gzip');
    expect(stored?.metadata).toEqual({ 'first-seq': '1', 'last-seq': '2' });
    // The check value of CRC-32C in Rocksoft's catalogue.
    expect(stored?.crc32c).toBe(Buffer.from('e3069283', 'hex').toString('base64'));
    expect(crc32c(Buffer.from('123456789'))).toBe(stored?.crc32c);
  });

  test('after a lost answer, the checksum shows that the object is ours', async () => {
    const { server, destination } = await startCloud();
    server.faults.push({ dropAfterCommit: true });
    await expect(destination.put(object('content'), signal)).rejects.toThrow();
    expect(await destination.put(object('content'), signal)).toBe('was-there');
  });

  test('without permission to read, the hash in the name decides', async () => {
    const { server, destination } = await startCloud();
    await destination.put(object('content'), signal);
    server.mayRead = false;
    expect(await destination.put(object('content'), signal)).toBe('was-there');
  });

  test('a server that never answers is given up at the deadline', async () => {
    const { server, destination } = await startCloud(300);
    server.faults.push({ stall: true });
    await expect(destination.put(object('content'), signal)).rejects.toThrow();
    expect(await destination.put(object('content'), signal)).toBe('stored');
  });

  test.each([403, 404, 429, 500, 503])('status %i is an error with that code', async status => {
    const { server, destination } = await startCloud();
    server.faults.push({ status });
    await expect(destination.put(object('content'), signal)).rejects.toMatchObject({ code: `${status}` });
    expect(server.objects.size).toBe(0);
  });
});

describe('the server of the tests', () => {
  test('takes resumable uploads, lists by prefix in pages, and gives back what it got', async () => {
    const server = await startStorageServer();
    onTestFinished(() => server.close());
    const storage = new Storage({ apiEndpoint: server.endpoint, projectId: 'none' });
    const bucket = storage.bucket(server.bucket);
    for (const name of ['a/1', 'a/2', 'b/1']) {
      await bucket
        .file(name)
        .save(Buffer.from(name), { resumable: name !== 'b/1', preconditionOpts: { ifGenerationMatch: 0 } });
    }
    const page = { prefix: 'a/', maxResults: 1, autoPaginate: false };
    const [first, next] = await bucket.getFiles(page);
    const [second] = await bucket.getFiles({ ...page, ...next });
    expect([...first, ...second].map(file => file.name)).toEqual(['a/1', 'a/2']);
    expect(String((await bucket.file('a/2').download())[0])).toBe('a/2');
    const again = bucket
      .file('a/1')
      .save('other', { resumable: true, preconditionOpts: { ifGenerationMatch: 0 } });
    await expect(again).rejects.toMatchObject({ code: 412 });
  });
});
