/** A verification that several machines share: `--shard`, and `--merge` of what the shards left. */

import { hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { splitLines } from '../../archive/store/object-lines.js';
import type { OnlyDaemons } from '../../archive/store/walk.js';
import { nameOfKey } from '../../archive/verify/bookmark.js';
import { type Shard, type ShardResult, shardSchema } from '../../archive/verify/shard.js';
import type { VerifyOptions } from '../../archive/verify/verify.js';
import { codeOf, ShipperError } from '../../lib/errors.js';
import { parseJson } from '../../lib/json.js';
import { UsageError } from './usage.js';
import { writeWhole } from './write-whole.js';

/** Shards of one verification. */
const MOST_SHARDS = 10_000;

/** `2/8`: the third of eight; `auto`: as Cloud Run numbers the tasks of a job. Throws a UsageError for anything else. */
export function readShard(text: string, environment: NodeJS.ProcessEnv): Shard {
  const { CLOUD_RUN_TASK_INDEX, CLOUD_RUN_TASK_COUNT } = environment;
  const given = text === 'auto' ? `${CLOUD_RUN_TASK_INDEX}/${CLOUD_RUN_TASK_COUNT}` : text;
  const [, index, count] = /^(\d{1,6})\/([1-9]\d{0,5})$/.exec(given) ?? [];
  if (Number(index) < Number(count) && Number(count) <= MOST_SHARDS)
    return { index: Number(index), count: Number(count) };
  throw new UsageError(
    text === 'auto'
      ? '--shard auto needs CLOUD_RUN_TASK_INDEX and CLOUD_RUN_TASK_COUNT, which Cloud Run sets'
      : '--shard is given as 0/8 to 7/8',
  );
}

/** What all shards of one verification have in common. */
export function termsOf(
  where: string,
  only: OnlyDaemons,
  { days, keys = [], authorities = [], seals, witness }: VerifyOptions,
  { against = [], grace }: { readonly against?: readonly string[]; readonly grace?: string },
): string {
  const whose = authorities.map(({ fingerprint256 }) => fingerprint256);
  const known = [seals?.digest, witness?.digest];
  const terms = [where, only, days, keys.map(nameOfKey), whose, ...known, against, grace];
  return hash('sha256', JSON.stringify(terms), 'hex');
}

/** The file of a shard in the folder of results. */
function fileOf(folder: string, { index, count }: Shard): string {
  return join(folder, `${index}-of-${count}.json`);
}

/** To be called before the verification: a result of an earlier one must not be taken for this one's. */
export async function removeResult(folder: string, shard: Shard): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await rm(fileOf(folder, shard), { force: true });
  } catch (error) {
    throw new ShipperError(codeOf(error), `${folder} cannot be written (${codeOf(error)})`, error);
  }
}

export async function writeResult(folder: string, shard: Shard, json: string): Promise<void> {
  await writeWhole(fileOf(folder, shard), json);
}

const resultSchema = z.object({ archive: z.string(), shard: shardSchema });

/**
 * Reads results of `verify --shard`: one or more lines in each file, or in each JSON file of a folder. Throws a
 * ShipperError if one is not.
 */
export async function readResults(
  paths: readonly string[],
): Promise<{ archive: string; shards: ShardResult[] }> {
  const results: z.infer<typeof resultSchema>[] = [];
  for (const path of (await Promise.all(paths.map(filesIn))).flat())
    for await (const line of linesIn(path)) {
      const parsed = resultSchema.safeParse(parseJson(line));
      if (!parsed.success)
        throw new ShipperError('shards', `not proven: ${path} is not a result of verify --shard --json`);
      results.push(parsed.data);
    }
  return { archive: results[0]?.archive ?? '', shards: results.map(({ shard }) => shard) };
}

async function filesIn(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    return (await readdir(path)).filter(name => name.endsWith('.json')).map(name => join(path, name));
  } catch (error) {
    throw new ShipperError(codeOf(error), `not proven: ${path} cannot be read (${codeOf(error)})`, error);
  }
}

async function* linesIn(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const line of splitLines(createReadStream(path))) if (line.length > 0) yield line;
  } catch (error) {
    throw new ShipperError(codeOf(error), `not proven: ${path} cannot be read (${codeOf(error)})`, error);
  }
}
