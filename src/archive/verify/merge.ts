/** One verdict from the results of all shards. */

import { ShipperError } from '../../lib/errors.js';
import { conclude } from './conclude.js';
import { Broken, type VerifyResult, type Warning } from './result.js';
import { type ShardResult, shardOf } from './shard.js';

/** Milliseconds from the first to the last shard of one verification: what lies further apart is left from another. */
const LONGEST_RUN = 24 * 60 * 60 * 1000;

/** Throws a ShipperError if these are not all shards of one verification, each once: then nothing is proved. */
export function mergeShards(shards: readonly ShardResult[]): VerifyResult {
  const [first] = shards;
  if (first === undefined) throw notProven('there is no result of a shard');
  requireAll(shards, first);
  const parts = shards.flatMap(shard =>
    shard.parts.map((part, index) => ({ part, known: shard.known[index] })),
  );
  parts.sort((a, b) => compare(a.part, b.part));
  const failure =
    parts.find(({ part }) => part.failure !== null)?.part.failure ??
    shards.find(shard => shard.failure !== null)?.failure ??
    (parts.length === 0 ? new Broken('empty', 'there is no archive here').toFailure() : null);
  // What the first shard did not see yet was not expected of the others, either.
  const now = Math.min(...shards.map(({ period }) => period.now));
  return conclude({
    parts: parts.map(({ part }) => part),
    known: parts.flatMap(({ known }) => known ?? []),
    failure,
    doubts: [...new Set(shards.flatMap(({ doubts }) => doubts))],
    warnings: together(shards.flatMap(({ warnings }) => warnings)),
    limits: [...new Set(shards.flatMap(({ limits }) => limits))],
    period: { ...first.period, now },
    taken: null,
  });
}

function requireAll(shards: readonly ShardResult[], { count, terms }: ShardResult): void {
  if (shards.some(shard => shard.count !== count || shard.terms !== terms))
    throw notProven('the results are not of the same archive, days, keys and number of shards');
  const indexes = shards.map(({ index }) => index);
  const missing = Array.from({ length: count }, (_, index) => index).filter(
    index => !indexes.includes(index),
  );
  if (missing.length > 0)
    throw notProven(`the results of these of ${count} shards are missing: ${missing.join(', ')}`);
  if (shards.length !== count) throw notProven('there is more than one result of a shard');
  const times = shards.map(({ period }) => period.now);
  if (Math.max(...times) - Math.min(...times) > LONGEST_RUN)
    throw notProven('the results are more than a day apart: some are left from an earlier verification');
  for (const { index, parts, known } of shards)
    if (parts.length !== known.length || parts.some(part => shardOf(part, count) !== index))
      throw notProven(`the result of shard ${index} has daemons that belong to another shard`);
}

function notProven(why: string): ShipperError {
  return new ShipperError('shards', `not proven: ${why}`);
}

/** Each text once. */
function together(warnings: readonly Warning[]): Warning[] {
  const byText = new Map<string, Warning>();
  for (const warning of warnings) {
    const { times = 0, ...first } = byText.get(warning.what) ?? { ...warning, times: 0 };
    byText.set(warning.what, { ...first, times: times + warning.times });
  }
  return [...byText.values()];
}

function compare(a: { instance: string; node: string }, b: { instance: string; node: string }): number {
  if (a.instance !== b.instance) return a.instance < b.instance ? -1 : 1;
  return a.node < b.node ? -1 : 1;
}
