/** Finds where the chain ended, for a daemon that lost its state folder. */

import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { ShipperError } from '../errors.js';
import type { ChainEnd } from '../event.js';
import { parseJson } from '../json.js';
import { type ArchivePlace, folderOf, parseObjectName } from '../object-name.js';
import { coverageSchema, sealedPositionSchema } from '../schemas.js';
import type { ArchiveStore } from './store.js';

const sealLine = z.object({
  chain: z.string(),
  seq: z.number(),
  kind: z.literal('seal'),
  time: z.iso.datetime(),
  seal: z.object({ coverage: z.array(coverageSchema), files: z.array(sealedPositionSchema) }),
});

/**
 * The end of the newest chain of this instance and node; `null` where the archive has none. Throws a ShipperError with
 * code `archive-damaged` where the newest object is not what its name says.
 */
export async function findChainEnd(store: ArchiveStore, place: ArchivePlace): Promise<ChainEnd | null> {
  const days = (await store.list(folderOf(place))).filter(name => /\/date=[\d-]+\/$/.test(name));
  for (const day of days.reverse()) {
    const newest = (await store.list(day)).filter(name => parseObjectName(name) !== null).at(-1);
    if (newest !== undefined) return chainEndOf(newest, await store.read(newest));
  }
  return null;
}

function chainEndOf(path: string, body: Buffer): ChainEnd {
  const name = parseObjectName(path);
  const bytes = unzip(path, body);
  const line = bytes.subarray(bytes.lastIndexOf('\n', -2) + 1, -1);
  const parsed = sealLine.safeParse(parseJson(line));
  if (!parsed.success || !sha256(bytes).startsWith(name?.hash ?? '-')) throw damaged(path);
  const { chain, seq: lastSeq, time, seal } = parsed.data;
  if (chain !== name?.chain || lastSeq !== name.lastSeq) throw damaged(path);
  const { coverage, files } = seal;
  return {
    chain,
    lastSeq,
    lastHash: sha256(line),
    date: name.date,
    sealedAt: Date.parse(time),
    coverage,
    files,
  };
}

function unzip(path: string, body: Buffer): Buffer {
  try {
    return gunzipSync(body);
  } catch (error) {
    throw damaged(path, error);
  }
}

function damaged(path: string, cause?: unknown): ShipperError {
  return new ShipperError('archive-damaged', `${path} in the archive is not what its name says`, cause);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
