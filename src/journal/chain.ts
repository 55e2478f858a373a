/** Links events into a hash chain: each line names the hash of the line before. */

import { hash, randomBytes } from 'node:crypto';
import type { Draft } from '../event.js';

/** Where a chain stands. */
export interface ChainState {
  readonly chain: string;
  readonly nextSeq: number;
  /** SHA-256 (hex) of the last line, without its newline; 64 zeros before the first. */
  readonly lastHash: string;
}

const FIRST_HASH = '0'.repeat(64);

/** A new chain, named by its start and four random hex digits: `20261121T203958Z-9f2c`. */
export function newChain(now: number): ChainState {
  const start = new Date(now).toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '');
  return { chain: `${start}-${randomBytes(2).toString('hex')}`, nextSeq: 1, lastHash: FIRST_HASH };
}

/** Signs the bytes of a line: Ed25519, in base64. */
export type Sign = (line: Buffer) => string;

/**
 * Makes the draft the chain's next line (with its newline). With `sign`, its last field is the signature of the line
 * without that field.
 */
export function link(
  state: ChainState,
  draft: Draft,
  sign: Sign | null = null,
): { line: Buffer; state: ChainState } {
  const { chain, nextSeq: seq, lastHash: previousHash } = state;
  const { kind, id = `${draft.instance}/${chain}/${seq}`, ...rest } = draft;
  const event = { v: 1, chain, seq, previousHash, kind, id, ...rest };
  const unsigned = JSON.stringify(event);
  const json =
    sign === null ? unsigned : `${unsigned.slice(0, -1)},"signature":"${sign(Buffer.from(unsigned))}"}`;
  const line = Buffer.from(`${json}\n`);
  return { line, state: { chain, nextSeq: seq + 1, lastHash: hashOf(line.subarray(0, -1)) } };
}

/** SHA-256 (hex) of a line without its newline: what `sha256sum` says of it. */
export function hashOf(line: Buffer): string {
  return hash('sha256', line, 'hex');
}
