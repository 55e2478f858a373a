/** Turns a sealed segment into an object of the archive. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { SealedSegment } from '../delivery.js';
import { type ArchivePlace, formatObjectName } from '../object-name.js';
import type { ArchiveObject } from './destination.js';

const NEWLINE = 0x0a;

/**
 * Reads the segment, a file of complete lines, in one pass and flat memory but for the compressed bytes. The
 * same segment makes the same bytes: gzip's header holds no time.
 */
export async function packSegment(segment: SealedSegment, place: ArchivePlace): Promise<ArchiveObject> {
  const content = createHash('sha256');
  const lines = new FirstAndLastLine();
  const compressed: Buffer[] = [];
  await pipeline(
    createReadStream(segment.path),
    async function* watch(chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        content.update(chunk);
        lines.add(chunk);
        yield chunk;
      }
    },
    createGzip({ level: 6 }),
    async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) compressed.push(chunk);
    },
  );
  const sha256 = content.digest('hex');
  return {
    name: formatObjectName(place, { ...segment, hash: sha256.slice(0, 16) }),
    body: Buffer.concat(compressed),
    metadata: {
      'pgaudit-shipper-version': '1',
      sha256,
      'first-seq': String(segment.firstSeq),
      'last-seq': String(segment.lastSeq),
      'first-hash': lines.firstHash,
      'last-hash': lines.lastHash,
      events: String(segment.lastSeq - segment.firstSeq + 1),
    },
  };
}

/** Hashes (SHA-256, hex) of the first and the last line of what goes by, without their newlines. */
class FirstAndLastLine {
  #first = '';
  #last = '';
  #hash = createHash('sha256');

  add(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#last = this.#hash.update(chunk.subarray(start, end)).digest('hex');
      this.#first ||= this.#last;
      this.#hash = createHash('sha256');
      start = end + 1;
    }
    this.#hash.update(chunk.subarray(start));
  }

  get firstHash(): string {
    return this.#first;
  }

  get lastHash(): string {
    return this.#last;
  }
}
