/** Reads one object of the archive and checks it as a whole, apart from the contents of its lines. */

import { createHash } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';
import { codeOf, ShipperError } from '../../lib/errors.js';
import { GzipError, type GzipFault, gunzipBody, gunzipOne } from '../store/gzip.js';
import { LongLineError, linesOf, wholeLines } from '../store/object-lines.js';
import { readSmall } from '../store/small.js';
import type { ArchiveStore, StoredObject } from '../store/store.js';
import type { ArchivedObject } from '../store/walk.js';
import { Broken, type FailureCode } from './result.js';

const NEWLINE = 0x0a;

/** An object, its store's description of it, and its bytes if it is small: they are fetched before its turn. */
export interface PreparedObject {
  readonly object: ArchivedObject;
  readonly stored: StoredObject;
  readonly body: Buffer | null;
}

/** Throws a ShipperError with the object's name if it cannot be read. */
export async function prepareObject(store: ArchiveStore, object: ArchivedObject): Promise<PreparedObject> {
  try {
    const body = await readSmall(store, object);
    const stored = object.stored ?? (body === null ? await store.describe(object.path) : ofBody(body));
    return { object, stored, body };
  } catch (error) {
    throw unreadable(object.path, error);
  }
}

/** What a store that says nothing else knows of an object. */
function ofBody({ length }: Buffer): StoredObject {
  return { size: length, crc32c: null, metadata: null };
}

/** The facts about an object's lines that its metadata must match. */
export interface LineHashes {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly firstHash: string;
  readonly lastHash: string;
}

export class ObjectReader {
  readonly #prepared: PreparedObject;
  readonly #store: ArchiveStore;
  readonly #content = createHash('sha256');
  /** Bytes read so far, as they are stored. */
  bytes = 0;
  #checksum = 0;
  #lastByte = NEWLINE;

  constructor(prepared: PreparedObject, store: ArchiveStore) {
    this.#prepared = prepared;
    this.#store = store;
  }

  /** The object's lines, some at a time. Throws Broken if the bytes are not exactly one gzip member of lines. */
  async *lines(): AsyncGenerator<Iterable<Buffer>> {
    try {
      for await (const piece of wholeLines(this.#plain())) yield linesOf(piece);
    } catch (error) {
      if (error instanceof LongLineError) throw new Broken('format', 'a line is longer than an event can be');
      throw error instanceof GzipError ? notGzip(error.fault) : error;
    }
    if (this.#lastByte !== NEWLINE) throw new Broken('format', 'the last line has no newline');
  }

  async *#plain(): AsyncGenerator<Buffer> {
    const { body } = this.#prepared;
    const pieces = body === null ? gunzipOne(this.#compressed()) : gunzipBody(this.#received(body));
    for await (const piece of pieces) {
      this.#content.update(piece);
      this.#lastByte = piece.at(-1) ?? this.#lastByte;
      yield piece;
    }
  }

  async *#compressed(): AsyncGenerator<Buffer> {
    const { path } = this.#prepared.object;
    try {
      for await (const chunk of this.#store.open(path)) yield this.#received(chunk);
    } catch (error) {
      throw unreadable(path, error);
    }
  }

  #received(chunk: Buffer): Buffer {
    this.bytes += chunk.length;
    this.#checksum = crc32c(chunk, this.#checksum);
    return chunk;
  }

  /**
   * To be called after all lines were read; returns whether the store has the shipper's metadata. Throws Broken if the
   * object's name, checksum or metadata does not match its content.
   */
  end(hashes: LineHashes): boolean {
    const { object, stored } = this.#prepared;
    const sha256 = this.#content.digest('hex');
    if (hashes.lastSeq !== object.lastSeq)
      throw new Broken(
        'name',
        `the object ends with event ${hashes.lastSeq}, but its name says ${object.lastSeq}`,
      );
    if (!sha256.startsWith(object.hash))
      throw new Broken('name', "the content's SHA-256 is not the one in the object's name");
    if (stored.size !== this.bytes || (stored.crc32c !== null && stored.crc32c !== toBase64(this.#checksum)))
      throw new Broken('checksum', "the received bytes do not match the store's checksum");
    return checkMetadata(stored.metadata, { ...hashes, sha256 });
  }
}

function checkMetadata(
  metadata: StoredObject['metadata'],
  { firstSeq, lastSeq, firstHash, lastHash, sha256 }: LineHashes & { readonly sha256: string },
): boolean {
  if (metadata === null) return true;
  if (metadata['pgaudit-shipper-version'] === undefined) return false;
  const expected: Readonly<Record<string, string>> = {
    sha256,
    'first-seq': String(firstSeq),
    'last-seq': String(lastSeq),
    'first-hash': firstHash,
    'last-hash': lastHash,
    events: String(lastSeq - firstSeq + 1),
  };
  for (const [name, value] of Object.entries(expected))
    if (metadata[name] !== value)
      throw new Broken('metadata', `the object's metadata ${name} does not match its content`);
  return true;
}

const GZIP_FAULTS: Readonly<Record<GzipFault, readonly [FailureCode, string]>> = {
  data: ['gzip', 'the object is not gzip, or its compressed bytes are damaged'],
  truncated: ['gzip', 'the compressed bytes end too early'],
  trailing: ['trailing', 'more bytes follow the compressed content'],
  size: ['gzip', 'the compressed bytes are larger than any segment when unpacked'],
};

function notGzip(fault: GzipFault): Broken {
  const [code, what] = GZIP_FAULTS[fault];
  return new Broken(code, what);
}

function unreadable(path: string, error: unknown): ShipperError {
  const fix = error instanceof ShipperError ? error.message : codeOf(error);
  return new ShipperError(codeOf(error), `${path} could not be read: ${fix}`, error);
}

function toBase64(checksum: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(checksum);
  return bytes.toString('base64');
}
