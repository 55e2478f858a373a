/** The test's server of Cloud Storage with the objects of a folder: prints its endpoint, and ends with its input. */

import { hash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { crc32c, startStorageServer } from '../../test/support/storage-server.js';

const [folder = ''] = process.argv.slice(2);
const sha256 = (text: Buffer): string => hash('sha256', text, 'hex');

/** As the shipper describes its objects. */
function metadataOf(name: string, content: Buffer): Record<string, string> {
  const [, first, last] = /-(\d{16})-(\d{16})-/.exec(name) ?? [];
  const [firstSeq, lastSeq] = [Number(first), Number(last)];
  return {
    'pgaudit-shipper-version': '0.2.0',
    sha256: sha256(content),
    'first-seq': String(firstSeq),
    'last-seq': String(lastSeq),
    'first-hash': sha256(content.subarray(0, content.indexOf('\n'))),
    'last-hash': sha256(content.subarray(content.lastIndexOf('\n', -2) + 1, -1)),
    events: String(lastSeq - firstSeq + 1),
  };
}

const server = await startStorageServer();
for (const name of globSync('**/*.ndjson.gz', { cwd: folder })) {
  const body = readFileSync(`${folder}/${name}`);
  const metadata = metadataOf(name, gunzipSync(body));
  const object = { body, contentType: 'application/gzip', crc32c: crc32c(body), metadata, generation: 1 };
  server.objects.set(name, { name, ...object });
}
process.stdout.write(`${server.endpoint}\n`);
process.stdin.resume().on('end', () => process.exit());
