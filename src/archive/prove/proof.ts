/**
 * One event's proof: its line, the path to the root in its seal, and the seals that lead to a time stamp. It holds
 * nothing of any other event, and is checked without the archive.
 */

import { z } from 'zod';
import { hashOf } from '../../event/line.js';
import { type SealId, sealSchema } from '../../event/seal.js';
import { parseJson } from '../../lib/json.js';
import { leafHash, rootBy } from '../../lib/merkle.js';
import { Broken } from '../verify/result.js';
import { checkSignature, type PublicKey } from '../verify/signature.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** No tree of an archive is deeper, and no stamp that many seals away. */
const DEEPEST = 64;
export const MOST_SEALS = 10_000;

export const proofSchema = z.strictObject({
  v: z.literal(1),
  /** The event's line, without its newline. */
  line: z.string(),
  /** Its place among the lines of its segment, from 0. */
  index: z.int().nonnegative(),
  /** Hashes of siblings (hex), the lowest first: RFC 6962, 2.1.1. */
  path: z.array(sha256).max(DEEPEST),
  /** The line of the segment's seal. */
  seal: z.string(),
  /** The lines of the seals after it, up to the one that is stamped. */
  laterSeals: z.array(z.string()).max(MOST_SEALS),
  /** An RFC 3161 response (DER, base64) over the SHA-256 of the last of these seals. */
  timestamp: z.base64().exactOptional(),
});
export type Proof = z.infer<typeof proofSchema>;

const eventSchema = z.object({ v: z.literal(1), chain: z.string(), seq: z.int().positive(), id: z.string() });
const sealLine = eventSchema.extend({
  kind: z.literal('seal'),
  time: z.iso.datetime(),
  seal: sealSchema.shape.seal.pick({ firstSeq: true, merkleRoot: true, previousSeal: true, key: true }),
  signature: z.string().exactOptional(),
});
export type ProofSeal = z.infer<typeof sealLine>;

/** What a proof shows. */
export interface Proved {
  readonly id: string;
  readonly chain: string;
  readonly seq: number;
  /** When its seal was written, by the daemon's clock. */
  readonly sealedAt: string;
  /** How many seals are signed with the given key: all of them, if there is one. */
  readonly signatures: number;
  /** The line of the seal that the time stamp is over. */
  readonly stamped: Buffer;
}

/** Throws Broken if the parts do not fit together, or a seal is not signed with one of the keys. */
export function checkProof(proof: Proof, keys: readonly PublicKey[]): Proved {
  const event = readLine(proof.line, eventSchema, 'the event');
  const seals = [proof.seal, ...proof.laterSeals].map(line => readLine(line, sealLine, 'a seal'));
  const [first] = seals;
  if (first === undefined) throw new Broken('format', 'there is no seal');
  checkPlace(proof, event, first);
  let signatures = 0;
  let before: SealId | null = null;
  for (const [index, seal] of seals.entries()) {
    const line = Buffer.from(index === 0 ? proof.seal : (proof.laterSeals[index - 1] ?? ''));
    if (seal.chain !== event.chain) throw new Broken('previous-seal', 'the seals are of several chains');
    if (before !== null && !isSame(seal.seal.previousSeal, before))
      throw new Broken('previous-seal', `the seal ${seal.seq} does not name the one before it`);
    before = { seq: seal.seq, hash: hashOf(line) };
    if (checkSignature(line, seal, keys) === 'checked') signatures += 1;
  }
  const { chain, seq, id } = event;
  const stamped = Buffer.from(proof.laterSeals.at(-1) ?? proof.seal);
  return { id, chain, seq, sealedAt: first.time, signatures, stamped };
}

function readLine<T>(line: string, schema: z.ZodType<T>, what: string): T {
  const parsed = schema.safeParse(parseJson(Buffer.from(line)));
  if (parsed.success) return parsed.data;
  throw new Broken('format', `${what} is not a line of an archive`);
}

function isSame(named: SealId | undefined, seal: SealId): boolean {
  return named?.seq === seal.seq && named.hash === seal.hash;
}

/** The event must be where its number says, in a tree of as many lines as the seal's number says. */
function checkPlace(
  { line, index, path }: Proof,
  { chain, seq }: { readonly chain: string; readonly seq: number },
  seal: ProofSeal,
): void {
  const { firstSeq, merkleRoot } = seal.seal;
  if (merkleRoot === undefined) throw new Broken('root', NO_ROOT);
  if (seal.chain !== chain || seq !== firstSeq + index)
    throw new Broken('order', 'the event is not where its number says');
  const root = rootBy(leafHash(Buffer.from(line)), index, seal.seq - firstSeq, path);
  if (root !== merkleRoot) throw new Broken('root', 'the event does not lead to the Merkle root of its seal');
}

export const NO_ROOT =
  'its seal has no Merkle root: a version before 0.2 wrote it; hand over the whole object, which verify checks';
