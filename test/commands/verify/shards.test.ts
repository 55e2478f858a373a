/** A verification that several processes share gives the verdict of one that reads all. */

import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { shardOf } from '../../../src/archive/verify/shard.js';
import type { NewEvent } from '../../../src/event/event.js';
import { day, days } from '../../support/covered.js';
import { type SealedChain, writeSealed } from '../../support/sealed.js';
import { runCommand } from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';

const SHARDS = 4;
const PERIOD = ['--since', '2025-11-01', '--until', '2025-11-05'];
const ALL = days();

/** Of all tests of this file. */
let made = '';
let archive = '';

/** One daemon's days. */
async function daemon(
  chain: Partial<SealedChain> & { instance: string; node: string },
  dates = ALL,
  last: readonly NewEvent[] = [],
) {
  const segments = dates.map((date, index) => day(date, index === dates.length - 1 ? last : []));
  return await writeSealed(archive, segments, { chain: '20251101T000000Z-0001', ...chain });
}

function retired(instance: string, node: string): NewEvent {
  const lifecycle = { action: 'stopped', version: '1.0.0', retired: true } as const;
  return { kind: 'lifecycle', time: '2025-11-02T23:59:59.000Z', instance, node, lifecycle };
}

beforeAll(async () => {
  made = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-test-'));
  archive = join(made, 'archive');
  for (const instance of ['a', 'b', 'c', 'd', 'e']) await daemon({ instance, node: 'pg-0' });
  // One node took over from another, in another shard.
  const [old, next] = ['pg-0', 'pg-1'];
  expect(shardOf({ instance: 'moved', node: old }, SHARDS)).not.toBe(
    shardOf({ instance: 'moved', node: next }, SHARDS),
  );
  await daemon({ instance: 'moved', node: old }, ALL.slice(0, 2), [retired('moved', old)]);
  await daemon({ instance: 'moved', node: next, chain: '20251102T000000Z-0002' }, ALL.slice(1));
});

afterAll(() => rm(made, { recursive: true, force: true }));

interface Run {
  readonly results: string;
  readonly codes: readonly (number | null)[];
}

async function runShards(options: readonly string[] = PERIOD): Promise<Run> {
  const results = join(await mkdtemp(join(made, 'run-')), 'results');
  const codes: (number | null)[] = [];
  for (let index = 0; index < SHARDS; index++) {
    const shard = ['--shard', `${index}/${SHARDS}`, '--out', results];
    codes.push((await runCommand(['verify', archive, ...shard, ...options])).code);
  }
  return { results, codes };
}

async function filesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort().map(name => join(folder, name));
}

const merge = async (files: readonly string[]) => await runCommand(['verify', '--json', '--merge', ...files]);

