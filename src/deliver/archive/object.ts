/** Makes an object of the archive from a sealed segment. */

import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { createGzip, type Gzip } from 'node:zlib';
import { crc32c } from '@node-rs/crc32';
import { hashOf, PREVIOUS_HASH_WITHIN, previousHashIn, startOfLine } from '../../event/line.js';
import type { SealedSegment } from '../../journal/delivery.js';
import { StateError } from '../../lib/errors.js';
import { type ArchivePlace, formatObjectName } from '../../lib/object-name.js';
import type { ArchiveObject } from '../destination.js';

const NEWLINE = 0x0a;
/** Bytes read and compressed at once, and the most compressed bytes in one buffer. */
const PIECE = 2 * 1024 * 1024;
const COMPRESSED = 256 * 1024;

/**
 * Reads the segment, a file of complete lines, in one pass; memory holds one piece and the compressed bytes. The same
 * segment makes the same bytes: gzip's header has no time. Throws a StateError if the chain is broken.
 */
export async function packSegment(segment: SealedSegment, place: ArchivePlace): Promise<ArchiveObject> {
  const content = createHash('sha256');
  const lines = new ChainOfLines(segment);
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
    contentType: 'application/gzip',
    crc32c: checksumOf(body),
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

/** All pieces share one buffer: each overwrites the one before. */
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

/** Reads the next piece only after the one before is compressed. */
async function compress(pieces: AsyncIterable<Buffer>, onPiece: (piece: Buffer) => void): Promise<Buffer> {
  const compressed: Buffer[] = [];
  const gzip = createGzip({ level: 6, chunkSize: COMPRESSED });
  gzip.on('data', (chunk: Buffer) => compressed.push(chunk));
  // Without a listener an error would end the process; `written` and `once` report it.
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

/** CRC-32C as Cloud Storage writes it. */
export function checksumOf(body: Buffer): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32c(body));
  return bytes.toString('base64');
}

/** Hashes the lines (SHA-256, hex) as they pass, and checks that each is the next one of its chain. */
class ChainOfLines {
  first = '';
  last = '';
  readonly #chain: string;
  #seq: number;
  #isLinked = true;
  /** An incomplete line at the end of the last chunk: its hash so far, and its first bytes. */
  #begun: { readonly hash: Hash; header: string } | null = null;

  constructor({ chain, firstSeq }: SealedSegment) {
    this.#chain = chain;
    this.#seq = firstSeq;
  }

  /** Whether all lines were complete, and each the next one. */
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

  /** A line may span many chunks. */
  #begin(part: Buffer): void {
    this.#begun ??= { hash: createHash('sha256'), header: '' };
    this.#begun.hash.update(part);
    this.#begun.header += headerOf(part).slice(0, PREVIOUS_HASH_WITHIN - this.#begun.header.length);
  }

  #end(part: Buffer): void {
    if (this.#begun === null) {
      this.#line(headerOf(part), hashOf(part));
      return;
    }
    this.#begin(part);
    const { header, hash: begun } = this.#begun;
    this.#begun = null;
    this.#line(header, begun.digest('hex'));
  }

  #line(header: string, sha256: string): void {
    const previousHash = this.last || (previousHashIn(header) ?? '');
    if (!header.startsWith(startOfLine({ chain: this.#chain, seq: this.#seq, previousHash })))
      this.#isLinked = false;
    this.#seq += 1;
    this.last = sha256;
    this.first ||= sha256;
  }
}

function headerOf(part: Buffer): string {
  return part.toString('latin1', 0, PREVIOUS_HASH_WITHIN);
}
