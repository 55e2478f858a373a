/** `run`: the daemon. */

import { once as onceEmitted } from 'node:events';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { ConfigError } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { CacheFile } from '../lib/cache-file.js';
import { systemClock } from '../lib/clock.js';
import { Disk, diskRoom } from '../lib/disk.js';
import { codeOf, ShipperError } from '../lib/errors.js';
import { VERSION } from '../lib/version.js';
import { findOverlaps } from '../read/files/overlap.js';
import { createRelationParser } from '../relations/relations.js';
import { sinksOf } from './assemble/journal.js';
import { assemble } from './assemble/stages.js';
import { lookAt } from './assemble/status.js';
import { describeError } from './fixes.js';
import { limitGarbage, restWhenQuiet } from './garbage.js';
import { Health, PROBLEM_CODES, problemTimes } from './health.js';
import { type AnswerSources, type HttpServer, serve } from './http/server.js';
import { Status } from './http/status.js';
import { acquireLock } from './lock.js';
import { createLogger } from './logger.js';
import { createMetrics, type Metrics, nameServer } from './metrics.js';
import { runPipeline, type Stages } from './pipeline.js';
import { Telemetry } from './telemetry/telemetry.js';

export interface RunOptions {
  /** Reads what is there, delivers all of it, seals and ends. */
  readonly once: boolean;
  /** This is the last run: no log is expected after it. */
  readonly retire?: boolean;
  /** What to read in place of the configured sources; called when this process holds the lock of the state folder. */
  readonly findSources?: () => Promise<Config['sources']>;
  /** Called before reading begins. */
  readonly onAssembled?: (stages: Stages, metrics: Metrics) => void;
  readonly logTo?: 'stdout' | 'stderr';
}

/** Returns the exit code. Throws a ConfigError if a file that the configuration names cannot be used. */
export async function run(config: Config, options: RunOptions): Promise<number> {
  const { once, logTo = 'stdout' } = options;
  const health = new Health();
  const metrics = createMetrics();
  nameServer(metrics, config.instance, config.node);
  metrics.observers.push(async () => {
    metrics.ready.set(health.hindrances.length === 0 ? 1 : 0);
    const lasting = new Set(health.problems.map(({ code }) => code));
    for (const code of PROBLEM_CODES) metrics.problem.set({ code }, lasting.has(code) ? 1 : 0);
  });
  const telemetry = new Telemetry(createLogger(config.log.level, logTo), metrics, health);
  // Whoever started a single run reads on standard error how it ended.
  const fail = (error: unknown): void => {
    if (once) process.stderr.write(`${describeError(error)}\n`);
    else telemetry.failed(error);
  };
  const { stop, abort } = shutdownSignals(config.shutdown.gracePeriod, telemetry, fail);
  const daemon = { config, options, health, metrics, telemetry, stop, abort };
  try {
    await live(daemon);
    const isFailed = ['source', 'rows', 'rows-look'].some(part => health.has(part)) || stop.aborted;
    return once && isFailed ? 1 : 0;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    // It was stopped while it waited for the archive; nothing had begun.
    if (stop.aborted && error === stop.reason) return once ? 1 : 0;
    fail(error);
    return 1;
  }
}

interface Daemon {
  readonly config: Config;
  readonly options: RunOptions;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly telemetry: Telemetry;
  readonly stop: AbortSignal;
  readonly abort: AbortSignal;
}

/** From taking the lock to releasing it. */
async function live(daemon: Daemon): Promise<void> {
  const { options, health, metrics, telemetry, stop, abort } = daemon;
  const { once, retire = false, findSources, onAssembled } = options;
  await refuseOverlap(daemon.config);
  const disk = new Disk();
  const directory = resolve(daemon.config.state.directory);
  const unlock = await lockState(directory, disk);
  const known = await recallProblems(directory, disk, daemon);
  const sources = (await findSources?.()) ?? daemon.config.sources;
  const config = { ...daemon.config, sources };
  const status = new Status({ instance: config.instance, node: config.node, version: VERSION });
  const http = once ? null : await listen(config, { health, metrics, status });
  if (http !== null) telemetry.listening(config.http.host, http.port);
  const watch = once ? null : (await import('../read/files/watch.js')).watchGlobs;
  const forReview = config.detect !== undefined;
  const parser = createRelationParser({ forReview, unparsable: reason => telemetry.unparsable(reason) });
  // Loads the parser in the meantime: a single run needs it soon.
  if (once) void parser.changes('SELECT 1');
  const surroundings = { clock: systemClock, disk, watch, telemetry, parser, stop, abort };
  const { stages, close } = await assemble(config, { once, retire }, surroundings);
  observe(stages, config, metrics, health);
  status.watch(() => lookAt({ config, stages, metrics, health, telemetry }));
  if (!once) setInterval(() => void status.refresh(), 60_000).unref();
  limitGarbage();
  if (!once) restWhenQuiet();
  onAssembled?.(stages, metrics);
  telemetry.started(VERSION, config.instance, stages.journal.origin ?? 'own state');
  await Promise.race([runPipeline(stages, stop, abort), onceEmitted(abort, 'abort')]);
  await Promise.all([close(), parser.close()]);
  const { journal, sinks } = stages;
  telemetry.stopped(journal.isClosed, {
    logging: sinks.logging.reader.lag.events,
    archive: sinks.archive.reader.lag.events,
    ...(sinks.witness && { witness: sinks.witness.reader.lag.events }),
    ...(sinks.siem && { siem: sinks.siem.reader.lag.events }),
  });
  await Promise.all([http?.close(), known.close()]);
  await unlock();
}

