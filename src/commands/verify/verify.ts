/**
 * `verify`: says whether an archive is whole, incomplete or broken, and names the first thing that is missing or wrong.
 */

import { SingleBar } from 'cli-progress';
import { openArchive } from '../../archive/store/location.js';
import { ALL_DAEMONS } from '../../archive/store/walk.js';
import { type Bookmark, type BookmarkTerms, nextBookmark } from '../../archive/verify/bookmark.js';
import { conclude } from '../../archive/verify/conclude.js';
import { mergeShards } from '../../archive/verify/merge.js';
import type { Progress } from '../../archive/verify/progress.js';
import type { VerdictName, VerifyResult } from '../../archive/verify/result.js';
import { type Shard, shardJson } from '../../archive/verify/shard.js';
import type { PublicKey } from '../../archive/verify/signature.js';
import { examineArchive } from '../../archive/verify/verify.js';
import { DURATION_UNITS, parseDuration } from '../../config/units.js';
import { isDay } from '../../lib/day.js';
import { hasCode, ShipperError } from '../../lib/errors.js';
import { harmlessLines } from '../../lib/terminal-text.js';
import { readBookmark, writeBookmark } from './bookmark.js';
import { type EvidenceArguments, readEvidence } from './evidence.js';
import { render } from './render.js';
import { readResults, readShard, removeResult, termsOf, writeResult } from './shards.js';
import { UsageError } from './usage.js';

/** As the command line gives them. */
export interface VerifyArguments extends EvidenceArguments {
  /** UTC days, `2026-11-21`, both included. */
  readonly since?: string;
  readonly until?: string;
  /** How much of the end does not have to be covered yet. */
  readonly grace?: string;
  /** `INDEX/COUNT`, or `auto`: only these daemons, for `merge`. */
  readonly shard?: string;
  /** The folder for the result of a shard. */
  readonly out?: string;
  /** Files with the results of all shards. */
  readonly merge?: readonly string[];
  /** A file: what was proved before, and is written anew. */
  readonly bookmark?: string;
  /** Only these daemons, by the folders of their objects. */
  readonly instance?: string;
  readonly node?: string;
  /** A server other than Google's. */
  readonly endpoint?: string;
  readonly json?: boolean;
}

const BAD_USAGE = 2;
export const EXIT_CODES: Readonly<Record<VerdictName, number>> = { whole: 0, broken: 1, incomplete: 3 };

/**
 * Prints what was proved, or what is wrong first, and returns the exit code.
 *
 * @param where the archive; undefined if results of shards are merged
 */
export async function verify(where: string | undefined, options: VerifyArguments = {}): Promise<number> {
  const { json = false } = options;
  try {
    const made =
      options.merge === undefined
        ? await verifyWith(required(where), options)
        : await merge(where, options.merge, options);
    const { archive, result } = made;
    process.stdout.write(json ? `${made.json}\n` : render(archive, result));
    return EXIT_CODES[result.verdict];
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof ShipperError)) throw error;
    const failed = { archive: where, isIntact: false, error: error.message };
    if (json) process.stdout.write(`${JSON.stringify(failed)}\n`);
    else process.stderr.write(`${harmlessLines(error.message)}\n`);
    return isBadUsage(error) ? BAD_USAGE : EXIT_CODES.broken;
  }
}

export function isBadUsage(error: unknown): boolean {
  return error instanceof UsageError || hasCode(error, 'usage');
}

function required(where: string | undefined): string {
  if (where !== undefined) return where;
  throw new UsageError('give an archive: gs://bucket/prefix or file:folder');
}

interface Made {
  readonly archive: string;
  readonly result: VerifyResult;
  readonly json: string;
}

async function merge(
  where: string | undefined,
  paths: readonly string[],
  options: VerifyArguments,
): Promise<Made> {
  if (where !== undefined) throw new UsageError('--merge takes results of --shard, and no archive');
  // A key that was given here and not used would look like one that was checked.
  const other = Object.keys(options).find(name => name !== 'merge' && name !== 'json');
  if (other !== undefined)
    throw new UsageError(`--merge has the options of the shards: give them ${flag(other)}`);
  const { archive, shards } = await readResults(paths);
  const result = mergeShards(shards);
  return { archive, result, json: JSON.stringify({ archive, ...result }) };
}

