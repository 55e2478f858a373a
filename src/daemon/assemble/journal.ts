import { dirname, join, resolve } from 'node:path';
import { cloudStore } from '../../archive/store/bucket.js';
import { localStore } from '../../archive/store/folder.js';
import { findAhead } from '../../archive/store/newest.js';
import type { IsOwnSeal } from '../../archive/store/object-end.js';
import type { ArchiveStore } from '../../archive/store/store.js';
import { takeUpChain } from '../../archive/store/take-up.js';
import type { Config } from '../../config/schema.js';
import type { SinkName } from '../../deliver/deliver.js';
import type { NewChain } from '../../event/lifecycle.js';
import type { ChainEnd } from '../../event/seal.js';
import { Journal } from '../../journal/journal.js';
import type { JournalOptions } from '../../journal/options.js';
import { type Clock, hasPassed } from '../../lib/clock.js';
import { unlessAborted, within } from '../../lib/deadline.js';
import type { Disk } from '../../lib/disk.js';
import { codeOf, ShipperError, StateError } from '../../lib/errors.js';
import type { ArchivePlace } from '../../lib/object-name.js';
import { OLD_STATE_FIX } from '../fixes.js';
import { openSigning, type Signing } from './key-change.js';
import { openSigners, ownSealOf } from './signing.js';
import type { Surroundings } from './surroundings.js';

/** The configured ones. */
export function sinksOf({ archive, siem }: Config): SinkName[] {
  const optional = [
    ...(archive.witness === undefined ? [] : (['witness'] as const)),
    ...(siem === null ? [] : (['siem'] as const)),
  ];
  return ['logging', 'archive', ...optional];
}

/** Milliseconds between two seals if nothing happens: an hourly seal proves that nothing was logged. */
const MOST_QUIET = 60 * 60 * 1000;

/** Throws a StateError if the state is damaged or an old copy, a ConfigError if the signing key cannot be used. */
export async function openJournal(
  config: Config,
  surroundings: Surroundings,
  follower: NonNullable<JournalOptions['follower']> | null,
): Promise<{ readonly journal: Journal; readonly signing: Signing }> {
  const { instance, node, state, archive } = config;
  const { clock, disk, telemetry } = surroundings;
  const [signer, previous] = await openSigners(archive);
  const signing = await openSigning(resolve(state.directory), signer, previous, surroundings);
  const options = {
    directory: resolve(state.directory),
    cursors: sinksOf(config).map(sink => cursorPath(config, sink)),
    laterCursors: [cursorPath(config, 'witness'), cursorPath(config, 'siem')],
    instance,
    node,
    maxSize: archive.segment.maxSize,
    maxAge: archive.segment.maxAge,
    maxQuiet: MOST_QUIET,
    signer: signing.signer,
    maxJournalSize: state.maxSize,
    findChain: () => findChain(config, ownSealOf(signer, previous), surroundings),
    ...(follower !== null && { follower }),
    disk,
    clock,
  };
  const journal = await Journal.open(options, telemetry);
  if (journal.origin === null)
    await refuseOldState(config, journal, ownSealOf(signer, previous), surroundings);
  signing.opened(journal);
  return { journal, signing };
}

export function cursorPath({ state }: Config, sink: SinkName): string {
  return join(resolve(state.directory), `cursor-${sink}.json`);
}

export function archivePlace({ instance, archive: { to } }: Config, node: string): ArchivePlace {
  return placeIn(to, instance, node);
}

export function placeIn(to: Config['archive']['to'], instance: string, node: string): ArchivePlace {
  return { prefix: to.kind === 'cloud-storage' ? to.prefix : '', instance, node };
}

/** Milliseconds: the other sinks wait for it at each start. */
const LOOK_FOR_LATER = 10_000;

/**
 * An old copy of the state would write other events under numbers that the archive has: the chain would be forked, and
 * no proof would hold any more. An archive that cannot be read, or does not answer, keeps nobody from starting.
 * Throws the signal's reason when it aborts: what stops, too, would be written under such numbers.
 */
async function refuseOldState(
  config: Config,
  { chain, lastSeq, node }: Journal,
  isOwnSeal: IsOwnSeal | null,
  { clock, stop }: Surroundings,
): Promise<void> {
  const store = storeOf(config);
  try {
    const looking = findAhead(store, archivePlace(config, node), { chain, lastSeq }, isOwnSeal);
    const patient = within(looking, LOOK_FOR_LATER, clock, () => null).catch(() => null);
    const ahead = await unlessAborted(patient, stop);
    if (ahead === null) return;
    const has = `the archive has chain ${chain} up to seq ${ahead}, and the state ends at ${lastSeq}`;
    throw new StateError(
      `${resolve(config.state.directory)} is an old copy: ${has}. To start, ${OLD_STATE_FIX}.`,
    );
  } finally {
    store.close();
  }
}

/** To be closed by the caller. A request to a bucket takes `state.takeUpTimeout` at most, and at least a second. */
export function storeOf({ archive: { to, endpoint }, state: { takeUpTimeout } }: Config): ArchiveStore {
  if (to.kind === 'file') return localStore(resolve(to.folder));
  return cloudStore({ ...to, endpoint, deadline: Math.max(1000, takeUpTimeout) });
}

async function findChain(
  config: Config,
  isOwnSeal: IsOwnSeal | null,
  { clock, disk, telemetry: report, stop }: Surroundings,
): Promise<ChainEnd | NewChain> {
  const { to } = config.archive;
  const patience = config.state.takeUpTimeout;
  const found = storeOf(config);
  const store = to.kind === 'file' ? durableStore(found, resolve(to.folder), disk, clock, patience) : found;
  try {
    const options = { clock, patience, isOwnSeal, report };
    return await takeUpChain(store, archivePlace(config, config.node), options, stop);
  } finally {
    store.close();
  }
}

/**
 * A killed process may have stored an object that is read here, without making its name durable. The chain continues
 * after that object, and a power cut would leave a gap (I1): so its folder is synced first. If that fails for
 * `patience` milliseconds, the object counts all the same.
 */
function durableStore(
  store: ArchiveStore,
  root: string,
  disk: Disk,
  clock: Clock,
  patience: number,
): ArchiveStore {
  const start = clock.now();
  return {
    ...store,
    async *open(name) {
      const folder = dirname(join(root, name));
      try {
        await disk.makeFolder(folder, root);
        await disk.syncFolder(folder);
      } catch (error) {
        const fault = `${folder} cannot be made durable (${codeOf(error)})`;
        if (!hasPassed(start, clock.now(), patience)) throw new ShipperError('unsynced', fault, error);
      }
      yield* store.open(name);
    },
  };
}
