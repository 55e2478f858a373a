/** Turns a sealed segment into an object of the archive. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { crc32c } from '@node-rs/crc32';
import type { SealedSegment } from '../delivery.js';
import { StateError } from '../errors.js';
import { type ArchivePlace, formatObjectName } from '../object-name.js';
import type { ArchiveObject } from './destination.js';

const NEWLINE = 0x0a;

/**
 * Reads the segment, a file of complete lines, in one pass and flat memory but for the compressed bytes. The
 * same segment makes the same bytes: gzip's header holds no time. Throws a StateError where the chain is broken.
 */
export async function packSegment(segment: SealedSegment, place: ArchivePlace): Promise<ArchiveObject> {
  const content = createHash('sha256');
  const lines = new ChainOfLines();
  const compressed: Buffer[] = [];
  let checksum = 0;
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
      for await (const chunk of chunks) {
        checksum = crc32c(chunk, checksum);
        compressed.push(chunk);
      }
    },
  );
  if (!lines.isWhole || lines.last !== segment.lastHash) {
    throw new StateError(`${segment.path} is not what was written to it: its disk is damaged.`);
  }
  const sha256 = content.digest('hex');
  return {
    name: formatObjectName(place, { ...segment, hash: sha256.slice(0, 16) }),
    body: Buffer.concat(compressed),
    crc32c: toBase64(checksum),
    metadata: {
      'pgaudit-shipper-version': '1',
      sha256,
      'first-seq': String(segment.firstSeq),
      'last-seq': String(segment.lastSeq),
      'first-hash': lines.first,
      'last-hash': lines.last,
      events: String(segment.lastSeq - segment.firstSeq + 1),
    },
  };
}

function toBase64(checksum: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(checksum);
  return bytes.toString('base64');
}

/** So many bytes at a line's start hold its `previousHash`: nothing that a client wrote comes before it. */
const HEADER = 256;
const PREVIOUS_HASH = /"previousHash":"([0-9a-f]{64})"/;

/** Hashes (SHA-256, hex) the lines that go by, and checks that each names the hash of the line before. */
class ChainOfLines {
  first = '';
  last = '';
  isWhole = true;
  #header = '';
  #hash = createHash('sha256');

  add(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#addPart(chunk.subarray(start, end));
      this.#endLine();
      start = end + 1;
    }
    this.#addPart(chunk.subarray(start));
  }

  #addPart(part: Buffer): void {
    this.#hash.update(part);
    this.#header += part.toString('latin1', 0, HEADER - this.#header.length);
  }

  #endLine(): void {
    const named = PREVIOUS_HASH.exec(this.#header)?.[1];
    if (named === undefined || (this.last !== '' && named !== this.last)) this.isWhole = false;
    this.last = this.#hash.digest('hex');
    this.first ||= this.last;
    this.#hash = createHash('sha256');
    this.#header = '';
  }
}
