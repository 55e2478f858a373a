/** The end of one object: what its seal says of the chain up to there. */

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { envelopeSchema } from '../../event/event.js';
import { hashOf, PREVIOUS_HASH_WITHIN, previousHashIn } from '../../event/line.js';
import { type ChainEnd, sealSchema } from '../../event/seal.js';
import { ShipperError } from '../../lib/errors.js';
import { parseJson } from '../../lib/json.js';
import { parseObjectName } from '../../lib/object-name.js';
import { GzipError, gunzipOne } from './gzip.js';
import type { ArchiveStore } from './store.js';

const sealLine = envelopeSchema.pick({ chain: true, seq: true }).extend({
  kind: z.literal('seal'),
  time: z.iso.datetime(),
  seal: sealSchema.shape.seal.pick({ coverage: true, positions: true, files: true, rows: true }),
});

/** Whether a seal's line is signed with the daemon's own key. */
export type IsOwnSeal = (line: Buffer) => boolean | Promise<boolean>;

export interface ObjectEnd {
  readonly end: ChainEnd;
  readonly path: string;
  readonly firstSeq: number;
  /** The hash of the line before the first one; `null` if that line does not say it. */
  readonly previousHash: string | null;
  /** Whether its positions are all that were known then. */
  readonly hasAll: boolean;
}

/**
 * Throws a ShipperError with code `archive-damaged` if the object does not match its name, or `archive-unsigned` if it
 * is not signed with the configured key: anybody who may create objects could have put it there.
 *
 * @param isOwnSeal `null` if no key is configured
 */
export async function endOfObject(
  path: string,
  store: ArchiveStore,
  isOwnSeal: IsOwnSeal | null,
): Promise<ObjectEnd> {
  const name = parseObjectName(path);
  const { sha256, start, line } = await readEnds(path, store);
  const parsed = sealLine.safeParse(parseJson(line));
  if (!parsed.success || !sha256.startsWith(name?.hash ?? '-')) throw damaged(path);
  const { chain, seq: lastSeq, time, seal } = parsed.data;
  if (chain !== name?.chain || lastSeq !== name.lastSeq) throw damaged(path);
  if (isOwnSeal !== null && !(await isOwnSeal(line))) throw unsigned(path);
  const { coverage, files, positions = 'all', rows = [] } = seal;
  const { date, firstSeq } = name;
  const sealedAt = Date.parse(time);
  return {
    path,
    end: { chain, lastSeq, lastHash: hashOf(line), date, sealedAt, coverage, files, rows },
    firstSeq,
    previousHash: previousHashIn(start.toString('latin1')),
    hasAll: positions === 'all',
  };
}

/** Bytes; a seal of ten thousand files takes four million. */
const LONGEST_SEAL = 64 * 1024 * 1024;

interface Ends {
  /** Of the whole content. */
  readonly sha256: string;
  /** Its first bytes. */
  readonly start: Buffer;
  /** Its last line. */
  readonly line: Buffer;
}

/** Only the ends of the content are in memory. */
async function readEnds(path: string, store: ArchiveStore): Promise<Ends> {
  const whole = createHash('sha256');
  const last = new LastLine();
  let start = Buffer.alloc(0);
  try {
    for await (const piece of gunzipOne(store.open(path))) {
      whole.update(piece);
      if (start.length < PREVIOUS_HASH_WITHIN)
        start = Buffer.concat([start, piece.subarray(0, PREVIOUS_HASH_WITHIN)]);
      last.add(piece);
      if (last.length > LONGEST_SEAL) throw new GzipError('size');
    }
  } catch (error) {
    throw error instanceof GzipError ? damaged(path, error) : error;
  }
  return { sha256: whole.digest('hex'), start, line: last.text };
}

/** Keeps the last line of a content that comes in pieces: only the end shows which line is the last. */
class LastLine {
  #pieces: Buffer[] = [];
  length = 0;

  add(piece: Buffer): void {
    const newline = piece.length < 2 ? -1 : piece.lastIndexOf('\n', -2);
    if (newline !== -1) [this.#pieces, this.length] = [[], 0];
    const rest = Buffer.from(piece.subarray(newline + 1));
    this.#pieces.push(rest);
    this.length += rest.length;
  }

  /** Without its newline. The buffer may also contain the line before, if a piece ended with it. */
  get text(): Buffer {
    const end = Buffer.concat(this.#pieces);
    return end.subarray(end.lastIndexOf('\n', -2) + 1, -1);
  }
}

export function damaged(path: string, cause?: unknown): ShipperError {
  return new ShipperError('archive-damaged', `${path} in the archive does not match its name`, cause);
}

function unsigned(path: string): ShipperError {
  return new ShipperError(
    'archive-unsigned',
    `${path} in the archive is not signed with the key in archive.signingKeyFile: find out who put it there`,
  );
}
