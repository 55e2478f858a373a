/** Links events into a hash chain: each line names the hash of the line before. */

import { hash, randomBytes } from 'node:crypto';
import type { Draft, EventKind } from '../event/event.js';
import { type LargeText, PARAMETERS } from '../lib/large-text.js';
import type { Lines } from '../lib/line-buffer.js';

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

/** A draft in JSON, which takes far less memory than the draft itself. */
export interface Content {
  readonly kind: EventKind;
  /** Where it has no id of its own: its place in the chain and this make one. */
  readonly instance: string | null;
  /** What the line holds after what the chain adds, without the opening brace. */
  readonly json: string;
  /** What follows in a large one: texts in UTF-8 that are not made strings, and what stands between them. */
  readonly rest?: readonly (string | Buffer)[];
  /** Of a statement: its time in the log (ISO). */
  readonly loggedAt?: string;
}

/** @param texts what stands in the JSON in place of their tokens */
export function contentWith(draft: Draft, texts: readonly LargeText[]): Content {
  const content = contentOf(draft);
  return texts.length === 0 ? content : { ...content, json: '', rest: texts.reduce(insert, [content.json]) };
}

/** A token stands in a JSON once, within its quotes, or not at all. */
function insert(parts: readonly (string | Buffer)[], { token, json }: LargeText): (string | Buffer)[] {
  // A list of texts has quotes of its own.
  const mark = token === PARAMETERS ? `"${token}"` : token;
  return parts.flatMap(part => {
    if (typeof part !== 'string') return [part];
    const at = part.indexOf(mark);
    return at === -1 ? [part] : [part.slice(0, at), ...json, part.slice(at + mark.length)];
  });
}

export function contentOf(draft: Draft): Content {
  const { kind, id, ...rest } = draft;
  if (id === undefined) return { kind, instance: draft.instance, json: JSON.stringify(rest).slice(1) };
  const json = JSON.stringify(draft);
  const isInOrder = json.startsWith(`{"kind":"${kind}","id":`);
  const whole = isInOrder ? json : JSON.stringify({ kind, id, ...rest });
  const content = { kind, instance: null, json: whole.slice(1) };
  return kind === 'statement' ? { ...content, loggedAt: draft.time } : content;
}

/** Makes the content the chain's next line, adds it to `lines`, and returns where the chain stands then. */
export function link(
  state: ChainState,
  { kind, instance, json, rest }: Content,
  lines: Lines,
  sign: Sign | null = null,
): ChainState {
  const { chain, nextSeq: seq, lastHash: previousHash } = state;
  const head = `{"v":1,"chain":"${chain}","seq":${seq},"previousHash":"${previousHash}",`;
  const id =
    instance === null ? '' : `"kind":"${kind}","id":${JSON.stringify(`${instance}/${chain}/${seq}`)},`;
  if (rest !== undefined) {
    const lastHash = lines.addPieces([head + id + json, ...rest]);
    return { chain, nextSeq: seq + 1, lastHash };
  }
  const line =
    sign === null ? lines.add(head + id, json, '\n') : lines.add(`${signed(head + id + json, sign)}\n`);
  return { chain, nextSeq: seq + 1, lastHash: hashOf(line.subarray(0, -1)) };
}

/** Its last field is the signature of the line without that field. */
function signed(json: string, sign: Sign): string {
  return `${json.slice(0, -1)},"signature":"${sign(Buffer.from(json))}"}`;
}

/** SHA-256 (hex) of a line without its newline: what `sha256sum` says of it. */
export function hashOf(line: Buffer): string {
  return hash('sha256', line, 'hex');
}