/** Since when each problem has lasted, across restarts. */
async function recallProblems(
  directory: string,
  disk: Disk,
  { health, telemetry }: Daemon,
): Promise<CacheFile<z.infer<typeof problemTimes>>> {
  const path = join(directory, 'problems.json');
  const file = new CacheFile({ path, schema: problemTimes, clock: systemClock, disk, report: telemetry });
  const saved = await file.read();
  health.recall(saved?.problems ?? [], () => file.schedule(() => ({ v: 1, problems: health.lasting })));
  return file;
}

/** Throws a ConfigError if the globs of two servers match the same file: each record would be shipped under both names. */
async function refuseOverlap({ sources }: Config): Promise<void> {
  if (sources.length < 2) return;
  const faults = await findOverlaps(sources);
  if (faults.length > 0)
    throw new ConfigError(
      faults.map(({ path, instances }) => `sources: ${path} is matched by ${instances.join(' and ')}`),
    );
}

async function listen({ http }: Config, sources: AnswerSources): Promise<HttpServer> {
  try {
    return await serve(http, sources);
  } catch (error) {
    const code = codeOf(error);
    throw new ShipperError(
      code,
      `nothing can listen on http.host ${http.host}, http.port ${http.port} (${code})`,
      error,
    );
  }
}

/** Also the terminal's end: it would end the process at once. */
const STOPPING = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * The whole shutdown policy: the first such signal stops reading and starts the grace period; when it ends, the
 * remaining work is aborted. A second signal ends the process at once. An uncaught error ends it, too: what was
 * journaled is safe, and the next start continues from there.
 */
function shutdownSignals(
  gracePeriod: number,
  telemetry: Telemetry,
  fail: (error: unknown) => void,
): { stop: AbortSignal; abort: AbortSignal } {
  const stop = new AbortController();
  const abort = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(1);
    telemetry.stopping(signal);
    stop.abort();
    setTimeout(() => abort.abort(), gracePeriod).unref();
  };
  for (const signal of STOPPING) process.on(signal, onSignal);
  const onError = (error: unknown): void => {
    fail(error);
    process.exit(1);
  };
  process.on('uncaughtException', onError);
  process.on('unhandledRejection', onError);
  return { stop: stop.signal, abort: abort.signal };
}

async function lockState(directory: string, disk: Disk): Promise<() => Promise<void>> {
  try {
    await disk.makeFolder(directory);
    return await acquireLock(join(directory, 'lock'));
  } catch (error) {
    if (error instanceof ShipperError) throw error;
    throw new ShipperError(
      codeOf(error),
      `state.directory ${directory} cannot be written (${codeOf(error)})`,
      error,
    );
  }
}

function observe(
  { sources, journal, sinks, clock }: Stages,
  config: Config,
  metrics: Metrics,
  health: Health,
): void {
  const { instance, state } = config;
  const secondsSince = (time: number | null): number =>
    time === null ? 0 : Math.max(0, clock.now() - time) / 1000;
  // Until the log was read to its end for the first time, the time that this takes counts.
  const beganAt = clock.now();
  // The chain may keep another node than the configured one. build_info waits for it: what it has named is missed for a day.
  nameServer(metrics, instance, journal.node);
  metrics.buildInfo.set({ version: VERSION }, 1);
  metrics.journalMaxSize.set(state.maxSize);
  metrics.observers.push(async () => {
    metrics.sourceLagBytes.set(sources.reduce((sum, { unread }) => sum + unread, 0));
    metrics.sourceLagSeconds.set(Math.max(0, ...sources.map(({ behindSince }) => secondsSince(behindSince))));
    for (const source of config.areNamed ? sources : []) {
      const label = { audit_instance: source.instance };
      metrics.instanceLagBytes.set(label, source.unread);
      metrics.instanceFailing.set(label, health.has(`source ${source.instance}`) ? 1 : 0);
    }
    for (const { instance: audited, name } of sources)
      metrics.coveredUntil.set({ audit_instance: audited }, (journal.untilOf(name) ?? beganAt) / 1000);
    metrics.journalSize.set(journal.size);
    metrics.journalAge.set(secondsSince(await journal.oldest()));
    metrics.lastSeal.set(journal.sealedAt / 1000);
    const { free, size } = await diskRoom(resolve(state.directory));
    metrics.diskFree.set(free);
    metrics.diskSize.set(size);
    for (const sink of sinksOf(config)) {
      const reader = sinks[sink]?.reader;
      if (reader === undefined) continue;
      const { events, bytes } = reader.lag;
      metrics.sinkLagEvents.set({ sink }, events);
      metrics.sinkLagBytes.set({ sink }, bytes);
      metrics.sinkLagSeconds.set({ sink }, secondsSince(await reader.oldest()));
    }
  });
}
