/** What reading an archive in Cloud Storage asks of it. */

import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openArchive } from '../../../src/archive/store/location.js';
import { verifyArchive } from '../../../src/archive/verify/verify.js';
import { day, days } from '../../support/covered.js';
import { write } from '../../support/reviewed.js';
import { type SealedSegment, writeSealed } from '../../support/sealed.js';
import { runCommand } from '../../support/shipper.js';
import { crc32c, startStorageServer } from '../../support/storage-server.js';
import { temporaryFolder } from '../../support/temp.js';

async function bucketOf(segments: readonly SealedSegment[]) {
  const folder = await temporaryFolder();
  await writeSealed(folder, segments);
  const server = await startStorageServer();
  onTestFinished(() => server.close());
  for (const name of await readdir(folder, { recursive: true })) {
    if (!name.endsWith('.gz')) continue;
    const body = await readFile(join(folder, name));
    const more = { contentType: 'application/gzip', crc32c: crc32c(body), metadata: {}, generation: 1 };
    server.objects.set(`hold/${name}`, { name: `hold/${name}`, body, ...more });
  }
  return { server, address: `gs://${server.bucket}/hold` };
}

test('a small object is one request, and what the store says of it comes with the list', async () => {
  const { server, address } = await bucketOf(days().map(date => day(date)));
  const location = openArchive(address, { endpoint: server.endpoint });
  const period = { from: null, to: Date.parse('2025-11-06') };
  const result = await verifyArchive(location, { period });
  location.store.close();
  expect(result.verdict).toBe('whole');
  const reads = server.requests.filter(request => request.includes('.ndjson.gz'));
  expect(reads).toHaveLength(5);
  // A wrong checksum in the list is found.
  const [name = ''] = server.objects.keys();
  const object = server.objects.get(name);
  if (object !== undefined) server.objects.set(name, { ...object, crc32c: crc32c(Buffer.from('other')) });
  const again = openArchive(address, { endpoint: server.endpoint });
  expect((await verifyArchive(again, { period })).failure).toMatchObject({ code: 'checksum' });
  again.store.close();
});

test('many large objects are searched without a warning', async () => {
  // Nothing about it can be compressed.
  const large = (date: string): SealedSegment => {
    const noise = () =>
      write(
        `${date}T10:00:00.000Z`,
        { user: 'Z990001' },
        { statement: randomBytes(400_000).toString('base64') },
      );
    return { date, events: Array.from({ length: 16 }, noise), until: [{ time: `${date}T23:59:59.000Z` }] };
  };
  const { server, address } = await bucketOf(days(3).map(large));
  for (const command of ['search', 'verify']) {
    const { output } = await runCommand([command, address, '--endpoint', server.endpoint]);
    expect(output).not.toContain('Warning');
    expect(output).toContain(
      command === 'search' ? '"kind":"statement"' : '1 lifecycle, 3 seal, 48 statement',
    );
  }
});
