import { join, resolve } from 'node:path';
import type { Config } from '../../config/schema.js';
import { checksumOf } from '../../deliver/archive/object.js';
import { Stamping, type StoredSeal, type StoreStamp, stampsSchema } from '../../deliver/archive/stamps.js';
import type { SinkName } from '../../deliver/deliver.js';
import { attemptsOf, deliverEntries, deliverSeals, deliverSegments } from '../../deliver/deliver.js';
import type { EntryDestination, ObjectDestination } from '../../deliver/destination.js';
import { localEntries, localObjects } from '../../deliver/folders.js';
import { Connection } from '../../deliver/siem/connection.js';
import { deliverMessages } from '../../deliver/siem/deliver.js';
import { messageOf } from '../../deliver/siem/message.js';
import type { Journal } from '../../journal/journal.js';
import { Reader } from '../../journal/reader.js';
import { CacheFile } from '../../lib/cache-file.js';
import type { Disk } from '../../lib/disk.js';
import { STAMP_SUFFIX, witnessName } from '../../lib/object-name.js';
import { VERSION } from '../../lib/version.js';
import type { Stages } from '../pipeline.js';
import { authorityOf } from './authority.js';
import { archivePlace, cursorPath, placeIn } from './journal.js';
import type { Surroundings } from './surroundings.js';

/** Throws a StateError if a cursor is damaged. */
export async function createSinks(
  config: Config,
  journal: Journal,
  surroundings: Surroundings,
): Promise<Stages['sinks']> {
  const { disk, clock, telemetry: report } = surroundings;
  const openReader = (sink: SinkName): Promise<Reader> =>
    Reader.open(journal, disk, cursorPath(config, sink), clock);
  const [lines, segments] = [await openReader('logging'), await openReader('archive')];
  const [entries, objects] = await Promise.all([
    entryDestination(config, disk),
    objectDestination(config.archive, disk),
  ]);
  const witnessed = await witnessDestination(config, disk);
  const witness = await createWitness(config, journal, witnessed, openReader, surroundings);
  const { payload } = config.logging;
  const place = archivePlace(config, journal.node);
  const stores = [stampStore(objects, ({ name }) => name)];
  if (witnessed !== null && config.archive.witness !== undefined) {
    const at = placeIn(config.archive.witness, config.instance, journal.node);
    stores.push(stampStore(witnessed, ({ seq }) => witnessName(at, { chain: journal.chain, seq })));
  }
  const stamping = await openStamping(config, stores, surroundings);
  return {
    logging: {
      reader: lines,
      run: abort => deliverEntries(lines, entries, payload, { clock, report }, abort).finally(entries.close),
    },
    archive: {
      reader: segments,
      run: async abort => {
        const stamped = stamping?.run(abort);
        const onStored = (seal: StoredSeal): void => stamping?.stored(seal);
        try {
          await deliverSegments(segments, objects, place, { clock, report }, abort, onStored);
        } finally {
          stamping?.end();
          await stamped;
          await objects.close();
        }
      },
    },
    witness,
    siem: await createSiem(config, journal, openReader, surroundings),
  };
}

async function createSiem(
  { siem }: Config,
  journal: Journal,
  openReader: (sink: SinkName) => Promise<Reader>,
  surroundings: Surroundings,
): Promise<Stages['sinks']['siem']> {
  if (siem === null) return null;
  const { clock, telemetry: report } = surroundings;
  const reader = await openReader('siem');
  const { framing, statements } = siem;
  const kinds = new Set<string>(siem.kinds);
  const options = { version: VERSION, statements, framing, kinds, node: journal.node };
  return {
    reader,
    run: abort =>
      deliverMessages(
        reader,
        {
          connect: signal => Connection.open(siem, signal),
          messageOf: line => messageOf(line, options),
          clock,
          attempts: attemptsOf('siem', { clock, report }, abort),
          delivered: events => report.delivered('siem', events),
        },
        abort,
      ),
  };
}

async function createWitness(
  { archive: { witness }, instance }: Config,
  journal: Journal,
  objects: ObjectDestination | null,
  openReader: (sink: SinkName) => Promise<Reader>,
  { clock, telemetry: report }: Surroundings,
): Promise<Stages['sinks']['witness']> {
  if (witness === undefined || objects === null) return null;
  const reader = await openReader('witness');
  const place = placeIn(witness, instance, journal.node);
  return {
    reader,
    run: abort => deliverSeals(reader, objects, place, { clock, report }, abort).finally(objects.close),
  };
}

/** Where a seal's stamp belongs. */
function stampStore(objects: ObjectDestination, nameOf: (seal: StoredSeal) => string): StoreStamp {
  return (seal, body, signal) =>
    objects.put(
      {
        ...{ name: nameOf(seal) + STAMP_SUFFIX, body, crc32c: checksumOf(body) },
        ...{ contentType: 'application/timestamp-reply', metadata: {} },
      },
      signal,
    );
}

async function witnessDestination(
  { archive: { witness, endpoint } }: Config,
  disk: Disk,
): Promise<ObjectDestination | null> {
  return witness === undefined ? null : await objectDestination({ to: witness, endpoint }, disk);
}

/** Throws a ConfigError if the authority's certificates cannot be read. */
async function openStamping(
  { archive: { timestamp }, state }: Config,
  store: readonly StoreStamp[],
  { clock, disk, telemetry: report }: Surroundings,
): Promise<Stamping | null> {
  const authority = await authorityOf(timestamp);
  if (authority === null) return null;
  const { requestStamp } = await import('../../lib/timestamp/request.js');
  const path = join(resolve(state.directory), 'stamps.json');
  return await Stamping.open({
    every: timestamp.every,
    request: async (sha256, signal) => (await requestStamp(sha256, authority, signal)).response,
    store,
    file: new CacheFile({ path, schema: stampsSchema, clock, disk, report }),
    clock,
    report,
  });
}

/** Google's libraries take more time and memory to load than everything else: they are loaded only if used. */
async function entryDestination({ logging }: Config, disk: Disk): Promise<EntryDestination> {
  const { to, resource, endpoint } = logging;
  if (to.kind === 'file') return localEntries(resolve(to.folder), disk);
  const { cloudLogging } = await import('../../deliver/logging/cloud-logging.js');
  return cloudLogging({ logName: to.logName, resource, endpoint });
}

async function objectDestination(
  { to, endpoint }: Pick<Config['archive'], 'to' | 'endpoint'>,
  disk: Disk,
): Promise<ObjectDestination> {
  if (to.kind === 'file') return localObjects(resolve(to.folder), disk);
  const { cloudStorage } = await import('../../deliver/archive/cloud-storage.js');
  return cloudStorage({ bucket: to.bucket, endpoint });
}
