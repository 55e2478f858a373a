/** Links events into a hash chain: each line names the hash of the line before. */

import { randomBytes } from 'node:crypto';
import { type EventJson, hashOf, headOfLine, type Sign, signed } from '../event/line.js';
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

/** Adds the event to `lines` as the chain's next line; returns the chain's state after it. */
export function link(
  { chain, nextSeq: seq, lastHash: previousHash }: ChainState,
  event: EventJson,
  lines: Lines,
  sign: Sign | null = null,
): ChainState {
  const head = headOfLine({ chain, seq, previousHash }, event);
  const { json, rest } = event;
  if (rest !== undefined)
    return { chain, nextSeq: seq + 1, lastHash: lines.addPieces([head + json, ...rest]) };
  const line = sign === null ? lines.add(head, json, '\n') : lines.add(`${signed(head + json, sign)}\n`);
  return { chain, nextSeq: seq + 1, lastHash: hashOf(line.subarray(0, -1)) };
}
