/** Builds the stages that a configuration asks for. */

import { join, resolve } from 'node:path';
import { cloudStore } from './archive/cloud-storage.js';
import { localStore } from './archive/local.js';
import { takeUpChain } from './archive/take-up.js';
import type { Clock } from './clock.js';
import { ConfigError } from './config/load.js';
import type { Config } from './config/schema.js';
import { cloudLogging } from './deliver/cloud-logging.js';
import { cloudStorage } from './deliver/cloud-storage.js';
import { deliverEntries, deliverSegments, type SinkName } from './deliver/deliver.js';
import type { EntryDestination, ObjectDestination } from './deliver/destination.js';
import { localEntries, localObjects } from './deliver/local.js';
import type { Disk } from './disk.js';
import { lifecycleDraft } from './draft.js';
import { ShipperError } from './errors.js';
import type { ChainEnd, LifecycleContent, NewChainReason } from './event.js';
import { createFilter } from './filter/filter.js';
import { Directory } from './identity/directory.js';
import { patternResolver } from './identity/pattern.js';
import { identify, type Resolver } from './identity/resolver.js';
import { Journal } from './journal/journal.js';
import { Reader } from './journal/reader.js';
import type { ArchivePlace } from './object-name.js';
import { Memory } from './parse/memory.js';
import { timeReader } from './parse/time.js';
import type { Stages } from './pipeline.js';
import { Tail } from './tail/tail.js';
import type { WatchGlobs } from './tail/watch.js';
import type { Telemetry } from './telemetry.js';
import { VERSION } from './version.js';

/** Milliseconds between two seals where nothing happens: silence is proved by the hour. */
const MOST_QUIET = 60 * 60 * 1000;

export const SINKS: readonly SinkName[] = ['logging', 'archive'];

export interface Surroundings {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly watch: WatchGlobs | null;
  readonly telemetry: Telemetry;
  /** Ends the wait for the archive, and then reading. */
  readonly stop: AbortSignal;
  /** Ends what goes on in the background. */
  readonly abort: AbortSignal;
}

/** Throws a ConfigError where a file that the configuration names cannot be used, a StateError where the state is damaged. */
export async function assemble(config: Config, once: boolean, surroundings: Surroundings): Promise<Stages> {
  const { clock, telemetry, watch } = surroundings;
  const { instance, source, filter } = config;
  const resolvers = await createResolvers(config, surroundings);
  const journal = await openJournal(config, surroundings);
  const { files: positions, memory: saved } = journal.resume;
  const place = { instance, node: journal.node };
  if (journal.node !== config.node) telemetry.nodeKept(journal.node, config.node);
  const times = timeReader(source.timezone);
  const { files: patterns, maxRecordSize } = source;
  const started = { action: 'started', version: VERSION, ...originOf(journal) } as const;
  const stopped = { action: 'stopped', version: VERSION } as const;
  return {
    once,
    tail: new Tail({ patterns, maxRecordSize, once, positions, times, clock, watch }, telemetry),
    times,
    memory: new Memory(times, saved, journal.origin === 'taken-up' ? clock.now() : 0),
    filter: createFilter({ ...filter, classes: new Set(filter.classes) }),
    identify: (user, time) => identify(user, time, resolvers),
    journal,
    sinks: await createSinks(config, journal, surroundings),
    lifecycle: {
      started: () => lifecycleDraft(started, clock.now(), place),
      stopped: () => lifecycleDraft(stopped, clock.now(), place),
    },
    place,
    now: clock.now,
    telemetry,
  };
}

async function createResolvers(
  { identity }: Config,
  { clock, telemetry, abort }: Surroundings,
): Promise<Resolver[]> {
  const faults: string[] = [];
  const resolvers: Resolver[] = [];
  for (const [index, one] of identity.entries()) {
    if ('pattern' in one) {
      resolvers.push(patternResolver(one.pattern));
      continue;
    }
    try {
      const directory = await Directory.load(resolve(one.directory), telemetry);
      void directory.follow(clock, abort);
      resolvers.push(directory);
    } catch (error) {
      if (!(error instanceof ShipperError)) throw error;
      faults.push(`identity[${index}].directory: ${error.message}`);
    }
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return resolvers;
}

function originOf({ origin }: Journal): Partial<LifecycleContent['lifecycle']> {
  if (origin === null) return {};
  return origin === 'taken-up' ? { takenUpFromArchive: true } : { newChain: true, reason: origin };
}

function openJournal(config: Config, surroundings: Surroundings): Promise<Journal> {
  const { instance, node, state, archive } = config;
  const { clock, disk, telemetry } = surroundings;
  const options = {
    directory: resolve(state.directory),
    cursors: SINKS.map(sink => cursorPath(config, sink)),
    instance,
    node,
    maxSize: archive.segment.maxSize,
    maxAge: archive.segment.maxAge,
    maxQuiet: MOST_QUIET,
    maxJournalSize: state.maxSize,
    findChain: () => findChain(config, surroundings),
    disk,
    clock,
  };
  return Journal.open(options, telemetry);
}

async function findChain(
  config: Config,
  { clock, telemetry: report, stop }: Surroundings,
): Promise<ChainEnd | NewChainReason> {
  const { to, endpoint } = config.archive;
  const store =
    to.kind === 'file'
      ? localStore(resolve(to.folder))
      : cloudStore({ ...to, endpoint, deadline: Math.max(1000, config.state.takeUpTimeout) });
  const patience = config.state.takeUpTimeout;
  try {
    return await takeUpChain(store, archivePlace(config, config.node), { clock, patience, report }, stop);
  } finally {
    store.close();
  }
}

function archivePlace({ instance, archive: { to } }: Config, node: string): ArchivePlace {
  return { prefix: to.kind === 'cloud-storage' ? to.prefix : '', instance, node };
}

async function createSinks(
  config: Config,
  journal: Journal,
  surroundings: Surroundings,
): Promise<Stages['sinks']> {
  const { disk, clock, telemetry: report } = surroundings;
  const openReader = (sink: SinkName): Promise<Reader> =>
    Reader.open(journal, disk, cursorPath(config, sink), clock);
  const [lines, segments] = [await openReader('logging'), await openReader('archive')];
  const entries = entryDestination(config, disk);
  const objects = objectDestination(config, disk);
  const place = archivePlace(config, journal.node);
  return {
    logging: {
      reader: lines,
      run: abort =>
        deliverEntries(lines, entries, config.logging.payload, { clock, report }, abort).finally(
          entries.close,
        ),
    },
    archive: {
      reader: segments,
      run: abort =>
        deliverSegments(segments, objects, place, { clock, report }, abort).finally(objects.close),
    },
  };
}

function cursorPath({ state }: Config, sink: SinkName): string {
  return join(resolve(state.directory), `cursor-${sink}.json`);
}

function entryDestination({ logging }: Config, disk: Disk): EntryDestination {
  const { to, resource, endpoint } = logging;
  if (to.kind === 'file') return localEntries(resolve(to.folder), disk);
  return cloudLogging({ logName: to.logName, resource, endpoint });
}

function objectDestination({ archive }: Config, disk: Disk): ObjectDestination {
  const { to, endpoint } = archive;
  if (to.kind === 'file') return localObjects(resolve(to.folder), disk);
  return cloudStorage({ bucket: to.bucket, endpoint });
}