function flag(name: string): string {
  return `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
}

async function verifyWith(where: string, options: VerifyArguments): Promise<Made> {
  const { since = null, until = null } = options;
  const days = { since: readDay(since), until: readDay(until) };
  const { warnings, ...evidence } = await readEvidence(options);
  const { keys } = evidence;
  const shard = readShardOf(options, keys);
  const archive = openArchive(where, options);
  const period = { grace: readGrace(options.grace) };
  const terms = { only: archive.only ?? ALL_DAEMONS, keys };
  const bookmark = await bookmarkOf(options, terms);
  const given = { days, ...evidence, period, bookmark, shard };
  if (shard !== null && options.out !== undefined) await removeResult(options.out, shard);
  try {
    const found = await withBar(onProgress => examineArchive(archive, given, onProgress));
    const findings = { ...found, warnings: [...found.warnings, ...warnings] };
    const result = conclude(findings, shard === null);
    const next = options.bookmark === undefined ? null : nextBookmark(result, terms, bookmark, days.since);
    if (options.bookmark !== undefined && next !== null) await writeBookmark(options.bookmark, next);
    const common = shard === null ? '' : termsOf(where, terms.only, given, options);
    const left = shard === null ? {} : { shard: shardJson(shard, common, findings) };
    const json = JSON.stringify({ archive: where, ...result, ...left });
    if (shard !== null && options.out !== undefined) await writeResult(options.out, shard, json);
    return { archive: where, result, json };
  } finally {
    archive.store.close();
  }
}

/** Throws a UsageError if the options do not go together. */
function readShardOf(
  { shard, out, bookmark, json }: VerifyArguments,
  keys: readonly PublicKey[],
): Shard | null {
  if (shard === undefined && out !== undefined) throw new UsageError('--out needs --shard');
  if (shard === undefined) return null;
  if (bookmark !== undefined) throw new UsageError('--bookmark is for one run, not for --shard');
  if (out === undefined && json !== true)
    throw new UsageError('--shard needs --out or --json: a shard alone proves little');
  if (keys.some(key => key.chain === null && key.seq > 1))
    throw new UsageError('--shard needs --public-key FILE@CHAIN/SEQ: there may be several chains');
  return readShard(shard, process.env);
}

/** Throws a UsageError if these options do not continue from the bookmark. */
async function bookmarkOf(
  { bookmark: path, since, until }: VerifyArguments,
  terms: BookmarkTerms,
): Promise<Bookmark | null> {
  if (path === undefined) return null;
  const bookmark = await readBookmark(path, terms);
  if (bookmark === null) return null;
  if (since !== undefined)
    throw new UsageError(
      `${path} says from where on to verify: leave out --since, or give another bookmark file`,
    );
  if (until !== undefined && until < bookmark.until.slice(0, 10))
    throw new UsageError(`${path} has proved more than --until asks for`);
  return bookmark;
}

function readDay(text: string | null): string | null {
  if (text === null) return null;
  if (!isDay(text)) throw new UsageError('a day is given as 2026-11-21');
  return text;
}

/** In milliseconds; throws a UsageError if the text is not a duration. */
export function readGrace(text: string | undefined): number | null {
  if (text === undefined) return null;
  const grace = parseDuration(text);
  if (grace === null) throw new UsageError(`--grace is given as 26h (units: ${DURATION_UNITS})`);
  return grace;
}

/** Shows a progress bar if standard error is a terminal. */
async function withBar<T>(work: (onProgress: (progress: Progress) => void) => Promise<T>): Promise<T> {
  const bar = new SingleBar({
    format: '{bar} {percentage}% | {objects} objects | {events} events | {duration_formatted}',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(1000, 0, { objects: 0, events: 0 });
  try {
    return await work(({ share, objects, events }) =>
      bar.update(Math.floor(share * 1000), { objects, events }),
    );
  } finally {
    bar.stop();
  }
}
