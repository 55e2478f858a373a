/** Finds where the chain ended, for a daemon that lost its state folder. */

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { envelopeSchema } from '../../event/event.js';
import type { PreviousChain } from '../../event/lifecycle.js';
import { hashOf } from '../../event/line.js';
import { type ChainEnd, sealSchema } from '../../event/seal.js';
import { hasCode, ShipperError } from '../../lib/errors.js';
import { parseJson } from '../../lib/json.js';
import { type ArchivePlace, folderOf, parseObjectName } from '../../lib/object-name.js';
import { GzipError, gunzipOne } from './gzip.js';
import type { ArchiveStore } from './store.js';

const sealLine = envelopeSchema.pick({ chain: true, seq: true }).extend({
  kind: z.literal('seal'),
  time: z.iso.datetime(),
  seal: sealSchema.shape.seal.pick({ coverage: true, files: true }),
});

/** Whether a seal's line is signed with the daemon's own key. */
export type IsOwnSeal = (line: Buffer) => boolean;

/**
 * The end of the newest chain of this instance and node; `null` if the archive has none. Throws a ShipperError with
 * code `archive-damaged` if the newest object does not match its name, or `archive-unsigned` if it is not signed with
 * the configured key: anybody who may create objects could have put it there.
 *
 * @param isOwnSeal `null` if no key is configured
 */
export async function findChainEnd(
  store: ArchiveStore,
  place: ArchivePlace,
  isOwnSeal: IsOwnSeal | null = null,
): Promise<ChainEnd | null> {
  for await (const newest of newestFirst(store, place)) return await chainEndOf(newest, store, isOwnSeal);
  return null;
}

/** How many objects are tried, newest first, if the newer ones cannot be trusted. */
const MOST_TRIED = 16;

/**
 * The chain before a new one: that of the newest object whose seal the daemon's own key has signed, else of the newest
 * object that matches its name; `null` if none of the newest objects does.
 */
export async function findPreviousChain(
  store: ArchiveStore,
  place: ArchivePlace,
  isOwnSeal: IsOwnSeal | null,
): Promise<PreviousChain | null> {
  let readable: PreviousChain | null = null;
  let tried = 0;
  for await (const path of newestFirst(store, place)) {
    if (++tried > MOST_TRIED) break;
    const own = await previousOf(path, store, isOwnSeal);
    if (own !== null) return own;
    readable ??= isOwnSeal === null ? null : await previousOf(path, store, null);
  }
  return readable;
}

async function previousOf(
  path: string,
  store: ArchiveStore,
  isOwnSeal: IsOwnSeal | null,
): Promise<PreviousChain | null> {
  try {
    const { chain, lastSeq: seq, lastHash } = await chainEndOf(path, store, isOwnSeal);
    return { chain, seq, hash: lastHash };
  } catch (error) {
    if (hasCode(error, 'archive-damaged', 'archive-unsigned')) return null;
    throw error;
  }
}

/** The objects of this instance and node, newest first by their names. */
async function* newestFirst(store: ArchiveStore, place: ArchivePlace): AsyncGenerator<string> {
  const days = (await store.list(folderOf(place))).filter(name => /\/date=[\d-]+\/$/.test(name));
  for (const day of days.reverse())
    yield* (await store.list(day)).filter(name => parseObjectName(name) !== null).reverse();
}

async function chainEndOf(path: string, store: ArchiveStore, isOwnSeal: IsOwnSeal | null): Promise<ChainEnd> {
  const name = parseObjectName(path);
  const { sha256, line } = await readEnd(path, store);
  const parsed = sealLine.safeParse(parseJson(line));
  if (!parsed.success || !sha256.startsWith(name?.hash ?? '-')) throw damaged(path);
  const { chain, seq: lastSeq, time, seal } = parsed.data;
  if (chain !== name?.chain || lastSeq !== name.lastSeq) throw damaged(path);
  if (isOwnSeal !== null && !isOwnSeal(line)) throw unsigned(path);
  const { coverage, files } = seal;
  return {
    chain,
    lastSeq,
    lastHash: hashOf(line),
    date: name.date,
    sealedAt: Date.parse(time),
    coverage,
    files,
  };
}

/** Bytes; a seal of ten thousand files takes four million. */
const LONGEST_SEAL = 64 * 1024 * 1024;

/** The content's hash and its last line; only that line is in memory. */
async function readEnd(path: string, store: ArchiveStore): Promise<{ sha256: string; line: Buffer }> {
  const whole = createHash('sha256');
  const last = new LastLine();
  try {
    for await (const piece of gunzipOne(store.open(path))) {
      whole.update(piece);
      last.add(piece);
      if (last.length > LONGEST_SEAL) throw new GzipError('size');
    }
  } catch (error) {
    throw error instanceof GzipError ? damaged(path, error) : error;
  }
  return { sha256: whole.digest('hex'), line: last.text };
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

function damaged(path: string, cause?: unknown): ShipperError {
  return new ShipperError('archive-damaged', `${path} in the archive does not match its name`, cause);
}

function unsigned(path: string): ShipperError {
  return new ShipperError(
    'archive-unsigned',
    `${path} in the archive is not signed with the key in archive.signingKeyFile: find out who put it there`,
  );
}