describe('the results of all shards', () => {
  test('give the same as one run, also for a server whose nodes are in different shards', async () => {
    const whole = await runCommand(['verify', archive, '--json', ...PERIOD]);
    expect(whole.code).toBe(0);
    const { results } = await runShards();
    const merged = await merge(await filesIn(results));
    expect(merged.code).toBe(0);
    const [one, all] = [JSON.parse(whole.output), JSON.parse(merged.output)];
    expect({ ...all, limits: all.limits.toSorted() }).toEqual({ ...one, limits: one.limits.toSorted() });
    expect(all.parts).toHaveLength(7);
    const text = await runCommand(['verify', '--merge', ...(await filesIn(results))]);
    expect(text.output).toMatch(/^whole +\//m);
  });

  test('may be lines of one file, as logs of jobs are', async () => {
    const { results } = await runShards();
    const lines = await Promise.all((await filesIn(results)).map(file => readFile(file, 'utf8')));
    const file = join(results, 'all');
    await writeFile(file, lines.join(''));
    expect((await merge([file])).code).toBe(0);
  });

  test('only their owner can read them', async () => {
    const { results } = await runShards();
    for (const file of await filesIn(results)) expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('of a broken archive are broken', async () => {
    const { names } = await daemon({ instance: 'broken', node: 'pg-0' });
    try {
      await rm(join(archive, names[2] ?? ''));
      const { results, codes } = await runShards();
      expect(codes.filter(code => code === 1)).toHaveLength(1);
      const { code, output } = await merge(await filesIn(results));
      expect(code).toBe(1);
      expect(JSON.parse(output)).toMatchObject({ verdict: 'broken', failure: { code: 'missing' } });
    } finally {
      await rm(join(archive, 'instance=broken'), { recursive: true });
    }
  });
});

describe('nothing is proven', () => {
  let files: string[] = [];
  beforeAll(async () => {
    files = await filesIn((await runShards()).results);
  });

  /** The file with its text changed, and the others. */
  async function changed(change: (text: string) => string): Promise<string[]> {
    const file = join(await temporaryFolder(), 'changed.json');
    await writeFile(file, change(await readFile(files[0] ?? '', 'utf8')));
    return [file, ...files.slice(1)];
  }

  test.each<[string, () => Promise<readonly string[]>, string]>([
    ['if a shard is missing', async () => files.slice(1), 'missing: 0'],
    ['if a shard is there twice', async () => [...files, files[1] ?? ''], 'more than one result'],
    ['if there are no results', async () => [join(await temporaryFolder(), 'none')], 'cannot be read'],
    [
      'if one is of other days',
      async () => {
        const other = await runShards(['--since', '2025-11-02', '--until', '2025-11-05']);
        return [...(await filesIn(other.results)).slice(0, 1), ...files.slice(1)];
      },
      'not of the same archive',
    ],
    ['if one is cut', () => changed(text => text.slice(0, -20)), 'not a result'],
    [
      'if one is of last week',
      () => changed(text => text.replace(/"now":\d+/, `"now":${Date.now() - 7 * 864e5}`)),
      'a day apart',
    ],
    [
      'if one has the daemons of another',
      () => changed(text => text.replaceAll('"node":"pg-0"', '"node":"pg-9"')),
      'belong to another shard',
    ],
  ])('%s', async (_what, given, why) => {
    const { code, output } = await merge(await given());
    expect(code).toBe(1);
    expect(JSON.parse(output)).toMatchObject({ isIntact: false, error: expect.stringContaining(why) });
  });
});

test.each([['4/4'], ['1'], ['-1/4'], ['0/0'], ['auto']])('--shard %s is refused', async shard => {
  const { code, output } = await runCommand(['verify', archive, '--json', '--shard', shard]);
  expect(code).toBe(2);
  expect(output).toContain('--shard');
});

test.each([
  ['--public-key', 'no-such-key.pem'],
  ['--seals', 'no-such-export.json'],
  ['--since', '2025-11-01'],
  ['--instance', 'a'],
  ['--bookmark', 'mark.json'],
  ['--shard', '0/1'],
])('--merge does not seem to check with %s', async (option, value) => {
  const { code, output } = await runCommand(['verify', '--json', option, value, '--merge', archive]);
  expect(code).toBe(2);
  expect(JSON.parse(output).error).toContain(option);
});

test('Cloud Run numbers its tasks', async () => {
  const environment = { CLOUD_RUN_TASK_INDEX: '1', CLOUD_RUN_TASK_COUNT: String(SHARDS) };
  const { output } = await runCommand(
    ['verify', archive, '--json', '--shard', 'auto', ...PERIOD],
    environment,
  );
  expect(JSON.parse(output).shard).toMatchObject({ index: 1, count: SHARDS });
});

test('a result of an earlier run does not stay if this one fails', async () => {
  const results = await temporaryFolder();
  await writeFile(join(results, '0-of-4.json'), 'old');
  const { code } = await runCommand([
    'verify',
    join(archive, 'instance=a', 'date=2025-11-01'),
    '--shard',
    '0/4',
    '--out',
    results,
  ]);
  expect(code).toBe(2);
  const ended = await runCommand([
    'verify',
    archive,
    '--since',
    '2999-01-01',
    '--shard',
    '0/4',
    '--out',
    results,
  ]);
  expect(ended.code).toBe(2);
  expect(await readdir(results)).toEqual([]);
});
