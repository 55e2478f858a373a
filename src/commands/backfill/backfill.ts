/** `backfill`: old log files through the same pipeline and into the same chain, each file's content once. */

import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { SingleBar } from 'cli-progress';
import type { Config, SourceConfig } from '../../config/schema.js';
import type { Metrics } from '../../daemon/metrics.js';
import type { Stages } from '../../daemon/pipeline.js';
import { run } from '../../daemon/run.js';
import { codeOf, ShipperError } from '../../lib/errors.js';
import { discover } from '../../read/files/discover.js';

/** A file to read: the given one, or the one unpacked from it. */
interface Unpacked {
  readonly path: string;
  readonly size: number;
}

/**
 * Also reads what `source.files` names, as `run --once` does: old and new files belong to one log. Returns the exit
 * code.
 *
 * @param files csvlog, also compressed as `.gz`; it is unpacked in the state folder, which needs the room
 * @param from the instance that wrote these files, if there are several
 */
export async function backfill(
  config: Config,
  files: readonly string[],
  from: string | null = null,
): Promise<number> {
  if (from === null && config.sources.length > 1)
    return refuse(config, '--source INSTANCE must say which server wrote them');
  if (from !== null && !config.sources.some(({ instance }) => instance === from))
    return refuse(config, `--source ${from} is not a configured source`);
  const folder = join(resolve(config.state.directory), 'backfill');
  const bar = new SingleBar({ format: '{bar} {percentage}% of {total} bytes', clearOnComplete: true });
  const report = new Report(bar);
  // Without the lock of the state folder, what is unpacked there is another process's.
  let isLocked = false;
  try {
    return await run(config, {
      once: true,
      logTo: 'stderr',
      findSources: async () => {
        isLocked = true;
        const unpacked = await unpackAll(files, folder);
        report.files = unpacked;
        const old = unpacked.map(({ path }) => path);
        return await Promise.all(
          config.sources.map(one => withOld(one, one.instance === (from ?? one.instance) ? old : [])),
        );
      },
      onAssembled: (stages, metrics) => report.begin(stages, metrics),
    });
  } finally {
    await report.end();
    if (isLocked) await rm(folder, { recursive: true, force: true });
  }
}

const BAD_USAGE = 2;

function refuse({ sources }: Config, fault: string): number {
  process.stderr.write(`${fault}: ${sources.map(({ instance }) => instance).join(', ')}\n`);
  return BAD_USAGE;
}

/** Shows the progress on a terminal, and prints the result. */
class Report {
  files: readonly Unpacked[] = [];
  readonly #bar: SingleBar;
  #stages: Stages | null = null;
  #metrics: Metrics | null = null;
  #readBefore = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(bar: SingleBar) {
    this.#bar = bar;
  }

  begin(stages: Stages, metrics: Metrics): void {
    this.#stages = stages;
    this.#metrics = metrics;
    this.#readBefore = this.#read();
    if (!process.stderr.isTTY) return;
    this.#bar.start(
      this.files.reduce((sum, { size }) => sum + size, 0),
      0,
    );
    this.#timer = setInterval(() => this.#bar.update(this.#read()), 200);
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    this.#bar.stop();
    if (this.#stages === null || this.#metrics === null) return;
    const { values } = await this.#metrics.records.get();
    const outcomes = values.map(({ labels, value }) => `${labels.outcome} ${labels.reason} ${value}`);
    const read = this.#read();
    process.stdout.write(
      `${this.files.length} files, ${read} bytes of them read, ${this.#readBefore} of these earlier\n`,
    );
    for (const outcome of outcomes.sort()) process.stdout.write(`  ${outcome}\n`);
  }

  /** How many bytes of the given files were read. */
  #read(): number {
    const paths = new Set(this.files.map(({ path }) => path));
    const positions = this.#stages?.sources.flatMap(source => source.positions) ?? [];
    return positions.filter(({ path }) => paths.has(path)).reduce((sum, { offset }) => sum + offset, 0);
  }
}

/** Old files may be read on a machine that does not have the server's log: patterns that match nothing are left out. */
async function withOld(source: SourceConfig, old: readonly string[]): Promise<SourceConfig> {
  const { files, unmatched } = await discover(source.files);
  const live = new Set(files.map(({ path }) => path));
  const patterns = source.files.filter(pattern => !unmatched.includes(pattern));
  const backfilled = old.filter(path => !live.has(path));
  return { ...source, files: [...patterns, ...old.map(escapeGlob)], backfilled };
}

async function unpackAll(files: readonly string[], folder: string): Promise<Unpacked[]> {
  const unpacked: Unpacked[] = [];
  for (const [index, file] of files.entries()) {
    const path = resolve(file);
    try {
      const source = path.endsWith('.gz') ? await unpack(path, folder, index) : path;
      unpacked.push({ path: source, size: (await stat(source)).size });
    } catch (error) {
      throw new ShipperError(codeOf(error), `${file} cannot be read (${codeOf(error)})`, error);
    }
  }
  return unpacked;
}

async function unpack(path: string, folder: string, index: number): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const target = join(folder, `${index}-${basename(path, '.gz')}`);
  await pipeline(createReadStream(path), createGunzip(), createWriteStream(target, { mode: 0o600 }));
  return target;
}

/** A glob that matches this path only. */
function escapeGlob(path: string): string {
  return path.replaceAll(/[*?[{(]/g, '[$&]');
}
