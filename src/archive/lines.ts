/** Reads compressed NDJSON line by line, in memory for one line. */

import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

const NEWLINE = 0x0a;

/** The content of a gzip stream in pieces; throws zlib's errors where it is damaged. */
export async function* gunzip(compressed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = Readable.from(compressed, { objectMode: false });
  const plain = createGunzip();
  source.on('error', error => plain.destroy(error));
  for await (const chunk of source.pipe(plain)) yield chunk;
}

/** The lines without their newlines. What comes after the last newline is a line, too, where there is anything. */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pending: Buffer[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const part = chunk.subarray(start, end);
      yield pending.length === 0 ? part : Buffer.concat([...pending, part]);
      pending = [];
      start = end + 1;
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
  }
  if (pending.length > 0) yield Buffer.concat(pending);
}
