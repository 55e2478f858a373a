/** Reads gzip strictly (RFC 1952): what a lenient reader skips silently could hide something. */

import { Readable } from 'node:stream';
import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib';
import { codeOf } from '../errors.js';

/**
 * What is wrong with the bytes. `trailing`: something follows the single member that is allowed. `size`: the content is
 * larger than any segment.
 */
export type GzipFault = 'header' | 'damaged' | 'truncated' | 'checksum' | 'trailing' | 'size';

export class GzipError extends Error {
  readonly fault: GzipFault;

  constructor(fault: GzipFault) {
    super(`gzip: ${fault}`);
    this.name = 'GzipError';
    this.fault = fault;
  }
}

/** Bytes: eight times what a segment may have (`archive.segment.maxSize`). A few megabytes may unpack to any size. */
const MOST_CONTENT = 2 * 1024 ** 3;
/** Bytes of content in one piece. */
const PIECE = 32 * 1024;
/** CRC-32 and length of the content, after the compressed data. */
const TRAILER = 8;

/** The content of exactly one gzip member, in pieces. Throws a GzipError if the bytes are anything else. */
export async function* gunzipOne(
  compressed: AsyncIterable<Buffer>,
  most = MOST_CONTENT,
): AsyncGenerator<Buffer> {
  const body = new Body(compressed);
  const source = Readable.from(body.deflated(), { objectMode: false });
  const inflate = createInflateRaw({ chunkSize: PIECE });
  source.on('error', error => inflate.destroy(error));
  source.pipe(inflate);
  let [checksum, length] = [0, 0];
  try {
    for await (const piece of inflate) {
      checksum = crc32(piece, checksum);
      length += piece.length;
      if (length > most) throw new GzipError('size');
      yield piece;
    }
  } catch (error) {
    throw codeOf(error).startsWith('Z_') ? toGzipError(codeOf(error)) : error;
  } finally {
    source.destroy();
    inflate.destroy();
  }
  checkEnd(body, inflate, checksum, length);
}

function toGzipError(code: string): GzipError {
  return new GzipError(code === 'Z_BUF_ERROR' ? 'truncated' : 'damaged');
}

function checkEnd(body: Body, inflate: InflateRaw, checksum: number, length: number): void {
  if (!body.isDone || inflate.bytesWritten !== body.given) throw new GzipError('trailing');
  const isAsSaid =
    body.trailer.readUInt32LE(0) === checksum && body.trailer.readUInt32LE(4) === length % 2 ** 32;
  if (!isAsSaid) throw new GzipError('checksum');
}

/** A gzip file between its header and its last eight bytes. */
class Body {
  readonly #compressed: AsyncIterable<Buffer>;
  /** Bytes that were passed on. */
  given = 0;
  /** Everything was passed on, and `trailer` has the rest. */
  isDone = false;
  trailer: Buffer = Buffer.alloc(0);

  constructor(compressed: AsyncIterable<Buffer>) {
    this.#compressed = compressed;
  }

  async *deflated(): AsyncGenerator<Buffer> {
    let held: Buffer = Buffer.alloc(0);
    let isBegun = false;
    for await (const chunk of this.#compressed) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      if (!isBegun) {
        const end = endOfHeader(held);
        if (end === null) continue;
        isBegun = true;
        held = held.subarray(end);
      }
      if (held.length <= TRAILER) continue;
      const ready = held.subarray(0, -TRAILER);
      held = held.subarray(-TRAILER);
      this.given += ready.length;
      yield ready;
    }
    if (!isBegun || held.length < TRAILER) throw new GzipError('truncated');
    this.trailer = held;
    this.isDone = true;
  }
}

const FIXED = 10;
const HAS_CHECKSUM = 2;
const HAS_EXTRA = 4;
const HAS_NAME = 8;
const HAS_COMMENT = 16;
/** Our headers have ten bytes; those of `gzip` are longer because of the file's name. */
const LONGEST_HEADER = 64 * 1024;

/** Where the header ends; `null` if there are too few bytes to know. */
function endOfHeader(bytes: Buffer): number | null {
  if (bytes.length < FIXED) return null;
  if (bytes.readUInt32BE(0) >>> 8 !== 0x1f8b08) throw new GzipError('header');
  const flags = bytes[3] ?? 0;
  let end: number | null = FIXED;
  if (flags & HAS_EXTRA) end = bytes.length < end + 2 ? null : end + 2 + bytes.readUInt16LE(end);
  for (const flag of [HAS_NAME, HAS_COMMENT]) if (flags & flag) end = afterZero(bytes, end);
  if (end !== null && flags & HAS_CHECKSUM) end += 2;
  if (end !== null && bytes.length >= end) return end;
  if (bytes.length > LONGEST_HEADER) throw new GzipError('header');
  return null;
}

function afterZero(bytes: Buffer, from: number | null): number | null {
  const zero = from === null ? -1 : bytes.indexOf(0, from);
  return zero === -1 ? null : zero + 1;
}
