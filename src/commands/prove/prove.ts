/** `prove` and `verify-proof`: what proves one event, for somebody who must not see the others. */

import { readFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { checkProof, type Proof, proofSchema } from '../../archive/prove/proof.js';
import { prove } from '../../archive/prove/prove.js';
import { openArchive } from '../../archive/store/location.js';
import { Broken } from '../../archive/verify/result.js';
import { hashOf } from '../../event/line.js';
import { codeOf, ShipperError } from '../../lib/errors.js';
import { parseJson } from '../../lib/json.js';
import { inProject } from '../../lib/paths.js';
import { repeatable } from '../../lib/repeatable.js';
import { oneLine } from '../../lib/terminal-text.js';
import { checkStamp } from '../../lib/timestamp/stamp.js';
import { readCertificates, readPublicKey } from '../verify/keys.js';
import { UsageError } from '../verify/usage.js';
import { renderProof } from './page.js';

const FAILED = 1;
const BAD_USAGE = 2;

export interface ProveArguments {
  /** The file to write; standard output without it. */
  readonly out?: string;
  /** A page to read and print. */
  readonly html?: string;
  /** UTC days, both included, of the objects that are searched. */
  readonly since?: string;
  readonly until?: string;
  readonly instance?: string;
  readonly node?: string;
  readonly endpoint?: string;
}

export interface VerifyProofArguments {
  readonly publicKey: readonly string[];
  /** Files with certificates (PEM). */
  readonly tsaCa?: readonly string[];
  readonly json?: boolean;
}

/** Adds both commands to the program. */
export function addProve(program: Command): void {
  program
    .command('prove')
    .description('prove one event: its line, its path to a signed seal, and the next time stamp')
    .argument('<archive>', 'gs://bucket/prefix or file:folder')
    .argument('<id>', 'the id of the event')
    .option('--out <file>', 'the JSON file to write; without it, standard output')
    .option('--html <file>', 'also a page to read and print')
    .option('--instance <name>', 'only the objects of this instance')
    .option('--node <name>', 'only the objects of this node')
    .option('--since <day>', 'only objects from this day on (UTC)')
    .option('--until <day>', 'only objects up to this day')
    .option('--endpoint <url>', 'another server for Cloud Storage, as archive.endpoint')
    .action(async (archive: string, id: string, given: ProveArguments) => {
      process.exitCode = await ending(() => proveEvent(archive, id, given));
    });
  program
    .command('verify-proof')
    .description('check a proof: 0 if everything fits, 1 if not')
    .argument('<file>', 'what prove wrote')
    .addOption(
      repeatable('--public-key <file>', 'key (PEM) that the seals must be signed with').makeOptionMandatory(),
    )
    .addOption(
      repeatable('--tsa-ca <file>', 'certificates (PEM) of the time stamping authority, or of its root'),
    )
    .option('--json', 'one JSON object', false)
    .action(async (file: string, given: VerifyProofArguments) => {
      process.exitCode = await ending(() => verifyProof(file, given));
    });
}

async function ending(command: () => Promise<number>): Promise<number> {
  try {
    return await command();
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof ShipperError || error instanceof Broken))
      throw error;
    process.stderr.write(`${oneLine(error.message)}\n`);
    return error instanceof UsageError ? BAD_USAGE : FAILED;
  }
}

async function proveEvent(archive: string, id: string, given: ProveArguments): Promise<number> {
  const { out, html, since = null, until = null } = given;
  const days = { since: day(since), until: day(until) };
  const proofs = await prove(openArchive(archive, given), id, days, what =>
    process.stderr.write(`${oneLine(what)}\n`),
  );
  const howToCheck = await readFile(inProject('config/check-proof.sh'), 'utf8');
  for (const [index, proof] of proofs.entries()) {
    const text = `${JSON.stringify({ ...proof, howToCheck })}\n`;
    if (out === undefined) process.stdout.write(text);
    else await write(numbered(out, index), text);
    if (html !== undefined) await write(numbered(html, index), renderProof(proof, howToCheck));
  }
  if (proofs.length > 1) process.stderr.write(`${proofs.length} chains have this event: a proof for each\n`);
  return 0;
}

function day(text: string | null): string | null {
  if (text === null || z.iso.date().safeParse(text).success) return text;
  throw new UsageError('a day is written as 2026-11-21');
}

/** The second one of `proof.json` is `proof-2.json`. */
function numbered(path: string, index: number): string {
  return index === 0 ? path : path.replace(/(\.\w+)?$/, `-${index + 1}$1`);
}

/** An event may be personal: only its owner may read the file. */
async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { mode: 0o600 });
  } catch (error) {
    throw new UsageError(`${path} cannot be written (${codeOf(error)})`);
  }
}

async function verifyProof(
  file: string,
  { publicKey, tsaCa = [], json = false }: VerifyProofArguments,
): Promise<number> {
  const keys = await Promise.all(publicKey.map(readPublicKey));
  const trusted = (await Promise.all(tsaCa.map(readCertificates))).flat();
  const proof = parse(await read(file));
  const { stamped, ...proved } = checkProof(proof, keys);
  if (proved.signatures < proof.laterSeals.length + 1)
    throw new Broken(
      'unsigned',
      'the given keys do not count for all of its seals: give the one of that time',
    );
  const { timestamp } = proof;
  if (timestamp === undefined && trusted.length > 0)
    throw new Broken('stamp', 'the proof has no time stamp: make it again after the next one');
  const sha256 = Buffer.from(hashOf(stamped), 'hex');
  const stamp =
    timestamp === undefined ? null : checkStamp(Buffer.from(timestamp, 'base64'), { sha256 }, trusted);
  const existedAt = stamp === null || trusted.length === 0 ? null : stamp.time.toISOString();
  const said = {
    good: true,
    ...proved,
    existedAt,
    authority: existedAt === null ? null : (stamp?.authority ?? null),
  };
  process.stdout.write(json ? `${JSON.stringify(said)}\n` : render(said, stamp !== null));
  return 0;
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new UsageError(`${path} cannot be read (${codeOf(error)})`);
  }
}

/** Of several proofs in a file, the first is not what anybody asked about: the file must hold one. */
function parse(text: Buffer): Proof {
  const whole = proofSchema.extend({ howToCheck: z.string().exactOptional() }).safeParse(parseJson(text));
  if (!whole.success) throw new Broken('format', 'this is not a proof that prove wrote');
  const { howToCheck: _, ...proof } = whole.data;
  return proof;
}

interface Said {
  readonly id: string;
  readonly chain: string;
  readonly seq: number;
  readonly sealedAt: string;
  readonly signatures: number;
  readonly existedAt: string | null;
  readonly authority: string | null;
}

function render(
  { id, chain, seq, sealedAt, signatures, existedAt, authority }: Said,
  hasStamp: boolean,
): string {
  const stamped =
    existedAt !== null
      ? `it existed at ${existedAt}, says ${authority}`
      : hasStamp
        ? 'the time stamp fits, and whose it is was not checked: give --tsa-ca'
        : 'there is no time stamp yet';
  const signed = signatures === 1 ? 'the seal is' : `${signatures} seals are`;
  return [
    `proved     ${id}`,
    `           event ${seq} of chain ${chain}, sealed at ${sealedAt}`,
    `signature  ${signed} signed with the given key`,
    `time       ${stamped}`,
    '',
  ]
    .map(line => oneLineKept(line))
    .join('\n');
}

function oneLineKept(line: string): string {
  const label = line.slice(0, 11);
  return line.length <= 11 ? line : label + oneLine(line.slice(11));
}
