/** Links events into a hash chain: each line names the hash of the line before. */

import { randomBytes } from 'node:crypto';
import { type EventJson, hashOf, headOfLine } from '../event/line.js';
import type { Lines } from '../lib/line-buffer.js';

/** The end of a chain. */
export interface ChainState {
  readonly chain: string;
  readonly nextSeq: number;
  /** SHA-256 (hex) of the last line, without its newline; 64 zeros before the first. */
  readonly lastHash: string;
}

const FIRST_HASH = '0'.repeat(64);

/** A new chain. Its name is its start and four random hex digits: `20261121T203958Z-9f2c`. */
export function newChain(now: number): ChainState {
  const start = new Date(now).toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '');
  return { chain: `${start}-${randomBytes(2).toString('hex')}`, nextSeq: 1, lastHash: FIRST_HASH };
}

/** Adds the event to `lines` as the chain's next line; returns the chain's state after it, and the line's bytes. */
export function link(
  { chain, nextSeq: seq, lastHash: previousHash }: ChainState,
  event: EventJson,
  lines: Lines,
): { readonly after: ChainState; readonly line: readonly Buffer[] } {
  const head = headOfLine({ chain, seq, previousHash }, event);
  const { json, rest } = event;
  const line =
    rest === undefined
      ? [lines.addAround(head, json, '\n').subarray(0, -1)]
      : lines.addPieces([head, json, ...rest]);
  return { after: { chain, nextSeq: seq + 1, lastHash: hashOf(...line) }, line };
}
