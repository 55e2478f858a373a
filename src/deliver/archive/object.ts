/** Turns a sealed segment into an object of the archive. */

import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { createGzip, type Gzip } from 'node:zlib';
import { crc32c } from '@node-rs/crc32';
import { hashOf, PREVIOUS_HASH_WITHIN, previousHashIn } from '../../event/line.js';
import type { SealedSegment } from '../../journal/delivery.js';
import { StateError } from '../../lib/errors.js';
import { type ArchivePlace, formatObjectName } from '../../lib/object-name.js';
import type { ArchiveObject } from '../destination.js';

const NEWLINE = 0x0a;
/** Bytes that are read and compressed at once, and at most of what comes of it in one buffer. */
const PIECE = 2 * 1024 * 1024;
const COMPRESSED = 256 * 1024;

/**
 * Reads the segment, a file of complete lines, in one pass, holding a line and the compressed bytes. The
 * same segment makes the same bytes: gzip's header holds no time. Throws a StateError where the chain is broken.
 */
export async function packSegment(segment: SealedSegment, place: ArchivePlace): Promise<ArchiveObject> {
  const content = createHash('sha256');
  const lines = new ChainOfLines();
  const body = await compress(piecesOf(segment.path), piece => {
    content.update(piece);
    lines.add(piece);
  });
  if (!lines.isWhole || lines.last !== segment.lastHash) {
    throw new StateError(`${segment.path} is not what was written to it: its disk is damaged.`);
  }
  const sha256 = content.digest('hex');
  return {
    name: formatObjectName(place, { ...segment, hash: sha256.slice(0, 16) }),
    body,
    crc32c: toBase64(crc32c(body)),
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

/** Each is written over by the next. */
async function* piecesOf(path: string): AsyncGenerator<Buffer> {
  const file = await open(path);
  try {
    const room = Buffer.allocUnsafeSlow(PIECE);
    for (;;) {
      const { bytesRead } = await file.read(room, 0, PIECE);
      if (bytesRead === 0) return;
      yield room.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** Asks for a piece only when the one before is compressed. */
async function compress(pieces: AsyncIterable<Buffer>, onPiece: (piece: Buffer) => void): Promise<Buffer> {
  const compressed: Buffer[] = [];
  const gzip = createGzip({ level: 6, chunkSize: COMPRESSED });
  gzip.on('data', (chunk: Buffer) => compressed.push(chunk));
  // Without a listener it would end the process; whoever waits is told.
  gzip.on('error', () => undefined);
  try {
    for await (const piece of pieces) {
      onPiece(piece);
      await written(gzip, piece);
    }
    gzip.end();
    await once(gzip, 'end');
    return Buffer.concat(compressed);
  } finally {
    gzip.destroy();
  }
}

function written(gzip: Gzip, piece: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    gzip.write(piece, error => (error ? reject(error) : resolve()));
  });
}

function toBase64(checksum: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(checksum);
  return bytes.toString('base64');
}

/** Hashes (SHA-256, hex) the lines that go by, and checks that each names the hash of the line before. */
class ChainOfLines {
  first = '';
  last = '';
  #isLinked = true;
  /** Of the line that the chunks so far have begun: its hash so far, and its start. */
  #begun: { readonly hash: Hash; header: string } | null = null;

  /** Complete lines, of which each names the hash of the one before. */
  get isWhole(): boolean {
    return this.#isLinked && this.#begun === null;
  }

  add(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#end(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length) this.#begin(chunk.subarray(start));
  }

  /** A line may be larger than many chunks together. */
  #begin(part: Buffer): void {
    this.#begun ??= { hash: createHash('sha256'), header: '' };
    this.#begun.hash.update(part);
    this.#begun.header += part.toString(
      'latin1',
      0,
      Math.max(0, PREVIOUS_HASH_WITHIN - this.#begun.header.length),
    );
  }

  #end(part: Buffer): void {
    if (this.#begun === null) {
      this.#line(part.toString('latin1', 0, PREVIOUS_HASH_WITHIN), hashOf(part));
      return;
    }
    this.#begin(part);
    const { header, hash: begun } = this.#begun;
    this.#begun = null;
    this.#line(header, begun.digest('hex'));
  }

  #line(header: string, sha256: string): void {
    const previous = previousHashIn(header);
    if (previous === null || previous !== (this.last || previous)) this.#isLinked = false;
    this.last = sha256;
    this.first ||= sha256;
  }
}
