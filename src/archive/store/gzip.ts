/** Reads gzip strictly: what a lenient reader skips without a word could hide something. */

import { PassThrough, Readable } from 'node:stream';
import { createGunzip, gunzipSync } from 'node:zlib';
import { codeOf } from '../../lib/errors.js';

/**
 * What is wrong with the bytes; `data`: they are not gzip, or damaged; `trailing`: something follows the one member that there must be; `size`: they unpack to
 * more than any segment.
 */
export type GzipFault = 'data' | 'truncated' | 'trailing' | 'size';

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
const PIECE = 256 * 1024;

/**
 * The content of exactly one gzip member that is in memory already, in pieces. Throws a GzipError if the bytes are
 * anything else.
 */
export function gunzipBody(body: Buffer): Iterable<Buffer> | AsyncIterable<Buffer> {
  try {
    return [gunzipSync(body, { maxOutputLength: PIECE, rejectGarbageAfterEnd: true })];
  } catch {
    // Larger than a piece, or damaged: then what comes before the fault is wanted, too.
    return gunzipOne([body]);
  }
}

/** The content of exactly one gzip member, in pieces. Throws a GzipError if the bytes are anything else. */
export async function* gunzipOne(
  compressed: AsyncIterable<Buffer> | Iterable<Buffer>,
  most = MOST_CONTENT,
): AsyncGenerator<Buffer> {
  const source = Readable.from(withEndApart(compressed), { objectMode: false });
  const gunzip = createGunzip({ chunkSize: PIECE, rejectGarbageAfterEnd: true });
  // A stream that fails drops what it holds: what came before the fault goes on through this one.
  const content = new PassThrough({ highWaterMark: PIECE });
  let fault: unknown = null;
  gunzip.on('error', error => {
    fault = toGzipError(codeOf(error)) ?? error;
    content.end();
  });
  source.on('error', error => gunzip.destroy(error));
  let length = 0;
  try {
    for await (const piece of source.pipe(gunzip).pipe(content)) {
      length += piece.length;
      if (length > most) throw new GzipError('size');
      yield piece;
    }
    if (fault !== null) throw fault;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

/** Bytes of gzip's checksum and length, with which a member ends. */
const TRAILER = 8;

/** The content is given before the checksum is compared, so that the content of a damaged object can be read. */
async function* withEndApart(chunks: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Buffer> {
  let last: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (last.length > 0) yield last;
    last = chunk;
  }
  for (const part of [last.subarray(0, -TRAILER), last.subarray(-TRAILER)]) if (part.length > 0) yield part;
}

/** `null` if the error is not zlib's. */
function toGzipError(code: string): GzipError | null {
  if (code === 'ERR_TRAILING_JUNK_AFTER_STREAM_END') return new GzipError('trailing');
  if (code === 'Z_BUF_ERROR') return new GzipError('truncated');
  return code.startsWith('Z_') ? new GzipError('data') : null;
}
